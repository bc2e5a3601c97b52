"""The node OS channel of a cluster: what it is set to, what callers are shown, and what holds.

A change takes up to a day to hold (R65). A cluster that says nothing has a default that depends on who asks (C9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.wakes import wake_cluster_at
from arm_emulator.wire.api_versions import is_at_least

if TYPE_CHECKING:
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

NONE, UNMANAGED, NODE_IMAGE, SECURITY_PATCH = "None", "Unmanaged", "NodeImage", "SecurityPatch"
CHANNELS = (NONE, UNMANAGED, NODE_IMAGE, SECURITY_PATCH)
"""``nodeOSUpgradeChannel`` of the AKS REST API."""

UPGRADE_CHANNELS = ("rapid", "stable", "patch", "node-image", "none")
"""``upgradeChannel`` of the AKS REST API."""

DEFAULT_IS_NODE_IMAGE_SINCE = "2023-06-01"
"""The first API version by which a cluster without a channel reads as ``NodeImage`` (C9, N30)."""


def channel_said(resource: JsonObject, api_version: str = DEFAULT_IS_NODE_IMAGE_SINCE) -> str:
    """The channel that a cluster's resource is set to, or the default of an API version (C9)."""
    if forced_channel(resource):
        return NODE_IMAGE
    profile = (resource.get("properties") or {}).get("autoUpgradeProfile") or {}
    said = profile.get("nodeOSUpgradeChannel")
    if said:
        return spelled_channel(str(said))
    return NODE_IMAGE if is_at_least(api_version, DEFAULT_IS_NODE_IMAGE_SINCE) else UNMANAGED


def spelled_channel(said: str) -> str:
    """A channel as the API spells it; one that it does not know stays as it is."""
    return next((known for known in CHANNELS if known.lower() == said.lower()), said)


def forced_channel(resource: JsonObject) -> str:
    """What allows no channel but ``NodeImage``; empty where any is allowed."""
    profile = (resource.get("properties") or {}).get("autoUpgradeProfile") or {}
    if str(profile.get("upgradeChannel", "")).lower() == "node-image":
        return "autoUpgradeProfile.upgradeChannel is node-image"
    if str((resource.get("sku") or {}).get("name", "")).lower() == "automatic":
        return "the cluster's sku is Automatic"
    return ""


def channel_in_force(world: World, cluster: ManagedCluster) -> str:
    """The channel by which nodes are kept now: the one before, as long as a change has not come through (R65)."""
    if cluster.channel_due is not None and world.now < cluster.channel_due:
        return cluster.channel_before
    return channel_said(cluster.resource)


def change_channel(world: World, cluster: ManagedCluster, old: str, new: str) -> None:
    """Let a change of the channel begin; it holds after ``timings.channelChange`` (R65).

    :param old: the channel in force so far.
    :param new: the one that the resource says from now on.
    """
    if old == new:
        cluster.channel_due, cluster.channel_before = None, ""
        return
    takes = world.timings_of(cluster).draw(
        "channelChange", world.seed, cluster.key, old, new, world.now.isoformat()
    )
    cluster.channel_due, cluster.channel_before = world.now + takes, old
    wake_cluster_at(world, cluster, cluster.channel_due)
