"""What AKS does to a cluster's nodes by itself, inside the window where there is one.

Reimages after a change of the channel always (N30); upgrades by the channel in force only in a world that says
``platformUpgrades``. One pool at a time, system pools first, and each image but once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.agent_pool import SETTLED
from arm_emulator.aks.calendar import NODE_OS_SCHEDULE, is_open, next_opening
from arm_emulator.aks.channels import NODE_IMAGE, SECURITY_PATCH, channel_in_force
from arm_emulator.aks.course.beginning import begin_reimage, begin_upgrade
from arm_emulator.aks.guest.asking import patch_live
from arm_emulator.aks.guest.live_patches import can_take
from arm_emulator.aks.node_images import latest_for, patched_to
from arm_emulator.aks.wakes import wake_cluster_at

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.world.world import World


def act_as_platform(world: World, cluster: ManagedCluster) -> None:
    """Begin with the next pool that is due, if any, nothing is under way on the cluster, and its window is open."""
    pool = _next_pool(world, cluster)
    if pool is None or _is_occupied(cluster):
        return
    window = cluster.maintenance.get(NODE_OS_SCHEDULE)
    if window is not None and not is_open(window, world.now):
        wake_cluster_at(world, cluster, next_opening(window, world.now))
    elif pool.name.lower() in cluster.to_reimage:
        cluster.to_reimage.remove(pool.name.lower())
        begin_reimage(world, cluster, pool)
    else:
        _upgrade(world, cluster, pool)


def _next_pool(world: World, cluster: ManagedCluster) -> AgentPool | None:
    in_order = sorted(cluster.pools.values(), key=lambda pool: not pool.is_system)
    due = [pool for pool in in_order if pool.name.lower() in cluster.to_reimage]
    upgrades = world.platform_upgrades and channel_in_force(world, cluster) in {NODE_IMAGE, SECURITY_PATCH}
    if not due and upgrades:
        due = [pool for pool in in_order if _has_newer(world, cluster, pool)]
    return next((pool for pool in due if not _is_stopped(pool.properties)), None)


def _has_newer(world: World, cluster: ManagedCluster, pool: AgentPool) -> bool:
    image = latest_for(world, cluster, pool)
    return image not in {pool.shown_image, pool.platform_image} and bool(pool.nodes)


def _upgrade(world: World, cluster: ManagedCluster, pool: AgentPool) -> None:
    """Patches on running nodes where every node can have them, else a reimage (R69, R70)."""
    pool.platform_image = image = latest_for(world, cluster, pool)
    date, nodes = patched_to(image), pool.regular_nodes
    if date and all(can_take(world, cluster, pool, node, date) for node in nodes):
        patch_live(world, cluster, pool, nodes, date, by_platform=True)
    else:
        begin_upgrade(world, cluster, pool, image, by_platform=True)


def _is_occupied(cluster: ManagedCluster) -> bool:
    return (
        cluster.provisioning_state not in SETTLED
        or bool(cluster.live_patches)
        or any(pool.is_busy for pool in cluster.pools.values())
        or _is_stopped(cluster.resource["properties"])
    )


def _is_stopped(properties: dict[str, object]) -> bool:
    power = properties.get("powerState")
    return isinstance(power, dict) and str(power.get("code", "")).lower() == "stopped"
