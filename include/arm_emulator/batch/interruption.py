"""Nodes that stop in the middle of their work, by a call or by the platform: what becomes of the work, and who hears of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.record import NodeInterrupted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.batch.node import Node, Task
    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def interrupt_instances(world: World, machines: ScaleSet, instances: Iterable[Instance]) -> None:
    """Machines are replaced or restarted; those of a pool stop working, and their tasks are queued again (N28)."""
    pool = world.pool_of(machines)
    for instance in instances if pool is not None else ():
        node = pool.find_node(instance.instance_id) if pool is not None else None
        if pool is not None and node is not None:
            interrupt(world, pool, node)


def interrupt(world: World, pool: BatchPool, node: Node, *, requeue: bool = True) -> None:
    """A node is replaced or restarted: its tasks stop, which the observer hears if there are any (R55).

    :param requeue: the tasks are queued again, from their beginning; else they end.
    """
    tasks = stop_tasks(pool, node, world, requeue=requeue)
    if tasks:
        world.observer.observe(
            NodeInterrupted(
                world.now,
                pool.machines.told_as,
                node.instance,
                tuple(f"{task.job}/{task.id}" for task in tasks),
                deferred=pool.defers_upgrades,
            )
        )


def stop_tasks(pool: BatchPool, node: Node, world: World, *, requeue: bool) -> list[Task]:
    """Take its tasks from a node, for whatever reason.

    :return: those that it had.
    """
    tasks, node.tasks = node.tasks, []
    for task in tasks if requeue else ():
        task.began = world.now
        task.ends = None if task.seconds < 0 else world.now + timedelta(seconds=task.seconds)
        pool.queue.append(task)
    return tasks
