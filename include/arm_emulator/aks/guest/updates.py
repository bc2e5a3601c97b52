"""The guest's own updates: every day from 06:00 UTC on under ``Unmanaged`` (R68).

Nothing is scheduled for them: when a node was patched last follows from the time, the channel, and since when the node
has its image.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from arm_emulator.aks.channels import UNMANAGED, channel_in_force
from arm_emulator.aks.guest.os_table import updates_itself
from arm_emulator.aks.timings import timings_of_pool
from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World

PATCHED_AT = "arm-emulator/guest-updated-at"
"""The annotation by which this emulator tells of it; AKS shows it nowhere (nor does ``nodeImageVersion``)."""

AT = time(6, tzinfo=UTC)
_DAY = timedelta(days=1)
_LOOK_BACK_DAYS = 3


def guest_patched_at(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> datetime | None:
    """When a node's guest installed updates last; None where it has not since it has its image (R68).

    Under every other channel than ``Unmanaged`` the guest is kept from it (R64): what was installed before stays.
    """
    if channel_in_force(world, cluster) != UNMANAGED:
        return node.guest_patched_at
    return _newest_run(world, cluster, pool, node) or node.guest_patched_at


def keep_guest_updates(world: World, cluster: ManagedCluster) -> None:
    """Remember what the guests have installed so far: from now on they are kept from it."""
    for pool in cluster.pools.values():
        for node in pool.nodes.values():
            node.guest_patched_at = _newest_run(world, cluster, pool, node) or node.guest_patched_at


def guest_annotations(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> dict[str, str]:
    """What a node shows of it."""
    at = guest_patched_at(world, cluster, pool, node)
    return {} if at is None else {PATCHED_AT: admin_instant(at)}


def _newest_run(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> datetime | None:
    """The end of the newest run that began since the node has its image and since the channel holds."""
    if not updates_itself(pool):
        return None
    since = max(node.created_at, cluster.channel_since or node.created_at)
    timings = timings_of_pool(world, cluster, pool)
    for days in range(_LOOK_BACK_DAYS):
        began = datetime.combine(world.now.date() - days * _DAY, AT)
        takes = timings.draw("guestPatch", world.seed, cluster.key, node.name, began.date().isoformat())
        if since <= began and began + takes <= world.now:
            return began + takes
    return None
