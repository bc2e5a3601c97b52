"""What time does to a cluster: steps of nodes that are due, and what follows from them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.guest.live_patches import finish_live_patches
from arm_emulator.aks.guest.transitions import let_change_hold
from arm_emulator.aks.platform_acts import act_as_platform

if TYPE_CHECKING:
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.world.world import World


def move_on(world: World, cluster: ManagedCluster) -> None:
    """Let everything happen on the cluster that is due by the world's instant."""
    if cluster.wakes:
        cluster.wakes -= {instant for instant in cluster.wakes if instant <= world.now}
    if cluster.live_patches:
        finish_live_patches(world, cluster)
    if cluster.channel_before:
        let_change_hold(world, cluster)
    if cluster.to_reimage or world.platform_upgrades:
        act_as_platform(world, cluster)
