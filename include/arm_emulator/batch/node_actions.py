"""What Batch does to a node because a call asks for it: reimage and reboot, at once or when its tasks are done."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ArmError
from arm_emulator.batch.errors import InvalidPropertyError, NodeConflictError
from arm_emulator.batch.interruption import interrupt, stop_tasks
from arm_emulator.batch.node import AfterTasks
from arm_emulator.batch.node_changes import node_changed
from arm_emulator.batch.node_state import NodeState, machine_state
from arm_emulator.batch.work import hand_out_queue
from arm_emulator.compute.actions import begin_reimage
from arm_emulator.compute.change_log import instance_changed
from arm_emulator.compute.disruption import UNDISTURBED, Disruption
from arm_emulator.compute.images import require_version, version_of_new_instances
from arm_emulator.compute.instance import ChangeKind, Fate
from arm_emulator.compute.machine_actions import begin_power_change
from arm_emulator.record import TasksEnded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.batch.node import Node
    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.compute.instance import Instance
    from arm_emulator.world.world import World


class TaskOption(StrEnum):
    """What becomes of the tasks of a node."""

    REQUEUE = "requeue"
    TERMINATE = "terminate"
    TASK_COMPLETION = "taskcompletion"
    RETAINED_DATA = "retaineddata"


WAITS = frozenset({TaskOption.TASK_COMPLETION, TaskOption.RETAINED_DATA})
_CODES: Mapping[NodeState, str] = MappingProxyType(
    {
        NodeState.REIMAGING: "NodeBeingReimaged",
        NodeState.REBOOTING: "NodeBeingRebooted",
        NodeState.CREATING: "NodeBeingCreated",
        NodeState.STARTING: "NodeBeingStarted",
        NodeState.UNUSABLE: "NodeStateUnusable",
    }
)
_NOT_WELL = frozenset(
    {NodeState.UNUSABLE, NodeState.START_TASK_FAILED, NodeState.WAITING_FOR_START_TASK, NodeState.UNKNOWN}
)


def ask_for(
    world: World,
    pool: BatchPool,
    node: Node,
    act: AfterTasks,
    option: TaskOption,
    *,
    version: str | None = None,
    disruption: Disruption = UNDISTURBED,
) -> None:
    """Accept a new OS disk for a node, a restart of its machine, or its deallocation.

    :param version: of the new disk's image; None for the newest that the pool's image means. With one, a node that is
        not well is replaced, too: a rollout's way back leads through such nodes (ADR 22).
    :raises NodeConflictError: the node's state forbids it.
    :raises InvalidPropertyError: the region has no such version.
    """
    instance = pool.machines.instances[node.instance]
    _require_ready(node, instance, act, also_not_well=version is not None)
    wanted = None if version is None else _known_version(world, pool, version)
    if option in WAITS and node.is_working:
        node.after_tasks, node.after_version = act, wanted
        node.after_fate = disruption.fate_of(node.instance)
        node_changed(world, pool, node)
        return
    interrupt(world, pool, node, requeue=option is not TaskOption.TERMINATE)
    _begin(world, pool, node, act, wanted, disruption)
    hand_out_queue(world, pool)


def start_node(world: World, pool: BatchPool, node: Node, disruption: Disruption = UNDISTURBED) -> None:
    """Accept the start of a node that is deallocated.

    :raises NodeConflictError: it is not.
    """
    instance = pool.machines.instances[node.instance]
    state = machine_state(instance)
    if state is not NodeState.DEALLOCATED:
        raise _conflict(node, state, "start", "deallocated")
    begin_power_change(world, pool.machines, instance, ChangeKind.START, disruption)
    _mark(world, pool, instance)


def act_after_tasks(world: World, pool: BatchPool) -> None:
    """Do what nodes waited to do, where the last task is over."""
    free = [node for node in pool.nodes.values() if node.after_tasks is not None and not node.tasks]
    for node in free:
        act, version, disruption = node.after_tasks, node.after_version, Disruption(node.after_fate)
        node.after_tasks, node.after_version, node.after_fate = None, None, Fate.APPLY
        node_changed(world, pool, node)
        if act is None or node.instance not in pool.machines.instances:
            continue
        with suppress(ArmError):  # the machine is busy or down by now: Batch drops what cannot be done
            _begin(world, pool, node, act, version, disruption)


def disable_scheduling(world: World, pool: BatchPool, node: Node, option: TaskOption) -> None:
    """Give a node no more tasks; those that it has go on, are queued again or end.

    :raises NodeConflictError: it is so already.
    """
    _require_scheduling(node, enabled=True)
    node.scheduling_enabled = False
    if option is TaskOption.TASK_COMPLETION or not node.is_working:
        node_changed(world, pool, node)
        return
    tasks = stop_tasks(pool, node, world, requeue=option is TaskOption.REQUEUE)
    names = tuple(f"{task.job}/{task.id}" for task in tasks)
    world.observer.observe(TasksEnded(world.now, pool.machines.told_as, node.instance, names))
    hand_out_queue(world, pool)


def enable_scheduling(world: World, pool: BatchPool, node: Node) -> None:
    """Give a node tasks again.

    :raises NodeConflictError: it is so already.
    """
    _require_scheduling(node, enabled=False)
    node.scheduling_enabled = True
    node_changed(world, pool, node)
    hand_out_queue(world, pool)


def _require_scheduling(node: Node, *, enabled: bool) -> None:
    if node.scheduling_enabled is not enabled:
        word = "disabled" if enabled else "enabled"
        raise NodeConflictError(
            "NodeAlreadyInTargetSchedulingState",
            f"The specified node is already in the target scheduling state: {node.id} is {word}.",
        )


def _require_ready(node: Node, instance: Instance, action: str, *, also_not_well: bool = False) -> None:
    state = machine_state(instance)
    if not instance.is_busy and (state is NodeState.IDLE or (also_not_well and state in _NOT_WELL)):
        return
    raise _conflict(node, state, action, "idle or running")


def _conflict(node: Node, state: NodeState, action: str, right: str) -> NodeConflictError:
    return NodeConflictError(
        _CODES.get(state, "OperationNotValidOnNode"),
        f"The specified node cannot {action} now: {node.id} is {state}; it has to be {right}, with nothing in progress.",
    )


def _known_version(world: World, pool: BatchPool, version: str) -> str:
    try:
        return require_version(world, pool.machines, version)
    except ArmError as error:
        raise InvalidPropertyError.of("exactVersion", version, error.message) from error


def _begin(
    world: World, pool: BatchPool, node: Node, act: AfterTasks, version: str | None, disruption: Disruption
) -> None:
    machines, instance = pool.machines, pool.machines.instances[node.instance]
    if act is AfterTasks.REIMAGE:
        newest = version or version_of_new_instances(world, machines)
        begin_reimage(world, machines, [instance], exact_version=newest, disruption=disruption)
    else:
        kind = ChangeKind.RESTART if act is AfterTasks.REBOOT else ChangeKind.DEALLOCATE
        begin_power_change(world, machines, instance, kind, disruption)
    _mark(world, pool, instance)


def _mark(world: World, pool: BatchPool, instance: Instance) -> None:
    if instance.change is not None:
        instance.change.by_batch = True
        instance_changed(world, pool.machines, instance)  # for lists that lag
