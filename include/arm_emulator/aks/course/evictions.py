"""Pods leave nodes that are drained, as their disruption budgets allow, and start on others."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.aks.budgets import evictable, node_for_pod
from arm_emulator.aks.node import NodeStep

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.aks.workloads import Pod, Workload
    from arm_emulator.world.world import World

PODS = "pods"
"""The member of a timeline entry that is about pods of the cluster."""


def settle_pods(world: World, cluster: ManagedCluster) -> None:
    """Let everything happen to pods that is due, and what then may: others are evicted, waiting ones start."""
    if not cluster.workloads:
        return
    now = world.now
    cluster.pod_wakes -= {instant for instant in cluster.pod_wakes if instant <= now}
    for workload in cluster.workloads:
        for pod in workload.pods:
            if pod.leaves_at is not None and pod.leaves_at <= now:
                pod.node, pod.leaves_at = "", None
            if pod.ready_at is not None and pod.ready_at <= now:
                pod.ready_at = None
    place_homeless(world, cluster)
    evict_more(world, cluster)


def place_homeless(world: World, cluster: ManagedCluster) -> None:
    """Start pods that have no node on one that takes them, where there is one."""
    for workload in cluster.workloads:
        for pod in workload.pods:
            if not pod.node and (name := node_for_pod(cluster, workload)):
                pod.node = name
                pod.ready_at = world.now + timedelta(seconds=workload.start_seconds)
                _wake(world, cluster, pod.ready_at)


def evict_more(world: World, cluster: ManagedCluster) -> None:
    """Evict every pod on a node under drain whose budget allows it now."""
    drained = _nodes_under_drain(cluster)
    if not drained:
        return
    for workload in cluster.workloads:
        _evict_of(world, cluster, workload, drained)


def _evict_of(world: World, cluster: ManagedCluster, workload: Workload, drained: set[str]) -> None:
    asked = (pod for pod in workload.pods if pod.node in drained)
    for pod in evictable(workload, asked, world.now):
        _evict(world, cluster, workload, pod)


def pods_on(cluster: ManagedCluster, node: Node) -> list[tuple[Workload, Pod]]:
    """The pods that a node still has."""
    return [(w, pod) for w in cluster.workloads for pod in w.pods if pod.node == node.name]


def await_pods(world: World, cluster: ManagedCluster) -> None:
    """Have the timeline come back to every pod that starts or leaves."""
    for workload in cluster.workloads:
        for pod in workload.pods:
            for instant in (pod.ready_at, pod.leaves_at):
                if instant is not None:
                    _wake(world, cluster, instant)


def lose_pods(world: World, cluster: ManagedCluster, node: Node) -> None:
    """The node is gone: what ran on it starts elsewhere."""
    for _workload, pod in pods_on(cluster, node):
        pod.node, pod.leaves_at, pod.ready_at = "", None, None
    place_homeless(world, cluster)


def _evict(world: World, cluster: ManagedCluster, workload: Workload, pod: Pod) -> None:
    pod.ready_at = None
    pod.leaves_at = world.now + timedelta(seconds=workload.grace_seconds)
    _wake(world, cluster, pod.leaves_at)


def _nodes_under_drain(cluster: ManagedCluster) -> set[str]:
    return {
        node.name
        for pool in cluster.pools.values()
        for node in pool.nodes.values()
        if node.step is NodeStep.DRAINING and not node.undrainable
    }


def _wake(world: World, cluster: ManagedCluster, instant: datetime) -> None:
    if instant not in cluster.pod_wakes:
        cluster.pod_wakes.add(instant)
        world.timeline.schedule(instant, resource=cluster.key, member=PODS)
