"""Nodes that come to a pool: surge nodes of an upgrade, and those of a scale-out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.course.telling import tell_node
from arm_emulator.aks.course.waiting import enter
from arm_emulator.aks.ids import node_name
from arm_emulator.aks.node import Node, NodeStep

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.world.world import World


def create_node(world: World, cluster: ManagedCluster, pool: AgentPool, *, is_surge: bool = False) -> Node:
    """Begin to create a node with the next free number: unpatched, from the newest image the pool was upgraded to."""
    number = pool.next_number
    pool.next_number += 1
    zones = pool.properties.get("availabilityZones") or []
    node = Node(
        node_name(pool.name, number),
        number,
        pool.image_for_new_nodes,
        kubernetes_version_of(cluster, pool),
        world.now,
        zone=str(zones[number % len(zones)]) if zones else None,
        is_surge=is_surge,
        has_started=False,
    )
    pool.nodes[node.name] = node
    tell_node(world, cluster, pool, node)
    enter(world, cluster, pool, node, NodeStep.CREATING)
    return node


def kubernetes_version_of(cluster: ManagedCluster, pool: AgentPool) -> str:
    """The version of a pool's nodes: its own, else the cluster's."""
    own = pool.properties.get("orchestratorVersion")
    return str(own or cluster.resource["properties"].get("kubernetesVersion") or "")
