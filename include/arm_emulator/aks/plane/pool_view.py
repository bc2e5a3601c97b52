"""Agent pools as ARM shows them: alone, and among a cluster's ``agentPoolProfiles``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.plane.upgrade_settings import shown_settings
from arm_emulator.wire.json_copies import json_copy

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject

STOPPED, RUNNING = "Stopped", "Running"


def pool_etag(pool: AgentPool) -> str:
    """The entity tag of a pool: it changes with every PUT."""
    return f'"{pool.etag:x}"'


def pool_resource(cluster: ManagedCluster, pool: AgentPool, api_version: str) -> JsonObject:
    """A pool as ARM shows it."""
    return {
        "id": cluster.id.pool_id(pool.name),
        "name": pool.name,
        "type": "Microsoft.ContainerService/managedClusters/agentPools",
        "properties": pool_properties(cluster, pool, api_version),
    }


def pool_profile(cluster: ManagedCluster, pool: AgentPool, api_version: str) -> JsonObject:
    """A pool as one of ``agentPoolProfiles``."""
    return {"name": pool.name, **pool_properties(cluster, pool, api_version)}


def pool_properties(cluster: ManagedCluster, pool: AgentPool, api_version: str) -> JsonObject:
    """``properties`` of a pool: what was set, over defaults, under what is derived from its nodes."""
    current = kubernetes_version_of(cluster, pool)
    kept = json_copy(pool.properties)
    return {
        "type": "VirtualMachineScaleSets",
        "mode": "User",
        "vmSize": "Standard_DS2_v2",
        "osType": "Linux",
        "osSKU": "Ubuntu" if not is_windows(pool) else "Windows2022",
        "orchestratorVersion": current,
        **kept,
        "eTag": f"{pool.etag:x}",
        "count": pool.count,
        "currentOrchestratorVersion": current,
        "nodeImageVersion": pool.shown_image,
        "provisioningState": pool.provisioning_state,
        "powerState": {"code": power_of(cluster, pool)},
        "upgradeSettings": shown_settings(api_version, kept.get("upgradeSettings")),
    }


def kubernetes_version_of(cluster: ManagedCluster, pool: AgentPool) -> str:
    """The version of Kubernetes that a pool runs: its nodes', or the one that new nodes would get."""
    for node in pool.regular_nodes:
        return node.kubernetes_version
    said = pool.properties.get("orchestratorVersion")
    return str(said or cluster.resource["properties"].get("kubernetesVersion", ""))


def is_windows(pool: AgentPool) -> bool:
    """Whether its nodes run Windows."""
    return str(pool.properties.get("osType", "")).lower() == "windows"


def is_stopped(cluster: ManagedCluster) -> bool:
    """Whether the cluster was stopped: no node of it runs."""
    power = cluster.resource["properties"].get("powerState") or {}
    return str(power.get("code", "")).lower() == STOPPED.lower()


def power_of(cluster: ManagedCluster, pool: AgentPool) -> str:
    """``powerState`` of a pool; those of a stopped cluster are stopped."""
    own = pool.properties.get("powerState") or {}
    return STOPPED if is_stopped(cluster) or str(own.get("code", "")).lower() == "stopped" else RUNNING
