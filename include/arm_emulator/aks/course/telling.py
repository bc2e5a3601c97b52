"""What an observer of the world is told about the nodes of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.record import (
    NodeAdded,
    NodeAvailabilityChanged,
    NodeDrainEnded,
    NodeImageChanged,
    NodePoolAdded,
    NodePoolRemoved,
    NodePoolUpgradeAccepted,
    NodePoolUpgradeEnded,
    NodeRemoved,
)

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

UPGRADE_STATUS = "kubernetes.azure.com/upgrade-status"
"""The label by which AKS marks a node that could not be drained: ``Quarantined``."""

NODE_IMAGE_WINDOW = "aksManagedNodeOSUpgradeSchedule"
"""The maintenance configuration that node images go by."""


def tell_pool(world: World, cluster: ManagedCluster, pool: AgentPool) -> None:
    """A pool exists from here on, it may be in the middle of an upgrade."""
    nodes, course = pool.nodes.values(), pool.course
    world.observer.observe(
        NodePoolAdded(
            world.now,
            cluster.id.pool_id(pool.name),
            {node.name: node.shown_image for node in nodes},
            surge=frozenset(node.name for node in nodes if node.is_surge),
            unavailable=frozenset(node.name for node in nodes if not _takes_pods(node)),
            quarantined=frozenset(n.name for n in nodes if n.is_cordoned and UPGRADE_STATUS in n.labels),
            upgrading_to=course.image if course is not None and course.operation else "",
            upgrade_settings=_settings(pool),
        )
    )


def tell_pool_gone(world: World, cluster: ManagedCluster, pool: AgentPool) -> None:
    """A pool exists no more."""
    world.observer.observe(NodePoolRemoved(world.now, cluster.id.pool_id(pool.name)))


def tell_node(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    """A node comes."""
    pool_id = cluster.id.pool_id(pool.name)
    world.observer.observe(NodeAdded(world.now, pool_id, node.name, node.shown_image, is_surge=node.is_surge))


def tell_node_gone(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node) -> None:
    """A node is gone."""
    world.observer.observe(NodeRemoved(world.now, cluster.id.pool_id(pool.name), node.name))


def tell_accepted(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    image: str,
    *,
    kind: str,
    by_platform: bool = False,
) -> None:
    """Nodes of a pool are going to get an image.

    :param kind: ``reimage``, ``live`` or ``resume``
    """
    running = {node.name: node.shown_image for node in pool.nodes.values()}
    window = cluster.maintenance.get(NODE_IMAGE_WINDOW)
    pool_id = cluster.id.pool_id(pool.name)
    world.observer.observe(
        NodePoolUpgradeAccepted(
            world.now, pool_id, image, running, window, kind, by_platform, _settings(pool)
        )
    )


def tell_ended(world: World, cluster: ManagedCluster, pool: AgentPool, status: str) -> None:
    """An upgrade is over."""
    world.observer.observe(NodePoolUpgradeEnded(world.now, cluster.id.pool_id(pool.name), status))


def tell_available(
    world: World,
    cluster: ManagedCluster,
    pool: AgentPool,
    node: Node,
    *,
    available: bool,
    from_outside: bool = False,
) -> None:
    """A node takes pods from here on, or no more."""
    world.observer.observe(
        NodeAvailabilityChanged(
            world.now,
            cluster.id.pool_id(pool.name),
            node.name,
            available,
            is_surge=node.is_surge,
            from_outside=from_outside,
        )
    )


def tell_drain(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node, *, drained: bool) -> None:
    """A node has no pods any more, or its drain was given up."""
    world.observer.observe(NodeDrainEnded(world.now, cluster.id.pool_id(pool.name), node.name, drained))


def tell_image(world: World, cluster: ManagedCluster, pool: AgentPool, node: Node, *, before: str) -> None:
    """A node was reimaged; its Kubernetes version is what it was (R66)."""
    version = node.kubernetes_version
    world.observer.observe(
        NodeImageChanged(
            world.now, cluster.id.pool_id(pool.name), node.name, before, node.image, version, version
        )
    )


def _takes_pods(node: Node) -> bool:
    return node.is_ready and not node.is_cordoned


def _settings(pool: AgentPool) -> JsonObject:
    return dict(pool.properties.get("upgradeSettings") or {})
