"""Nodes that stop in the middle of their work, by a call or by the platform: what becomes of the work, and who hears of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.batch.node_changes import node_changed
from arm_emulator.batch.queue import enqueue
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
    if pool is None:
        return
    for instance in instances:
        node = pool.find_node(instance.instance_id)
        if node is not None:
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
                requeued=requeue,
            )
        )


def lose_node(world: World, machines: ScaleSet, instance: Instance) -> None:
    """A machine is gone, or its zone is: what the node on it worked at is queued again, and nobody is to blame."""
    pool = world.pool_of(machines)
    node = None if pool is None else pool.find_node(instance.instance_id)
    if pool is not None and node is not None:
        stop_tasks(pool, node, world, requeue=True)


def stop_tasks(pool: BatchPool, node: Node, world: World, *, requeue: bool) -> list[Task]:
    """Take its tasks from a node, for whatever reason.

    :return: those that it had.
    """
    tasks, node.tasks = node.tasks, []
    for task in tasks:
        if requeue:
            task.ends = None
            task.requeues += 1
            enqueue(pool, task)
        else:
            node.tasks.append(task)
            node.end(task, world.now, succeeded=False)
    node_changed(world, pool, node)
    return tasks
