"""Pods and their disruption budgets, as Kubernetes' API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.budgets import (
    allowed_evictions,
    desired_healthy,
    healthy_pods,
    is_ready,
    replica_set,
)
from arm_emulator.aks.kubectl.instants import instant_words
from arm_emulator.seeded import guid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.workloads import Pod, Workload
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World


def pod_objects(world: World, cluster: ManagedCluster) -> Iterator[JsonObject]:
    """The pods of all workloads."""
    for workload in cluster.workloads:
        for pod in workload.pods:
            yield _pod(workload, pod, world.now)


def budget_objects(world: World, cluster: ManagedCluster) -> Iterator[JsonObject]:
    """The disruption budgets of all workloads, with their status now."""
    for workload in cluster.workloads:
        budget = workload.budget
        if budget is None:
            continue
        field, text = (
            ("maxUnavailable", budget.max_unavailable)
            if budget.max_unavailable
            else ("minAvailable", budget.min_available or "0")
        )
        yield {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {
                "name": budget.name,
                "namespace": workload.namespace,
                "uid": guid(cluster.key, "budget", workload.namespace, budget.name),
                "generation": 1,
            },
            "spec": {
                field: text if text.endswith("%") else int(text),
                "selector": {"matchLabels": {"app": workload.name}},
            },
            "status": _status(workload, world.now),
        }


def _status(workload: Workload, now: datetime) -> JsonObject:
    return {
        "currentHealthy": healthy_pods(workload, now),
        "desiredHealthy": desired_healthy(workload),
        "disruptionsAllowed": allowed_evictions(workload, now),
        "expectedPods": workload.replicas,
        "observedGeneration": 1,
    }


def _pod(workload: Workload, pod: Pod, now: datetime) -> JsonObject:
    owner = replica_set(workload)
    metadata: JsonObject = {
        "name": pod.name,
        "namespace": workload.namespace,
        "uid": guid(owner, "pod", pod.name),
        "labels": {"app": workload.name, "pod-template-hash": owner.rpartition("-")[2]},
        "ownerReferences": [
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "name": owner,
                "uid": guid(owner),
                "controller": True,
                "blockOwnerDeletion": True,
            }
        ],
    }
    if pod.leaves_at is not None:
        metadata["deletionTimestamp"] = instant_words(pod.leaves_at)
    ready = is_ready(pod, now)
    spec: JsonObject = {
        "containers": [{"name": workload.name, "image": f"{workload.name}:1"}],
        "terminationGracePeriodSeconds": int(workload.grace_seconds),
    }
    if pod.node:
        spec["nodeName"] = pod.node
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": spec,
        "status": {
            "phase": "Running" if pod.node else "Pending",
            "conditions": [
                {"type": "PodScheduled", "status": str(bool(pod.node))},
                {"type": "Ready", "status": str(ready)},
            ],
        },
    }
