"""What has to follow whenever the Batch side of a node changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.compute.change_log import remember

if TYPE_CHECKING:
    from arm_emulator.batch.node import Node
    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.world.world import World


def node_changed(world: World, pool: BatchPool, node: Node) -> None:
    """The node is another one from now on; remember it for lists that lag."""
    node.changed(world.now)
    machine = pool.machines.instances.get(node.instance)
    if machine is not None:
        remember(world, pool.machines, node.instance, machine)
