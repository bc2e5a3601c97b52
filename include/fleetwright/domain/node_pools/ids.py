"""Ids of AKS clusters and of their node pools."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fleetwright.domain.errors import ConfigurationError

CLUSTER_TYPE = "Microsoft.ContainerService/managedClusters"
_ID = re.compile(
    r"(?P<cluster>/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<resource_group>[\w().-]*[\w()-])"
    r"/providers/Microsoft\.ContainerService/managedClusters/(?P<name>[a-z0-9]([\w-]{0,61}[a-z0-9])?))"
    r"(/agentPools/(?P<pool>[a-z][a-z0-9]{0,11}))?",
    re.IGNORECASE,
)
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ClusterId:
    """A cluster's ARM id taken apart; ``resource_id`` is as it was given."""

    resource_id: str
    subscription: str
    resource_group: str
    name: str

    @property
    def key(self) -> str:
        """The one key of a cluster everywhere: its ARM id in lower case."""
        return self.resource_id.lower()

    def pool_id(self, pool: str) -> str:
        """The ARM id of a node pool of it."""
        return f"{self.resource_id}/agentPools/{pool}"


@dataclass(frozen=True, slots=True)
class Target:
    """What somebody asks to be upgraded.

    :param pool: the one node pool that is meant; empty for all of the cluster's
    """

    cluster: ClusterId
    pool: str = ""


def is_cluster_or_pool(text: str) -> bool:
    """Whether an id is about AKS at all: a cluster or a node pool, well-formed or not."""
    return "/providers/microsoft.containerservice/managedclusters/" in text.strip().lower()


def parse_target(text: str) -> Target:
    """Read the ARM id of a cluster or of one of its node pools, whatever case its words have.

    :raises ConfigurationError: when the text is no such id, or its subscription is no GUID
    """
    match = _ID.fullmatch(text.strip().rstrip("/"))
    if match is None:
        raise ConfigurationError(
            f"{text!r} is neither an AKS cluster's id nor a node pool's: /subscriptions/<guid>/resourceGroups/<name>"
            f"/providers/{CLUSTER_TYPE}/<name>, with /agentPools/<name> for one pool"
        )
    if not _GUID.fullmatch(match["subscription"]):
        raise ConfigurationError(f"{text!r}: subscription {match['subscription']!r} is not a GUID")
    cluster = ClusterId(match["cluster"], match["subscription"], match["resource_group"], match["name"])
    return Target(cluster, match["pool"] or "")
