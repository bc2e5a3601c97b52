"""Which node of a pool is next, and when all are done.

As many nodes are in hand at once as surge nodes are ready and as may be missing besides; a node that comes back makes
room for the next one. Surge nodes go when there is nothing left to do, but for those that stay in the place of a node
that could not be drained.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.drains import begin_drain
from arm_emulator.aks.course.ending import needs, succeed
from arm_emulator.aks.course.new_nodes import create_node
from arm_emulator.aks.node import NodeStep

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool, UpgradeCourse
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World


def add_surge(world: World, cluster: ManagedCluster, pool: AgentPool, course: UpgradeCourse) -> None:
    """Create the surge nodes that are not there yet."""
    there = sum(node.serves or node.step is NodeStep.CREATING for node in pool.surge_nodes)
    for _ in range(course.surge - there):
        create_node(world, cluster, pool, is_surge=True)


def go_on(world: World, cluster: ManagedCluster, pool: AgentPool) -> None:
    """Begin with as many nodes as there is room for; end the course where nothing is left."""
    course = pool.course
    if course is None or not course.goes_on:
        return
    in_hand = sum(node.is_being_upgraded for node in pool.nodes.values())
    room = sum(node.serves for node in pool.surge_nodes) + course.unavailable - in_hand
    while room > 0 and course.waiting:
        node = pool.nodes.get(course.waiting.pop(0))
        if node is not None:
            begin_drain(world, cluster, pool, node)
            room, in_hand = room - 1, in_hand + 1
    if not course.waiting and not in_hand:
        _give_surge_back(world, cluster, pool, course)


def _give_surge_back(world: World, cluster: ManagedCluster, pool: AgentPool, course: UpgradeCourse) -> None:
    for node in _surge_to_remove(pool, course):
        if node.step is not NodeStep.CREATING:
            begin_drain(world, cluster, pool, node, to_delete=True)
    if not any(node.is_leaving or node.step is NodeStep.CREATING for node in pool.surge_nodes):
        succeed(world, cluster, pool, course)


def _surge_to_remove(pool: AgentPool, course: UpgradeCourse) -> list[Node]:
    """All but those that stay for nodes that keep their old image; the newest images stay."""
    kept = sum(name in pool.nodes for name in course.left)
    by_image = sorted(pool.surge_nodes, key=lambda node: needs(node, course.image))
    return [node for node in by_image[kept:] if not node.is_leaving]
