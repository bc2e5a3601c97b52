"""Work on the nodes of a pool: tasks begin, end, and wait for a node that takes them."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING

from arm_emulator.batch.interruption import stop_tasks
from arm_emulator.batch.node import Task
from arm_emulator.batch.node_changes import node_changed
from arm_emulator.batch.queue import enqueue
from arm_emulator.compute.wakes import wake_at

if TYPE_CHECKING:
    from arm_emulator.batch.node import Node
    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.world.world import World

JOB = "job"
"""Of tasks that nobody submitted to a job of their own."""


def takes_work(pool: BatchPool, node: Node) -> bool:
    """Whether a task would begin on a node now: it is idle, and nothing else is meant for it."""
    machine = pool.machines.instances[node.instance]
    return node.takes_work and machine.ready and not machine.is_busy


def give_work(world: World, pool: BatchPool, node: Node, seconds: float) -> bool:
    """Let a node have this much work left: -1 never ends, 0 ends what it has.

    :return: whether the node has it; work for a node that takes none waits for any that does.
    """
    if node.tasks:
        _set_work_left(world, pool, node, seconds)
        return True
    if not seconds:
        return True
    task = Task(JOB, _free_name(pool, node), seconds, world.now, None)
    if not takes_work(pool, node):
        enqueue(pool, task)
        return False
    begin_task(world, pool, node, task)
    return True


def begin_task(world: World, pool: BatchPool, node: Node, task: Task) -> None:
    """Begin a task on a node, from its beginning."""
    task.began = world.now
    task.ends = None if task.seconds < 0 else world.now + timedelta(seconds=task.seconds)
    node.tasks.append(task)
    wake_at(world, pool.machines, task.ends)
    node_changed(world, pool, node)


def end_due_tasks(world: World, pool: BatchPool) -> None:
    """Tasks whose time is over have succeeded."""
    now = world.now
    over = [
        (node, task)
        for node in pool.nodes.values()
        for task in node.tasks
        if task.ends is not None and task.ends <= now
    ]
    for node, task in over:
        if node.instance in pool.machines.instances:
            node.end(task, now, succeeded=True)
            node_changed(world, pool, node)


def requeue_lost_tasks(world: World, pool: BatchPool) -> None:
    """Tasks on nodes that are not ready any more, though nobody acts on them, are queued again: such a node is lost."""
    for node in [node for node in pool.nodes.values() if node.tasks]:
        machine = pool.machines.instances.get(node.instance)
        if machine is not None and not machine.ready and not machine.is_busy:
            stop_tasks(pool, node, world, requeue=True)


def hand_out_queue(world: World, pool: BatchPool) -> None:
    """Begin tasks that wait, oldest first, on the nodes that take them."""
    for node in pool.all_nodes() if pool.queue else ():
        if pool.queue and takes_work(pool, node):
            begin_task(world, pool, node, pool.queue.popleft())


def _set_work_left(world: World, pool: BatchPool, node: Node, seconds: float) -> None:
    ends = None if seconds < 0 else world.now + timedelta(seconds=seconds)
    for task in node.tasks:
        task.ends = ends
        task.seconds = -1 if ends is None else (ends - task.began).total_seconds()
    wake_at(world, pool.machines, ends)
    node_changed(world, pool, node)
    end_due_tasks(world, pool)


def _free_name(pool: BatchPool, node: Node) -> str:
    tasks = (*pool.queue, *(task for other in pool.nodes.values() for task in other.tasks))
    taken = {task.id for task in tasks}
    names = (f"{node.id}-{number}" for number in count(node.total_tasks_run + 1))
    return next(name for name in names if name not in taken)
