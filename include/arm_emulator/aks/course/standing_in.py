"""Surge nodes that stay in the place of nodes that could not be drained."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.telling import UPGRADE_STATUS, tell_available

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World


def surplus_surge(pool: AgentPool, leaving: Sequence[Node]) -> list[Node]:
    """Surge nodes that stand in for nobody any more once these nodes are gone; those of a course are the course's."""
    if pool.course is not None:
        return []
    quarantined = [n for n in pool.regular_nodes if UPGRADE_STATUS in n.labels and n not in leaving]
    return pool.surge_nodes[len(quarantined) :]


def take_places(world: World, cluster: ManagedCluster, pool: AgentPool, leaving: Sequence[Node]) -> None:
    """Let surge nodes become nodes of the pool in the place of quarantined ones that are deleted by name (AKS)."""
    if pool.course is not None:
        return
    free = [node for node in pool.surge_nodes if node not in leaving]
    replaced = [node for node in leaving if UPGRADE_STATUS in node.labels]
    for node, _ in zip(free, replaced, strict=False):
        node.is_surge = False
        tell_available(world, cluster, pool, node, available=True)
