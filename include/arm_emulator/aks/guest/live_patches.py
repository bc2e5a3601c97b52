"""Security patches on running nodes (R69), asked for and answered by annotations, as AKS's live patching does.

A date in ``live-patching-golden-timestamp`` asks a node for the patches up to it. The node takes a date that a security
release of its own build has and that needs no reimage; ``live-patching-current-timestamp`` says that it has it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arm_emulator.aks.node_images import patched_to, releases_for, unpatched
from arm_emulator.aks.timings import timings_of_pool
from arm_emulator.aks.wakes import wake_cluster_at
from arm_emulator.record import NodeImageChanged

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster, NodeImageRelease
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World

GOLDEN = "kubernetes.azure.com/live-patching-golden-timestamp"
CURRENT = "kubernetes.azure.com/live-patching-current-timestamp"
REBOOT_REQUIRED = "kubernetes.azure.com/live-patching-reboot-required"
"""The emulator's own word for patches that running nodes cannot have."""

_STAMP = re.compile(r"(\d{4})(\d{2})(\d{2})T\d{6}Z")


def stamp_of(date: str) -> str:
    """An annotation's value for a date of patches.

    >>> stamp_of("2024.02.20")
    '20240220T000000Z'
    """
    return f"{date.replace('.', '')}T000000Z"


def date_of(stamp: str) -> str:
    """The date of an annotation's value; empty where it is none.

    >>> date_of("20240220T000000Z"), date_of("soon")
    ('2024.02.20', '')
    """
    match = _STAMP.fullmatch(stamp)
    return ".".join(match.groups()) if match is not None else ""


def can_take(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node, date: str) -> bool:
    """Whether a running node can have the patches of a date: a release of its own build has them, without a reimage."""
    return any(not release.needs_reimage for release in _releases(world, cluster, pool, node, date))


def ask_for_patches(
    world: World, cluster: ManagedCluster, pool: AgentPool, nodes: Iterable[Node], date: str
) -> list[Node]:
    """Let nodes see the date that they are asked for.

    :return: those that begin to patch themselves now
    """
    beginning = [node for node in nodes if _answer(world, cluster, pool, node, date)]
    for node in beginning:
        takes = timings_of_pool(world, cluster, pool).draw(
            "livePatch", world.seed, cluster.key, node.name, date, world.now.isoformat()
        )
        node.live_patch_goal, cluster.live_patches[node.name] = date, world.now + takes
        wake_cluster_at(world, cluster, world.now + takes)
    return beginning


def finish_live_patches(world: World, cluster: ManagedCluster) -> None:
    """Let nodes have the patches that are applied by now."""
    due = [name for name, at in cluster.live_patches.items() if at <= world.now]
    for name in due:
        del cluster.live_patches[name]
        for pool in cluster.pools.values():
            node = pool.nodes.get(name)
            # One that was reimaged meanwhile is new, and knows nothing of it.
            if node is not None and node.live_patch_goal:
                _finish(world, cluster, pool, node)


def _answer(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node, date: str) -> bool:
    has = node.patched_to or patched_to(node.image)
    if not date or node.live_patch_goal == date:
        return False
    if date <= has:
        node.annotations[CURRENT] = stamp_of(has)
        return False
    if not can_take(world, cluster, pool, node, date):
        node.annotations.pop(CURRENT, None)
        node.annotations[REBOOT_REQUIRED] = "true"
        return False
    return node.is_ready


def _releases(
    world: World, cluster: ManagedCluster, pool: AgentPool, node: Node, date: str
) -> Iterable[NodeImageRelease]:
    wanted = f"{unpatched(node.image)}-{date}".lower()
    for release in releases_for(world, cluster, pool):
        if release.is_security and release.version.lower() == wanted:
            yield release


def _finish(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    before = node.shown_image
    node.patched_to, node.live_patch_goal = node.live_patch_goal, ""
    node.annotations[CURRENT] = stamp_of(node.patched_to)
    node.annotations.pop(REBOOT_REQUIRED, None)
    version = node.kubernetes_version
    world.observer.observe(
        NodeImageChanged(
            world.now, cluster.id.pool_id(pool.name), node.name, before, node.shown_image, version, version
        )
    )
