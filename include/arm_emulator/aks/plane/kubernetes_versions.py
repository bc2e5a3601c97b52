"""The versions of Kubernetes that AKS offers, as data: a world may have others (R66)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.compute.model import JsonObject

OFFICIAL, LONG_TERM = "KubernetesOfficial", "AKSLongTermSupport"


@dataclass(frozen=True, slots=True)
class KubernetesVersion:
    """A minor version and its patches, oldest first.

    :param support_plans: ``capabilities.supportPlan``
    """

    version: str
    patches: tuple[str, ...]
    is_preview: bool = False
    is_default: bool = False
    support_plans: tuple[str, ...] = (OFFICIAL,)


BUILT_IN = (
    KubernetesVersion("1.26", ("1.26.6", "1.26.10", "1.26.12")),
    KubernetesVersion("1.27", ("1.27.7", "1.27.9", "1.27.13"), support_plans=(OFFICIAL, LONG_TERM)),
    KubernetesVersion(
        "1.28", ("1.28.3", "1.28.5", "1.28.9"), is_default=True, support_plans=(OFFICIAL, LONG_TERM)
    ),
    KubernetesVersion("1.29", ("1.29.0", "1.29.2", "1.29.4"), support_plans=(OFFICIAL, LONG_TERM)),
    KubernetesVersion("1.30", ("1.30.0", "1.30.3", "1.30.9"), support_plans=(OFFICIAL, LONG_TERM)),
    KubernetesVersion("1.31", ("1.31.1", "1.31.5", "1.31.8")),
    KubernetesVersion("1.32", ("1.32.0", "1.32.4", "1.32.7")),
    KubernetesVersion("1.33", ("1.33.0", "1.33.2", "1.33.5")),
    KubernetesVersion("1.34", ("1.34.0", "1.34.1")),
    KubernetesVersion("1.35", ("1.35.0",), is_preview=True),
)
"""Every version that the worlds of one to two years may meet; what is older is out of support."""


def listed(versions: Sequence[KubernetesVersion]) -> JsonObject:
    """``kubernetesVersions`` of a location."""
    return {"values": [_shown(version, versions) for version in versions]}


def _shown(version: KubernetesVersion, versions: Sequence[KubernetesVersion]) -> JsonObject:
    patches = {patch: {"upgrades": [to for to, _ in upgrades(versions, patch)]} for patch in version.patches}
    return {
        "version": version.version,
        "capabilities": {"supportPlan": list(version.support_plans)},
        "isDefault": version.is_default,
        "isPreview": version.is_preview,
        "patchVersions": patches,
    }


def upgrades(versions: Sequence[KubernetesVersion], running: str) -> list[tuple[str, bool]]:
    """Where a version can go, and whether that is a preview: later patches, and the next minor version.

    >>> upgrades(BUILT_IN, "1.34.0")
    [('1.34.1', False), ('1.35.0', True)]
    """
    minor = number_of(running)[:2]
    reachable = {minor, (minor[0], minor[1] + 1)} if len(minor) == 2 else set()
    return [
        (patch, version.is_preview)
        for version in versions
        if number_of(version.version) in reachable
        for patch in version.patches
        if number_of(patch) > number_of(running)
    ]


def default_version(versions: Sequence[KubernetesVersion]) -> str:
    """What a cluster runs that names none: the newest patch of the default version."""
    offered = [version for version in versions if version.patches]
    chosen = next((version for version in offered if version.is_default), offered[-1] if offered else None)
    return "" if chosen is None else chosen.patches[-1]


@lru_cache(maxsize=1024)
def number_of(version: str) -> tuple[int, ...]:
    """A version as numbers; what is none counts as zero.

    >>> number_of("1.28.5")
    (1, 28, 5)
    """
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))
