"""Routes of tasks on the data plane: what one sees of the work that the world gives to nodes, and its end by a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from arm_emulator.batch.errors import TaskConflictError, TaskNotFoundError
from arm_emulator.batch.node_addressing import served_account
from arm_emulator.batch.node_changes import node_changed
from arm_emulator.batch.node_view import ended_info, running_info, task_url
from arm_emulator.batch.odata import listed
from arm_emulator.batch.speech import SERVICE, batch_instant, service_url
from arm_emulator.batch.work import hand_out_queue
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.batch.node import EndedTask, Node, Task
    from arm_emulator.batch.pool import BatchAccount, BatchPool
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

TASK = f"{SERVICE}/jobs/{{jobId}}/tasks/{{taskId}}"
_FILTERS = frozenset({"id", "state"})


class Known(NamedTuple):
    """A task that the account knows of.

    :param task: at work, or waiting where there is no node; None for one that is over.
    """

    pool: BatchPool
    node: Node | None
    task: Task | None
    ended: EndedTask | None


def task_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", f"{SERVICE}/jobs/{{jobId}}/tasks", list_tasks, only_reads=True),
        Route("GET", TASK, get_task, only_reads=True),
        Route("POST", f"{TASK}/terminate", terminate),
    )


def list_tasks(world: World, call: ArmCall) -> ArmReply:
    """The tasks of a job, of all pools."""
    known = _of_job(served_account(world, call), call.parameters["jobId"])
    return listed(call, "tasks", [_shown(one, call) for one in known], _FILTERS)


def get_task(world: World, call: ArmCall) -> ArmReply:
    """One task."""
    shown = _shown(_named(world, call), call)
    metadata = f"{service_url(call)}/$metadata#tasks/@Element"
    return ArmReply.of({"odata.metadata": metadata, **shown}, headers={"ETag": shown["eTag"]})


def terminate(world: World, call: ArmCall) -> ArmReply:
    """The end of a task, on its node or before it had one; it is not queued again."""
    known = _named(world, call)
    if known.task is None:
        raise TaskConflictError(f"The specified task is completed already: {call.parameters['taskId']}.")
    if known.node is None:
        known.pool.queue.remove(known.task)
    else:
        known.node.end(known.task, world.now, succeeded=False)
        node_changed(world, known.pool, known.node)
    hand_out_queue(world, known.pool)
    return ArmReply(204, headers={"DataServiceId": f"{call.base_url}{call.path}"})


def _named(world: World, call: ArmCall) -> Known:
    at = call.parameters
    for known in _of_job(served_account(world, call), at["jobId"]):
        told = known.task or known.ended
        if told is not None and told.id.lower() == at["taskId"].lower():
            return known
    raise TaskNotFoundError(f"The specified task does not exist: {at['taskId']} of job {at['jobId']}.")


def _of_job(account: BatchAccount, job: str) -> Iterator[Known]:
    for known in _all(account):
        told = known.task or known.ended
        if told is not None and told.job.lower() == job.lower():
            yield known


def _all(account: BatchAccount) -> Iterator[Known]:
    for pool in account.pools.values():
        for node in pool.nodes.values():
            yield from (Known(pool, node, task, None) for task in node.tasks)
            yield from (Known(pool, node, None, ended) for ended in node.ended)
        yield from (Known(pool, None, task, None) for task in pool.queue)


def _shown(known: Known, call: ArmCall) -> JsonObject:
    service, told = service_url(call), known.task or known.ended
    if told is None:
        raise ValueError("a task is at work, waits or is over")
    since = told.began if known.ended is None else known.ended.ended
    shown: dict[str, Any] = {
        "id": told.id,
        "url": task_url(service, told.job, told.id),
        "eTag": f"0x8D{int(since.timestamp() * 1_000_000) & 0xFFF_FFFF_FFFF:012X}",
        "lastModified": batch_instant(since),
        "creationTime": batch_instant(told.began),
        "state": "completed" if known.ended else "active" if known.node is None else "running",
        "stateTransitionTime": batch_instant(since),
        "commandLine": "sleep",
    }
    if known.ended is not None:
        shown["executionInfo"] = ended_info(known.ended)
    elif known.task is not None:
        queued = {"retryCount": 0, "requeueCount": known.task.requeues}
        shown["executionInfo"] = queued if known.node is None else running_info(known.task)
    if known.node is not None:
        url = f"{service}/pools/{known.pool.name}/nodes/{known.node.id}"
        shown["nodeInfo"] = {"nodeUrl": url, "poolId": known.pool.name, "nodeId": known.node.id}
    return shown
