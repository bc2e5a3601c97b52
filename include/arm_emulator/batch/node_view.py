"""A node as the data plane shows it, kept as text until it changes: a pool's nodes are listed again and again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from arm_emulator.batch.image_references import as_served
from arm_emulator.batch.machines import START_TASK
from arm_emulator.batch.node_state import NodeState, is_start_task_failed, node_state
from arm_emulator.batch.shown_node import ShownNode
from arm_emulator.batch.speech import batch_instant, service_url
from arm_emulator.compute.instance import Power, Step

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from arm_emulator.batch.node import EndedTask, Node, Task
    from arm_emulator.batch.pool import BatchAccount, BatchPool
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall

AGENT_VERSION = "1.12.2"
_BAD = frozenset({NodeState.UNUSABLE, NodeState.START_TASK_FAILED})


def shown_node(
    account: BatchAccount, pool: BatchPool, node: Node, instance: Instance, call: ArmCall
) -> ShownNode:
    """The node as a call sees it."""
    service = service_url(call)
    key = (instance.revision, node.revision, pool.etag, call.api_version, service)
    if node.shown is None or node.shown.key != key:
        content = _content(account, pool, node, instance, service, call.api_version)
        node.shown = ShownNode(key, content, json.dumps(content))
    return node.shown


def changed_at(node: Node, instance: Instance) -> datetime:
    """When its state changed last."""
    times = (instance.provisioned_at, instance.powered_at, instance.health_at, node.changed_at)
    return max(at for at in times if at is not None)


def _content(
    account: BatchAccount, pool: BatchPool, node: Node, instance: Instance, service: str, api_version: str
) -> JsonObject:
    state = node_state(instance, node, api_version)
    booted = batch_instant(instance.booted_at or instance.created)
    shown: dict[str, Any] = {
        "id": node.id,
        "url": f"{service}/pools/{pool.name}/nodes/{node.id}",
        "state": state.value,
        "schedulingState": "enabled" if node.scheduling_enabled else "disabled",
        "stateTransitionTime": batch_instant(changed_at(node, instance)),
        "lastBootTime": booted,
        "allocationTime": batch_instant(instance.created),
        "ipAddress": _address(int(node.instance)),
        "affinityId": f"TVM:{node.id}",
        "vmSize": str(instance.model.sku.get("name", "")).lower(),
        "totalTasksRun": node.total_tasks_run,
        "runningTasksCount": len(node.tasks),
        "runningTaskSlotsCount": len(node.tasks),
        "totalTasksSucceeded": node.total_tasks_succeeded,
        **_start_task(pool, instance),
        "isDedicated": True,
        "nodeAgentInfo": {"version": AGENT_VERSION, "lastUpdateTime": booted},
        "virtualMachineInfo": _machine(account, pool, instance),
    }
    recent = list(_recent_tasks(node, service))
    if recent:
        shown["recentTasks"] = recent
    if state in _BAD:
        shown["errors"] = [_error(instance, state)]
    return shown


def _address(number: int) -> str:
    return f"10.{number // 62_500}.{number // 250 % 250}.{number % 250 + 4}"


def _recent_tasks(node: Node, service: str) -> Iterator[JsonObject]:
    """Those at work, then those that ended last."""
    for task in node.tasks:
        yield _task(task, service, "running", running_info(task))
    for ended in reversed(node.ended):
        yield _task(ended, service, "completed", ended_info(ended))


def _task(task: Task | EndedTask, service: str, state: str, info: JsonObject) -> JsonObject:
    return {
        "taskUrl": task_url(service, task.job, task.id),
        "jobId": task.job,
        "taskId": task.id,
        "taskState": state,
        "executionInfo": info,
    }


def task_url(service: str, job: str, task: str) -> str:
    """The address of a task."""
    return f"{service}/jobs/{job}/tasks/{task}"


def running_info(task: Task) -> JsonObject:
    """``executionInfo`` of a task at work."""
    return {"startTime": batch_instant(task.began), "retryCount": 0, "requeueCount": task.requeues}


def ended_info(task: EndedTask) -> JsonObject:
    """``executionInfo`` of a task that is over."""
    info: dict[str, Any] = {
        "startTime": batch_instant(task.began),
        "endTime": batch_instant(task.ended),
        "retryCount": 0,
        "requeueCount": task.requeues,
        "result": "success" if task.succeeded else "failure",
    }
    if task.succeeded:
        return {**info, "exitCode": 0}
    terminated = {"category": "usererror", "code": "TaskEnded", "message": "Task Was Ended by User Request"}
    return {**info, "failureInfo": terminated}


def _start_task(pool: BatchPool, instance: Instance) -> JsonObject:
    """The start task, and how it went since the last boot; before the machine is up it has not begun."""
    task = (pool.resource.get("properties") or {}).get("startTask")
    if not task:
        return {}
    if instance.power is Power.STARTING:
        return {"startTask": task}
    began = batch_instant(instance.powered_at)
    done = next((result for result in instance.extensions if result.name == START_TASK), None)
    info: dict[str, Any] = {"startTime": began, "retryCount": 0}
    if done is None:
        is_running = instance.step is Step.EXTENDING
        return {"startTask": task, **({"startTaskInfo": {"state": "running", **info}} if is_running else {})}
    info |= {"state": "completed", "endTime": batch_instant(done.at), "exitCode": int(not done.succeeded)}
    info["result"] = "success" if done.succeeded else "failure"
    if not done.succeeded:
        message = "The task exited with an exit code representing a failure"
        info["failureInfo"] = {"category": "usererror", "code": "FailureExitCode", "message": message}
    return {"startTask": task, "startTaskInfo": info}


def _machine(account: BatchAccount, pool: BatchPool, instance: Instance) -> JsonObject:
    """The image with the version that the machine runs, and the machine itself where others than Batch see it."""
    reference = as_served(instance.model.image_reference)
    if instance.exact_version is not None:
        reference["exactVersion"] = instance.exact_version
    shown: dict[str, Any] = {"imageReference": reference}
    if account.is_user_subscription:
        machine = f"{pool.machines.id.text}/virtualMachines/{instance.instance_id}"
        shown["scaleSetVmResourceId"] = machine
    return shown


def _error(instance: Instance, state: NodeState) -> JsonObject:
    if state is NodeState.START_TASK_FAILED or is_start_task_failed(instance):
        return {"code": "StartTaskFailed", "message": "The start task failed on the node."}
    if instance.failure is not None:
        message = f"An operation on the node's machine failed: {instance.failure}."
        return {"code": instance.failure, "message": message}
    return {"code": "NodeNotReady", "message": "The node's agent reports that the node cannot run tasks."}
