"""Batch accounts and pools as world documents that can be loaded again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.batch.documents import EndedTaskDocument, NodeDocument, TaskDocument
from arm_emulator.compute.dumping import dump_scale_set
from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from arm_emulator.batch.node import EndedTask, Node, Task
    from arm_emulator.batch.pool import BatchAccount, BatchPool
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World


def dump_account(world: World, account: BatchAccount) -> JsonObject:
    """The account as it is now, with its pools."""
    return {
        "resource": account.resource,
        "x-emulator": {"activated": account.is_activated},
        "pools": [_pool(world, pool) for pool in account.pools.values()],
    }


def _pool(world: World, pool: BatchPool) -> JsonObject:
    told = {node.id: _node(node) for node in pool.all_nodes()}
    extras: dict[str, Any] = {
        "nodes": len(pool.machines.instances),
        "machines": dump_scale_set(world, pool.machines)["x-emulator"],
        "nodeStates": {name: said for name, said in told.items() if said},
        "queue": [_task(task) for task in pool.queue],
        "etag": pool.etag,
    }
    return {"resource": pool.resource, "x-emulator": {k: v for k, v in extras.items() if v or k == "nodes"}}


def _node(node: Node) -> JsonObject:
    """What a node has that a new one has not."""
    document = NodeDocument(
        schedulingState="enabled" if node.scheduling_enabled else "disabled",
        tasks=[TaskDocument.model_validate(_task(task)) for task in node.tasks],
        afterTasks=None if node.after_tasks is None else node.after_tasks.value,
        afterVersion=node.after_version,
        afterFate=node.after_fate,
        totalTasksRun=node.total_tasks_run,
        totalTasksSucceeded=node.total_tasks_succeeded,
        ended=[_ended_task(task) for task in node.ended],
        changedAt=None if node.changed_at is None else admin_instant(node.changed_at),
    )
    return document.model_dump(mode="json", exclude_defaults=True)


def _task(task: Task) -> JsonObject:
    return {
        "job": task.job,
        "id": task.id,
        "seconds": task.seconds,
        "began": admin_instant(task.began),
        "ends": None if task.ends is None else admin_instant(task.ends),
        "requeues": task.requeues,
    }


def _ended_task(task: EndedTask) -> EndedTaskDocument:
    return EndedTaskDocument(
        job=task.job,
        id=task.id,
        began=admin_instant(task.began),
        ended=admin_instant(task.ended),
        succeeded=task.succeeded,
        requeues=task.requeues,
    )
