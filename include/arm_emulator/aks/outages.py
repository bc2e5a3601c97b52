"""Nodes that something from outside takes away and gives back: a crash, or their zone.

Pods of a node that is not ready start elsewhere. What is under way on a node stands still while its zone is down, and
goes on with the time that it had left.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.aks.course.evictions import lose_pods, settle_pods
from arm_emulator.aks.course.rolling import go_on
from arm_emulator.aks.course.steps import finish_drains
from arm_emulator.aks.course.telling import tell_available
from arm_emulator.aks.course.waiting import look_again

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World


def follow_zones(world: World, cluster: ManagedCluster) -> None:
    """Let nodes go with their zones, and come back with them."""
    for pool in cluster.pools.values():
        for node in list(pool.nodes.values()):
            is_down = world.is_zone_down(cluster.location, node.zone)
            if is_down and not node.in_outage:
                _stand_still(world, node)
                set_down(world, cluster, pool, node, is_down=node.is_down, in_outage=True)
            elif not is_down and (node.in_outage or node.time_left is not None):
                if node.time_left is not None:
                    look_again(world, cluster, node, world.now + node.time_left)
                set_down(world, cluster, pool, node, is_down=node.is_down, in_outage=False)


def set_down(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    node: Node,
    *,
    is_down: bool,
    in_outage: bool,
) -> None:
    """Take a node away, or give it back."""
    before = node.is_ready
    node.is_down, node.in_outage = is_down, in_outage
    if node.is_ready == before:
        return
    if not node.is_cordoned:
        tell_available(world, cluster, pool, node, available=node.is_ready, from_outside=True)
    if not node.is_ready:
        lose_pods(world, cluster, node)
    settle_pods(world, cluster)
    finish_drains(world, cluster)
    go_on(world, cluster, pool)


def _stand_still(world: World, node: Node) -> None:
    if node.step_ends is not None:
        node.time_left = max(timedelta(), node.step_ends - world.now)
        node.step_ends, node.ticket = None, 0
