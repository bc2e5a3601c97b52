"""From a managed cluster's body to a ``Cluster``, without what other calls tell."""

from __future__ import annotations

from collections.abc import Iterator

from fleetwright.azure.aks.versions import default_channel, why_unknown
from fleetwright.azure.aks.words import read_word
from fleetwright.azure.bodies import Body, bodies_at, body_at, text_at
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster, NodePool
from fleetwright.domain.node_pools.ids import ClusterId
from fleetwright.domain.regions import normal_region

_CHANNEL = "autoUpgradeProfile.nodeOSUpgradeChannel"
_NODE_IMAGE, _AUTOMATIC = "node-image", "automatic"


def parse_cluster(
    cluster_id: ClusterId, body: Body, api_version: str, pools: tuple[NodePool, ...]
) -> Cluster:
    """Read a cluster.

    :param api_version: of the call, which decides the channel where the body shows none (C9)
    :raises ConfigurationError: when its channel is a word that is not known
    """
    said = body_at(body, "properties")
    return Cluster(
        cluster_id=cluster_id,
        location=normal_region(text_at(body, "location")),
        channel=read_channel(cluster_id, body, api_version),
        kubernetes_version=text_at(said, "currentKubernetesVersion") or text_at(said, "kubernetesVersion"),
        provisioning_state=text_at(said, "provisioningState") or "Succeeded",
        power_state=text_at(said, "powerState", "code") or "Running",
        node_resource_group=text_at(said, "nodeResourceGroup"),
        support_plan=text_at(said, "supportPlan"),
        pools=pools,
        warnings=tuple(_warnings(body, api_version)),
    )


def read_channel(cluster_id: ClusterId, body: Body, api_version: str) -> NodeOsChannel:
    """The channel as it is written, else as the api-version's default says (C9, N30).

    :raises ConfigurationError: when it is a word that is not known
    """
    profile = body_at(body, "properties", "autoUpgradeProfile")
    # ``az`` prints it with another case than ARM.
    word = text_at(profile, "nodeOSUpgradeChannel") or text_at(profile, "nodeOsUpgradeChannel")
    if not word or word.lower() == "unspecified":
        forced = _upgrade_channel(body) == _NODE_IMAGE or _is_automatic(body)
        return NodeOsChannel.NODE_IMAGE if forced else default_channel(api_version)
    return read_word(NodeOsChannel, word, f"cluster {cluster_id.name}: {_CHANNEL}")


def inner_pools(body: Body) -> tuple[Body, ...]:
    """The pools that a cluster's own body shows."""
    return bodies_at(body, "properties", "agentPoolProfiles")


def _upgrade_channel(body: Body) -> str:
    return text_at(body, "properties", "autoUpgradeProfile", "upgradeChannel").lower()


def _is_automatic(body: Body) -> bool:
    return text_at(body, "sku", "name").lower() == _AUTOMATIC


def _warnings(body: Body, api_version: str) -> Iterator[str]:
    unknown = why_unknown(api_version)
    if unknown:
        yield unknown
    if _upgrade_channel(body) == _NODE_IMAGE:
        yield "upgradeChannel is node-image, which keeps nodeOSUpgradeChannel at NodeImage (N30)"
    if _is_automatic(body):
        yield "the cluster is AKS Automatic, which upgrades node images by itself and always by NodeImage (N30)"
