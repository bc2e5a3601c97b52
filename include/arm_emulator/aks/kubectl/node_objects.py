"""Nodes as Kubernetes' API shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.aks.guest.os_table import os_words
from arm_emulator.aks.guest.updates import guest_annotations
from arm_emulator.aks.kubectl.instants import instant_words
from arm_emulator.aks.node import NodeStep
from arm_emulator.seeded import guid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

_DOWN = frozenset({NodeStep.REIMAGING, NodeStep.STARTING, NodeStep.DELETING})
_CLOSED = {"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"}


def node_objects(world: World, cluster: ManagedCluster) -> Iterator[JsonObject]:
    """The nodes that have joined the cluster, pool by pool."""
    for pool in cluster.pools.values():
        for node in sorted(pool.nodes.values(), key=lambda node: node.number):
            if node.step is not NodeStep.CREATING:
                yield _node(world, cluster, pool, node)


def node_labels(cluster: ManagedCluster, pool: AgentPool, node: Node) -> dict[str, str]:
    """The labels of a node: those of AKS, and the pool's ``nodeLabels``."""
    said = pool.properties
    zone = "0" if node.zone is None else f"{cluster.location}-{node.zone}"
    return {
        "agentpool": pool.name,
        "kubernetes.azure.com/agentpool": pool.name,
        "kubernetes.azure.com/cluster": _node_group(cluster),
        "kubernetes.azure.com/mode": str(said.get("mode", "User")).lower(),
        "kubernetes.azure.com/node-image-version": node.shown_image,
        "kubernetes.azure.com/os-sku": os_words(pool).sku,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/hostname": node.name,
        "kubernetes.io/os": os_words(pool).system,
        "node.kubernetes.io/instance-type": str(said.get("vmSize", "")),
        "topology.kubernetes.io/region": cluster.location,
        "topology.kubernetes.io/zone": zone,
        **{str(key): str(value) for key, value in (said.get("nodeLabels") or {}).items()},
        **node.labels,
    }


def _node(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> JsonObject:
    annotations = {**node.annotations, **guest_annotations(world, cluster, pool, node)}
    spec: JsonObject = {"providerID": f"azure://{_machine(cluster, pool, node)}"}
    if node.is_cordoned:
        spec |= {"unschedulable": True, "taints": [_CLOSED]}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": node.name,
            "uid": guid(cluster.key, "node", node.name),
            "creationTimestamp": instant_words(node.created_at),
            "labels": node_labels(cluster, pool, node),
            "annotations": annotations,
        },
        "spec": spec,
        "status": _status(pool, node),
    }


def _status(pool: AgentPool, node: Node) -> JsonObject:
    os, is_ready = os_words(pool), node.is_ready and node.step not in _DOWN
    ready = {
        "type": "Ready",
        "status": "True" if is_ready else "False",
        "reason": "KubeletReady" if is_ready else "KubeletNotReady",
        "message": "kubelet is posting ready status"
        if is_ready
        else "kubelet has stopped posting node status",
        "lastTransitionTime": instant_words(node.step_began or node.created_at),
    }
    info: dict[str, Any] = {
        "kubeletVersion": f"v{node.kubernetes_version}",
        "kubeProxyVersion": f"v{node.kubernetes_version}",
        "osImage": os.name,
        "kernelVersion": os.kernel,
        "containerRuntimeVersion": "containerd://1.7.7",
        "operatingSystem": os.system,
        "architecture": "amd64",
    }
    return {
        "conditions": [ready],
        "addresses": [{"type": "Hostname", "address": node.name}],
        "nodeInfo": info,
    }


def _node_group(cluster: ManagedCluster) -> str:
    usual = f"MC_{cluster.id.resource_group}_{cluster.id.name}_{cluster.location}"
    return str(cluster.resource["properties"].get("nodeResourceGroup") or usual)


def _machine(cluster: ManagedCluster, pool: AgentPool, node: Node) -> str:
    return (
        f"/subscriptions/{cluster.id.subscription}/resourceGroups/{_node_group(cluster)}/providers"
        f"/Microsoft.Compute/virtualMachineScaleSets/aks-{pool.name}-vmss/virtualMachines/{node.number}"
    )
