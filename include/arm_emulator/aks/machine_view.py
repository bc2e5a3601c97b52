"""A node as ARM shows it among its pool's machines.

What stable API versions have of a machine is its network and its resource; ``nodeImageVersion``, ``provisioningState``
and the rest come with previews, and are shown to every caller here: they are what tells nodes of a pool apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.telling import UPGRADE_STATUS
from arm_emulator.aks.node import NodeStep
from arm_emulator.instants import arm_instant

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.compute.model import JsonObject

_STATES = {
    None: "Succeeded",
    NodeStep.CREATING: "Creating",
    NodeStep.DELETING: "Deleting",
}


def machine(cluster: ManagedCluster, pool: AgentPool, node: Node) -> JsonObject:
    """One machine."""
    body: JsonObject = {
        "id": f"{cluster.id.pool_id(pool.name)}/machines/{node.name}",
        "name": node.name,
        "type": "Microsoft.ContainerService/managedClusters/agentPools/machines",
        "properties": {
            "network": {"ipAddresses": [{"family": "IPv4", "ip": _address(cluster, pool, node)}]},
            "resourceId": _resource_id(cluster, pool, node),
            "nodeImageVersion": node.shown_image,
            "provisioningState": provisioning_state(node),
            "kubernetes": {
                "orchestratorVersion": node.kubernetes_version,
                "currentOrchestratorVersion": node.kubernetes_version,
                "nodeName": node.name,
            },
            "mode": str(pool.properties.get("mode") or "User"),
            "status": {
                "vmState": "Running" if node.is_ready else "Unknown",
                "creationTimestamp": arm_instant(node.created_at),
            },
        },
    }
    if node.zone is not None:
        body["zones"] = [node.zone]
    return body


def provisioning_state(node: Node) -> str:
    """``Updating`` from its cordon to its uncordon; a node that was left with its old image has ``Failed``."""
    if node.step is None and (node.has_failed or UPGRADE_STATUS in node.labels):
        return "Failed"
    return _STATES.get(node.step, "Updating")


def node_resource_group(cluster: ManagedCluster) -> str:
    """The resource group of a cluster's machines."""
    own = cluster.resource["properties"].get("nodeResourceGroup")
    return str(own or f"MC_{cluster.id.resource_group}_{cluster.id.name}_{cluster.location}")


def _resource_id(cluster: ManagedCluster, pool: AgentPool, node: Node) -> str:
    return (
        f"/subscriptions/{cluster.id.subscription}/resourceGroups/{node_resource_group(cluster)}"
        f"/providers/Microsoft.Compute/virtualMachineScaleSets/aks-{pool.name}-vmss/virtualMachines/{node.number}"
    )


def _address(cluster: ManagedCluster, pool: AgentPool, node: Node) -> str:
    number = list(cluster.pools).index(pool.name.lower()) * 1024 + node.number + 4
    return f"10.{224 + number // 65536 % 31}.{number // 256 % 256}.{number % 256}"
