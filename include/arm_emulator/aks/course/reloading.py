"""A world that was written and is loaded again: the timeline comes back to everything that was under way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.beginning import await_failure
from arm_emulator.aks.course.evictions import await_pods
from arm_emulator.aks.course.waiting import look_again
from arm_emulator.aks.wakes import wake_cluster_at

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.world.world import World


def await_everything(world: World, cluster: ManagedCluster) -> None:
    """Enter what the cluster's nodes, pods and pools wait for, as their states say, in the order that they had.

    Tickets are those of the world before, or the turns of its document.
    """
    for pool in cluster.pools.values():
        _go_on_standing_still(world, pool)
    waiting = [
        (node.ticket, pool, node)
        for pool in cluster.pools.values()
        for node in pool.nodes.values()
        if node.step is not None and node.step_ends is not None
    ]
    failing = [(pool.course.ticket, pool, None) for pool in cluster.pools.values() if pool.course is not None]
    for _, pool, node in sorted([*waiting, *failing], key=lambda entry: entry[0]):
        if node is not None and node.step_ends is not None:
            look_again(world, cluster, node, node.step_ends)
        elif pool.course is not None:
            await_failure(world, cluster, pool, pool.course)
    await_pods(world, cluster)
    for instant in (cluster.channel_due, *cluster.live_patches.values()):
        wake_cluster_at(world, cluster, instant)


def _go_on_standing_still(world: World, pool: AgentPool) -> None:
    """A step that stands still goes on, until the world says that its zone is down."""
    for node in pool.nodes.values():
        if node.time_left is not None:
            node.step_ends = world.now + node.time_left
