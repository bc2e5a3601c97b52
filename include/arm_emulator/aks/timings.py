"""How long things take in an agent pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.timings import Timings
    from arm_emulator.world.world import World


def timings_of_pool(world: World, cluster: ManagedCluster, pool: AgentPool) -> Timings:
    """The pool's own timings over the cluster's, over the world's."""
    return world.timings_of(cluster).overridden_by(pool.own_timings)
