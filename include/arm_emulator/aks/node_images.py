"""Which node image is a pool's newest: published by now, of the pool's family, and in the cluster's region."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from arm_emulator.aks.channels import SECURITY_PATCH, channel_in_force

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster, NodeImageRelease
    from arm_emulator.world.world import World

KEPT = 4
"""How many weekly images a region has: the current one and three before it (AKS release tracker)."""

_VERSION = re.compile(
    r"(?P<family>.+?)[-:](?P<build>\d{4}\.\d{2}\.\d{2}|\d{6}\.\d{1,2}\.\d+|\d{5}\.\d{1,5}\.\d{6})"
    r"(-(?P<patch>\d{4}\.\d{2}\.\d{2}))?"
)


@lru_cache(maxsize=4096)
def family_of(version: str) -> str:
    """What stands before the build, in lower case and with hyphens; builds of Windows have its own numbers.

    >>> family_of("AKSUbuntu-2204gen2containerd-202402.12.0-2024.02.20"), family_of("AKSUbuntu:1604:2020.03.11")
    ('aksubuntu-2204gen2containerd', 'aksubuntu-1604')
    """
    match = _VERSION.fullmatch(version)
    return (match["family"] if match else version).replace(":", "-").lower()


@lru_cache(maxsize=4096)
def age_of(version: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """By which images of a family are put in order: the build, then the date of security patches.

    >>> age_of("AKSUbuntu-2204gen2containerd-202402.12.0-2024.02.20")
    ((202402, 12, 0), (2024, 2, 20))
    """
    match = _VERSION.fullmatch(version)
    if match is None:
        return (), ()
    patch = tuple(map(int, match["patch"].split("."))) if match["patch"] else ()
    return _numbers(match["build"]), patch


def unpatched(version: str) -> str:
    """The image whose running nodes can be patched to this one: its own name without the patches.

    >>> unpatched("AKSUbuntu-2204gen2containerd-202402.12.0-2024.02.20")
    'AKSUbuntu-2204gen2containerd-202402.12.0'
    """
    match = _VERSION.fullmatch(version)
    return version.removesuffix(f"-{match['patch']}") if match is not None and match["patch"] else version


def patched_to(version: str) -> str:
    """The date of the security patches in an image; empty for a weekly one.

    >>> patched_to("AKSUbuntu-2204gen2containerd-202402.12.0-2024.02.20")
    '2024.02.20'
    """
    match = _VERSION.fullmatch(version)
    return (match["patch"] or "") if match is not None else ""


def is_version(text: str) -> bool:
    """Whether a text names a node image with its build."""
    return _VERSION.fullmatch(text) is not None


def _numbers(build: str) -> tuple[int, ...]:
    first, second, third = map(int, build.split("."))
    # 2020.03.11 is year, month and day; 202003.11.0 is year and month, day, revision; 20348.2227.240110 is Windows' own.
    return (first * 100 + second, third, 0) if first < 10_000 else (first, second, third)


def latest_for(world: World, cluster: ManagedCluster, pool: AgentPool) -> str:
    """The newest image for a pool; its own where none newer was published.

    Security-only images count under ``SecurityPatch`` alone, and only once that channel is in force (R69).
    """
    with_security = channel_in_force(world, cluster) == SECURITY_PATCH
    versions = (
        release.version
        for release in releases_for(world, cluster, pool)
        if with_security or not release.is_security
    )
    return max((pool.image, *versions), key=age_of)


def releases_for(world: World, cluster: ManagedCluster, pool: AgentPool) -> Iterator[NodeImageRelease]:
    """The images that a pool could have: of its family, published by now, and in its region (N35)."""
    family = family_of(pool.image)
    for release in (*world.node_images, *cluster.releases):
        is_here = release.regions is None or cluster.location in release.regions
        if is_here and release.published_at <= world.now and family_of(release.version) == family:
            yield release


def kept_for(world: World, cluster: ManagedCluster, pool: AgentPool) -> list[str]:
    """The weekly images that the pool's region still has, newest first: the current one and three before it (N35)."""
    weekly = {r.version for r in releases_for(world, cluster, pool) if not r.is_security}
    return sorted(weekly, key=age_of, reverse=True)[:KEPT]


def recently_used(world: World, cluster: ManagedCluster, pool: AgentPool) -> list[tuple[str, datetime]]:
    """What the pool ran before and its region still has: what a rollback by hand could go back to (N34, N35)."""
    kept = kept_for(world, cluster, pool)
    oldest = age_of(kept[-1]) if len(kept) == KEPT else ((), ())
    return [(version, since) for version, since in pool.recently_used if age_of(version) >= oldest]
