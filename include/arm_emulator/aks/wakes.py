"""When the timeline comes back to a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.world.world import World


def wake_cluster_at(world: World, cluster: ManagedCluster, instant: datetime | None) -> None:
    """Have the timeline come back to the cluster at an instant that is still to come, once."""
    if instant is not None and instant > world.now and instant not in cluster.wakes:
        cluster.wakes.add(instant)
        world.timeline.schedule(instant, resource=cluster.key, member="")
