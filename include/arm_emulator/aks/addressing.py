"""What a call's path addresses: the cluster, the agent pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.wire.router import RESOURCE_GROUP

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

CLUSTER_LIST = "providers/Microsoft.ContainerService/managedClusters"
CLUSTER = f"{RESOURCE_GROUP}/{CLUSTER_LIST}/{{clusterName}}"
AGENT_POOL = f"{CLUSTER}/agentPools/{{agentPoolName}}"


def addressed_cluster(world: World, call: ArmCall) -> ManagedCluster:
    """The cluster in the path.

    :raises ResourceNotFoundError: it is not there; likewise for its subscription and resource group.
    """
    at = call.parameters
    return world.managed_cluster(at["subscriptionId"], at["resourceGroupName"], at["clusterName"])


def addressed_pool(world: World, call: ArmCall) -> tuple[ManagedCluster, AgentPool]:
    """The agent pool in the path, and its cluster.

    :raises ResourceNotFoundError: it is not there; likewise for what it is in.
    """
    cluster, at = addressed_cluster(world, call), call.parameters
    pool = cluster.pools.get(at["agentPoolName"].lower())
    if pool is not None:
        return cluster, pool
    resource = (
        f"Microsoft.ContainerService/managedClusters/{cluster.id.name}/agentPools/{at['agentPoolName']}"
    )
    raise world.not_found(at["subscriptionId"], at["resourceGroupName"], resource)
