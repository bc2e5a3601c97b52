"""``upgradeProfiles/default`` of clusters and agent pools, and the versions of a location."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.addressing import AGENT_POOL, CLUSTER, addressed_cluster, addressed_pool
from arm_emulator.aks.node_images import latest_for, recently_used
from arm_emulator.aks.plane.kubernetes_versions import listed, number_of, upgrades
from arm_emulator.aks.plane.pool_view import is_windows, kubernetes_version_of
from arm_emulator.instants import arm_instant
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import CONTAINER_LOCATION, Route

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World


def upgrade_profile_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", f"{CLUSTER}/upgradeProfiles/default", get_of_cluster, only_reads=True),
        Route("GET", f"{AGENT_POOL}/upgradeProfiles/default", get_of_pool, only_reads=True),
        Route("GET", f"{CONTAINER_LOCATION}/kubernetesVersions", list_versions, only_reads=True),
    )


def get_of_cluster(world: World, call: ArmCall) -> ArmReply:
    """Where the control plane and each pool can go."""
    cluster = addressed_cluster(world, call)
    running = str(cluster.resource["properties"].get("kubernetesVersion", ""))
    control_plane = {
        "name": cluster.id.name,
        "kubernetesVersion": running,
        "osType": "Linux",
        "upgrades": _steps(world, running),
    }
    pools = [{"name": pool.name, **_kubernetes_of(world, cluster, pool)} for pool in cluster.pools.values()]
    return ArmReply.of(
        {
            "id": f"{cluster.id.text}/upgradeProfiles/default",
            "name": "default",
            "type": "Microsoft.ContainerService/managedClusters/upgradeProfiles",
            "properties": {"controlPlaneProfile": control_plane, "agentPoolProfiles": pools},
        }
    )


def get_of_pool(world: World, call: ArmCall) -> ArmReply:
    """Where a pool can go: its newest node image, and what it ran before (N34)."""
    cluster, pool = addressed_pool(world, call)
    recently = [
        {
            "orchestratorVersion": kubernetes_version_of(cluster, pool),
            "nodeImageVersion": version,
            "timestamp": arm_instant(since),
        }
        for version, since in recently_used(world, cluster, pool)
    ]
    properties = {
        **_kubernetes_of(world, cluster, pool),
        "latestNodeImageVersion": latest_for(world, cluster, pool),
        "recentlyUsedVersions": recently,
    }
    return ArmReply.of(
        {
            "id": f"{cluster.id.pool_id(pool.name)}/upgradeProfiles/default",
            "name": "default",
            "type": "Microsoft.ContainerService/managedClusters/agentPools/upgradeProfiles",
            "properties": properties,
        }
    )


def list_versions(world: World, call: ArmCall) -> ArmReply:
    """The versions of Kubernetes in a location."""
    world.region(call.parameters["subscriptionId"], call.parameters["location"])
    return ArmReply.of(listed(world.kubernetes_versions))


def _kubernetes_of(world: World, cluster: ManagedCluster, pool: AgentPool) -> JsonObject:
    running = kubernetes_version_of(cluster, pool)
    highest = number_of(str(cluster.resource["properties"].get("kubernetesVersion", "")))
    return {
        "kubernetesVersion": running,
        "osType": "Windows" if is_windows(pool) else "Linux",
        # A pool never goes beyond its control plane.
        "upgrades": [s for s in _steps(world, running) if number_of(s["kubernetesVersion"]) <= highest],
    }


def _steps(world: World, running: str) -> list[JsonObject]:
    return [
        {"kubernetesVersion": version, "isPreview": is_preview}
        for version, is_preview in upgrades(world.kubernetes_versions, running)
    ]
