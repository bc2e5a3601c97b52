"""Drains: a node takes no new pods, those on it are evicted, and either all of them go or the drain is given up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.aks.course.evictions import evict_more, pods_on
from arm_emulator.aks.course.room import settings_of
from arm_emulator.aks.course.telling import UPGRADE_STATUS, tell_available
from arm_emulator.aks.course.waiting import enter, leave, look_again
from arm_emulator.aks.node import NodeStep

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World

DEFAULT_TIMEOUT = 30
"""``drainTimeoutInMinutes`` where a pool says nothing (N32)."""


def begin_drain(
    world: World, cluster: ManagedCluster, pool: AgentPool, node: Node, *, to_delete: bool = False
) -> None:
    """Cordon a node and evict what runs on it; it takes ``timings.nodeDrain`` at least."""
    node.is_leaving = to_delete
    node.has_failed = False
    if not to_delete:
        node.labels.pop(UPGRADE_STATUS, None)
    cordon(world, cluster, pool, node)
    enter(world, cluster, pool, node, NodeStep.DRAINING)
    evict_more(world, cluster)


def cordon(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    """Let nothing be scheduled on a node any more."""
    if node.is_ready and not node.is_cordoned:
        tell_available(world, cluster, pool, node, available=False)
    node.is_cordoned = True


def uncordon(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    """Let a node that is ready take pods again, and be at nothing."""
    leave(node)
    node.is_leaving = node.is_cordoned = False
    is_ready = node.is_ready
    tell_available(world, cluster, pool, node, available=is_ready, from_outside=not is_ready)


def deadline_of(pool: AgentPool, node: Node) -> datetime:
    """When a drain that has not ended is given up."""
    minutes = int(settings_of(pool).get("drainTimeoutInMinutes") or DEFAULT_TIMEOUT)
    return (node.step_began or node.created_at) + timedelta(minutes=minutes)


def has_left_all(cluster: ManagedCluster, node: Node) -> bool:
    """Whether nothing that could be evicted is on the node any more."""
    return not node.undrainable and not pods_on(cluster, node)


def wait_for_pods(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    """Look at the drain again at its deadline; the last pod that leaves may end it before."""
    look_again(world, cluster, node, deadline_of(pool, node))


def is_waiting_for_pods(pool: AgentPool, node: Node) -> bool:
    """Whether only pods keep a drain from its end."""
    return node.step is NodeStep.DRAINING and node.step_ends == deadline_of(pool, node)


def why_blocked(cluster: ManagedCluster, pool: AgentPool, node: Node) -> str:
    """Why a node could not be drained, with pod and budget as AKS names them."""
    minutes = settings_of(pool).get("drainTimeoutInMinutes") or DEFAULT_TIMEOUT
    held = [(w, pod) for w, pod in pods_on(cluster, node) if w.budget is not None and pod.leaves_at is None]
    if held and not node.undrainable:
        workload, pod = held[0]
        budget = workload.budget.name if workload.budget is not None else ""
        return (
            f"Drain node {node.name} failed when evicting pod {pod.name} failed with Too Many Requests error. This is "
            "often caused by a restrictive Pod Disruption Budget (PDB) policy. See "
            "https://aka.ms/aks/debugdrainfailures. Original error: Cannot evict pod as it would violate the pod's "
            f"disruption budget.. PDB debug info: {workload.namespace}/{pod.name} blocked by pdb {budget} with "
            f"{sum(p.ready_at is not None for p in workload.pods)} unready pods. "
            f"It did not end within drainTimeoutInMinutes ({minutes})."
        )
    pods = [f"{w.namespace}/{pod.name}" for w, pod in pods_on(cluster, node)]
    return (
        f"Drain node {node.name} failed: {f'pod {pods[0]}' if pods else 'a pod on it'} was evicted but did not "
        f"terminate within drainTimeoutInMinutes ({minutes}). See https://aka.ms/aks/debugdrainfailures."
    )
