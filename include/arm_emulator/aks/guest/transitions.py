"""What a change of the channel brings once it holds (R65, N30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.channels import NODE_IMAGE, NONE, SECURITY_PATCH, UNMANAGED, channel_said
from arm_emulator.aks.guest.updates import keep_guest_updates

if TYPE_CHECKING:
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.world.world import World

REIMAGING = frozenset(
    {(UNMANAGED, NONE), (SECURITY_PATCH, UNMANAGED), (NODE_IMAGE, UNMANAGED), (NONE, UNMANAGED)}
)
"""Changes by which AKS reimages the nodes ("Autoupgrade node OS images"). A cluster without a channel has a default one."""


def let_change_hold(world: World, cluster: ManagedCluster) -> None:
    """Let the channel that a cluster is set to hold, where its time has come: nodes are to be reimaged after some changes."""
    if cluster.channel_due is None or world.now < cluster.channel_due:
        return
    before, after = cluster.channel_before, channel_said(cluster.resource)
    if before == UNMANAGED:
        keep_guest_updates(world, cluster)
    cluster.channel_before, cluster.channel_since = "", cluster.channel_due
    if (before, after) in REIMAGING:
        cluster.to_reimage = list(cluster.pools)
