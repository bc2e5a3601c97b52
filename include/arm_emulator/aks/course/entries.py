"""Entries of the timeline that are about a cluster: a node's step is over, pods move, a pool's operation fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.beginning import POOL
from arm_emulator.aks.course.ending import fail
from arm_emulator.aks.course.evictions import settle_pods
from arm_emulator.aks.course.steps import finish_drains, finish_step
from arm_emulator.arm_errors import ErrorDetail

if TYPE_CHECKING:
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.timeline import Entry
    from arm_emulator.world.world import World


def run_entry(world: World, cluster: ManagedCluster, entry: Entry) -> None:
    """Let happen what an entry stands for; one that is void, or about nothing of this, changes nothing."""
    _settle_due_pods(world, cluster)
    if entry.member.startswith(POOL):
        _fail_hindered(world, cluster, entry)
    elif entry.member:
        _finish_step(world, cluster, entry)


def _settle_due_pods(world: World, cluster: ManagedCluster) -> None:
    """What is due for pods comes first at any instant: the last pod that leaves ends a drain in its last second, too."""
    if any(instant <= world.now for instant in cluster.pod_wakes):
        settle_pods(world, cluster)
        finish_drains(world, cluster)


def _finish_step(world: World, cluster: ManagedCluster, entry: Entry) -> None:
    # A node is called aks-POOL-NUMBER.
    pool = cluster.pools.get(entry.member[4 : entry.member.rfind("-")].lower())
    node = None if pool is None else pool.nodes.get(entry.member)
    if pool is not None and node is not None and node.ticket == entry.ticket:
        finish_step(world, cluster, pool, node)


def _fail_hindered(world: World, cluster: ManagedCluster, entry: Entry) -> None:
    pool = cluster.pools.get(entry.member.removeprefix(POOL).lower())
    if pool is not None and pool.course is not None and pool.course.ticket == entry.ticket:
        fail(world, cluster, pool, ErrorDetail("UpgradeFailed", "The upgrade failed."))
