"""What an observer of the world is told about the nodes of a pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.record import (
    NodeAvailabilityChanged,
    NodeDrainEnded,
    NodeImageChanged,
    NodePoolAdded,
    NodePoolUpgradeAccepted,
    NodePoolUpgradeEnded,
)

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World

NODE_IMAGE_WINDOW = "aksManagedNodeOSUpgradeSchedule"
"""The maintenance configuration that node images go by."""


def tell_pool(world: World, cluster: ManagedCluster, pool: AgentPool) -> None:
    """A pool exists from here on."""
    images = {node.name: node.shown_image for node in pool.nodes.values()}
    world.observer.observe(NodePoolAdded(world.now, cluster.id.pool_id(pool.name), images))


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
        NodePoolUpgradeAccepted(world.now, pool_id, image, running, window, kind, by_platform)
    )


def tell_ended(world: World, cluster: ManagedCluster, pool: AgentPool, status: str) -> None:
    """An upgrade is over."""
    world.observer.observe(NodePoolUpgradeEnded(world.now, cluster.id.pool_id(pool.name), status))


def tell_available(
    world: World, cluster: ManagedCluster, pool: AgentPool, node: Node, *, available: bool
) -> None:
    """A node takes pods from here on, or no more."""
    world.observer.observe(
        NodeAvailabilityChanged(
            world.now, cluster.id.pool_id(pool.name), node.name, available, is_surge=node.is_surge
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
