"""Annotations by which somebody asks nodes for security patches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.calendar import NODE_OS_SCHEDULE
from arm_emulator.aks.guest.live_patches import GOLDEN, ask_for_patches, date_of
from arm_emulator.aks.node_images import unpatched
from arm_emulator.record import NodePoolUpgradeAccepted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World


def heed_annotations(
    world: World, cluster: ManagedCluster, annotated: Iterable[tuple[AgentPool, Node]]
) -> None:
    """Let nodes that were annotated see what they are asked for, pool by pool (R69)."""
    groups: dict[tuple[str, str], list[Node]] = {}
    for pool, node in annotated:
        date = date_of(node.annotations.get(GOLDEN, ""))
        if date:
            groups.setdefault((pool.name.lower(), date), []).append(node)
    for (key, date), nodes in groups.items():
        patch_live(world, cluster, cluster.pools[key], nodes, date)


def patch_live(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    nodes: list[Node],
    date: str,
    *,
    by_platform: bool = False,
) -> bool:
    """Ask nodes of a pool for the patches of a date; windows are for live patches as well (R71).

    :return: whether any of them begins
    """
    running = {node.name: node.shown_image for node in pool.nodes.values()}
    beginning = ask_for_patches(world, cluster, pool, nodes, date)
    if beginning:
        world.observer.observe(
            NodePoolUpgradeAccepted(
                world.now,
                cluster.id.pool_id(pool.name),
                f"{unpatched(beginning[0].image)}-{date}",
                running,
                cluster.maintenance.get(NODE_OS_SCHEDULE),
                kind="live",
                by_platform=by_platform,
            )
        )
    return bool(beginning)
