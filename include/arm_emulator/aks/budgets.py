"""Where pods run, and how many of them may be evicted: the arithmetic of Kubernetes' disruption budgets."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

from arm_emulator.aks.workloads import Pod
from arm_emulator.seeded import digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.aks.workloads import Workload


def place_pods(cluster: ManagedCluster, workload: Workload) -> None:
    """Give a workload all its replicas, in turn on the nodes of its pools; ready at once where there is a node."""
    names = [node.name for node in nodes_for(cluster, workload) if node.serves]
    owner = replica_set(workload)
    workload.pods = [
        Pod(f"{owner}-{digest(owner, number)[:5]}", names[number % len(names)] if names else "")
        for number in range(workload.replicas)
    ]


def nodes_for(cluster: ManagedCluster, workload: Workload) -> Iterable[Node]:
    """The nodes of a workload's pools, in order."""
    wanted = {name.lower() for name in workload.pools}
    for key, pool in cluster.pools.items():
        if not wanted or key in wanted:
            yield from sorted(pool.nodes.values(), key=lambda node: node.number)


def node_for_pod(cluster: ManagedCluster, workload: Workload) -> str:
    """Where a pod of the workload goes next: the node that serves and has the fewest of its pods; empty for none."""
    has = Counter(pod.node for pod in workload.pods)
    serving = [node.name for node in nodes_for(cluster, workload) if node.serves]
    return min(serving, key=lambda name: has[name], default="")


def is_ready(pod: Pod, now: datetime) -> bool:
    """Whether a pod runs, is ready, and is not on its way out."""
    return bool(pod.node) and pod.leaves_at is None and (pod.ready_at is None or pod.ready_at <= now)


def healthy_pods(workload: Workload, now: datetime) -> int:
    """``currentHealthy`` of a budget's status."""
    return sum(is_ready(pod, now) for pod in workload.pods)


def desired_healthy(workload: Workload) -> int:
    """``desiredHealthy`` of a budget's status: percentages count of the replicas, and fractions are rounded up, always.

    ``maxUnavailable: 30%`` of 5 replicas are 2 pods that may be missing, so 3 must be up.
    """
    budget = workload.budget
    if budget is None:
        return 0
    if budget.max_unavailable:
        return max(0, workload.replicas - scaled(budget.max_unavailable, workload.replicas))
    return scaled(budget.min_available, workload.replicas) if budget.min_available else 0


def allowed_evictions(workload: Workload, now: datetime) -> int:
    """``disruptionsAllowed`` of a budget's status; without a budget, as many as there are pods."""
    if workload.budget is None:
        return len(workload.pods)
    return max(0, healthy_pods(workload, now) - desired_healthy(workload))


def evictable(workload: Workload, asked: Iterable[Pod], now: datetime) -> list[Pod]:
    """Which of some pods the Eviction API lets go now, asked for one after the other.

    One that is not ready may go where the others keep the budget; one that is on its way out is not asked again.
    """
    allowed = allowed_evictions(workload, now)
    holds = healthy_pods(workload, now) >= desired_healthy(workload)
    staying = [pod for pod in asked if pod.leaves_at is None]
    ready = [pod for pod in staying if is_ready(pod, now)][:allowed]
    unready = [pod for pod in staying if holds and not is_ready(pod, now)]
    return [*unready, *ready]


def replica_set(workload: Workload) -> str:
    """The name of the ReplicaSet that owns the workload's pods."""
    return f"{workload.name}-{digest('replica set', workload.namespace, workload.name)[:10]}"


def scaled(text: str, total: int) -> int:
    """A number, or a percentage of a total, rounded up as Kubernetes does for budgets."""
    if text.endswith("%"):
        return math.ceil(int(text[:-1]) * total / 100)
    return int(text)
