"""Steps of nodes that take a time of their own, and when they are over."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.aks.node import NodeStep
from arm_emulator.aks.timings import timings_of_pool

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World

_TIMING_OF: Mapping[NodeStep, str] = MappingProxyType(
    {
        NodeStep.CREATING: "nodeCreate",
        NodeStep.DRAINING: "nodeDrain",
        NodeStep.REIMAGING: "nodeReimage",
        NodeStep.STARTING: "nodeStart",
        NodeStep.DELETING: "nodeDelete",
    }
)


def enter(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node, step: NodeStep) -> None:
    """Put a node at a step that takes as long as the timings say."""
    node.step, node.step_began = step, world.now
    look_again(world, cluster, node, world.now + duration(world, cluster, pool, _TIMING_OF[step], node.name))


def duration(world: World, cluster: ManagedCluster, pool: AgentPool, what: str, own: str) -> timedelta:
    """How long something takes now."""
    timings = timings_of_pool(world, cluster, pool)
    return timings.draw(what, world.seed, cluster.key, own, world.now.isoformat())


def look_again(world: World, cluster: ManagedCluster, node: Node, instant: datetime) -> None:
    """Have the timeline come back to a node; an earlier entry for it is void.

    While its zone is down its step stands still.
    """
    if world.is_zone_down(cluster.location, node.zone):
        node.time_left, node.step_ends, node.ticket = max(timedelta(), instant - world.now), None, 0
        return
    node.time_left, node.step_ends = None, instant
    node.ticket = world.timeline.schedule(instant, resource=cluster.key, member=node.name)


def leave(node: Node) -> None:
    """Let a node be at nothing."""
    node.step = node.step_began = node.step_ends = node.time_left = None
    node.ticket = 0
