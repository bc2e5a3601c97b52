"""Managed clusters as ARM shows them, to a caller of an API version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.channels import channel_said
from arm_emulator.aks.plane.channel_versions import knows_node_os_channel
from arm_emulator.aks.plane.pool_view import RUNNING, STOPPED, is_stopped, pool_profile
from arm_emulator.wire.json_copies import json_copy

if TYPE_CHECKING:
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject


def cluster_etag(cluster: ManagedCluster) -> str:
    """The entity tag of a cluster: it changes with every PUT and PATCH."""
    return f'"{cluster.etag:x}"'


def cluster_resource(cluster: ManagedCluster, api_version: str) -> JsonObject:
    """The cluster as ARM shows it."""
    resource = json_copy(cluster.resource)
    return {
        "sku": {"name": "Base", "tier": "Free"},
        "tags": {},
        **resource,
        "id": cluster.id.text,
        "name": cluster.id.name,
        "type": "Microsoft.ContainerService/ManagedClusters",
        "location": resource["location"],
        "eTag": f"{cluster.etag:x}",
        "properties": {**_defaults(cluster), **resource["properties"], **_derived(cluster, api_version)},
    }


def _defaults(cluster: ManagedCluster) -> JsonObject:
    name = cluster.id.name
    return {
        "dnsPrefix": name,
        "fqdn": f"{name}.hcp.{cluster.location}.azmk8s.io",
        "nodeResourceGroup": f"MC_{cluster.id.resource_group}_{name}_{cluster.location}",
        "maxAgentPools": 100,
        "enableRBAC": True,
        "supportPlan": "KubernetesOfficial",
    }


def _derived(cluster: ManagedCluster, api_version: str) -> JsonObject:
    pools = cluster.pools.values()
    return {
        "provisioningState": cluster.provisioning_state,
        "powerState": {"code": STOPPED if is_stopped(cluster) else RUNNING},
        "currentKubernetesVersion": cluster.resource["properties"].get("kubernetesVersion", ""),
        "agentPoolProfiles": [pool_profile(cluster, pool, api_version) for pool in pools],
        "autoUpgradeProfile": _auto_upgrade(cluster, api_version),
    }


def _auto_upgrade(cluster: ManagedCluster, api_version: str) -> JsonObject:
    """Both channels; that of the nodes' OS with its version's default, and only to who knows it (R62, C9)."""
    said = dict(cluster.resource["properties"].get("autoUpgradeProfile") or {})
    said.pop("nodeOSUpgradeChannel", None)
    if knows_node_os_channel(api_version):
        said["nodeOSUpgradeChannel"] = channel_said(cluster.resource, api_version)
    return said
