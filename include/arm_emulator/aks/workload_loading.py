"""From a world document to what runs on a cluster's nodes, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.aks.budgets import place_pods
from arm_emulator.aks.workloads import DisruptionBudget, Pod, Workload
from arm_emulator.instants import admin_instant, parse_instant

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.documents import BudgetDocument, WorkloadDocument
    from arm_emulator.aks.state_documents import PodDocument


def load_workload(cluster: ManagedCluster, document: WorkloadDocument) -> Workload:
    """Add a workload to a cluster that has its nodes already: its pods run, on the nodes in turn.

    :param document: ``pods`` says where they are instead, as :func:`pod_document` writes it.
    """
    workload = Workload(
        document.namespace,
        document.name,
        document.replicas,
        tuple(document.pools),
        None if document.disruptionBudget is None else _budget(document.name, document.disruptionBudget),
        document.graceSeconds,
        document.startSeconds,
    )
    if document.pods is None:
        place_pods(cluster, workload)
    else:
        workload.pods = [_pod(said) for said in document.pods]
    cluster.workloads.append(workload)
    return workload


def workload_document(workload: Workload) -> dict[str, Any]:
    """A workload with its pods where they are, as a document that can be loaded again."""
    budget = workload.budget
    limits = (
        {}
        if budget is None
        else {"minAvailable": budget.min_available, "maxUnavailable": budget.max_unavailable}
    )
    return {
        "name": workload.name,
        "namespace": workload.namespace,
        "replicas": workload.replicas,
        "pools": list(workload.pools),
        **({} if budget is None else {"disruptionBudget": {"name": budget.name, **_without_empty(limits)}}),
        "graceSeconds": workload.grace_seconds,
        "startSeconds": workload.start_seconds,
        "pods": [pod_document(pod) for pod in workload.pods],
    }


def pod_document(pod: Pod) -> dict[str, Any]:
    """A pod: its name and node, and until when it starts or leaves."""
    return {
        "name": pod.name,
        "node": pod.node,
        **_instant("readyAt", pod.ready_at),
        **_instant("leavesAt", pod.leaves_at),
    }


def _pod(said: PodDocument) -> Pod:
    return Pod(
        said.name,
        said.node,
        parse_instant(said.readyAt) if said.readyAt else None,
        parse_instant(said.leavesAt) if said.leavesAt else None,
    )


def _budget(workload: str, said: BudgetDocument) -> DisruptionBudget:
    least, most = said.minAvailable, said.maxUnavailable
    return DisruptionBudget(
        said.name or workload, "" if least is None else str(least), "" if most is None else str(most)
    )


def _without_empty(limits: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in limits.items() if text}


def _instant(key: str, instant: datetime | None) -> dict[str, str]:
    return {} if instant is None else {key: admin_instant(instant)}
