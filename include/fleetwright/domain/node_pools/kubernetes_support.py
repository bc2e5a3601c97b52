"""Whether a Kubernetes version is supported: node images are upgraded on such clusters only (R66)."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache

from fleetwright.domain.node_pools.clusters import Cluster, NodePool

LONG_TERM = "AKSLongTermSupport"
# ``supportPlan`` by what it adds: the region's own list is for the plan that a cluster has.
SUPPORT_PLANS = {
    "": "KubernetesOfficial: about a year after a version's release",
    "kubernetesofficial": "KubernetesOfficial: about a year after a version's release",
    LONG_TERM.lower(): f"{LONG_TERM}: two years after a version's release",
}


def is_supported(version: str, supported: Collection[str]) -> bool:
    """Whether a version's minor version is among those that are supported; AKS supports by minor version.

    >>> is_supported("1.29.2", ["1.29", "1.30"]), is_supported("1.18.1", ["1.29.4"])
    (True, False)
    """
    return _minor(version) in {_minor(each) for each in supported}


def why_unsupported(cluster: Cluster, pools: tuple[NodePool, ...]) -> tuple[str, ...]:
    """What of a cluster has a Kubernetes version that its region does not support; nothing where that is not known."""
    if not cluster.supported_versions:
        return ()
    owners = {f"cluster {cluster.name}": cluster.kubernetes_version}
    owners |= {f"pool {pool.name}": pool.kubernetes_version for pool in pools}
    known = ", ".join(sorted({_minor(each) for each in cluster.supported_versions}, key=_order))
    plan = SUPPORT_PLANS.get(cluster.support_plan.lower(), cluster.support_plan)
    return tuple(
        f"{owner} has Kubernetes {version}, which {cluster.location} does not support any more "
        f"(supported: {known}; plan {plan}); upgrade Kubernetes first (R66)"
        for owner, version in owners.items()
        if version and not is_supported(version, cluster.supported_versions)
    )


def at_least(version: str, wanted: tuple[int, int]) -> bool:
    """Whether a version is so new; one that cannot be read is not."""
    parts = _minor(version).split(".")
    return len(parts) == 2 and all(p.isdecimal() for p in parts) and (int(parts[0]), int(parts[1])) >= wanted


@lru_cache(maxsize=1024)
def _minor(version: str) -> str:
    return ".".join(version.strip().lower().removeprefix("v").split(".")[:2])


def _order(minor: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in minor.split("."))
