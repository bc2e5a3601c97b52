"""Batch accounts and pools from world documents."""

from __future__ import annotations

import copy
from collections import deque
from datetime import timedelta
from itertools import chain, count
from typing import TYPE_CHECKING

from arm_emulator.batch.ids import AccountId
from arm_emulator.batch.machines import new_machines
from arm_emulator.batch.node import RECENT_TASKS, AfterTasks, EndedTask, Node, Task, instance_of
from arm_emulator.batch.pool import BatchAccount, BatchPool
from arm_emulator.batch.pool_resource import complete_pool, spelled
from arm_emulator.compute.change_log import remember_first
from arm_emulator.compute.documents import ScaleSetDocument, ScaleSetExtrasDocument
from arm_emulator.compute.loading import create_instances, register, restore_extras
from arm_emulator.compute.wakes import wake_at
from arm_emulator.instants import parse_instant
from arm_emulator.resources.regions import region_name

if TYPE_CHECKING:
    from arm_emulator.batch.documents import (
        BatchAccountDocument,
        EndedTaskDocument,
        NodeDocument,
        PoolDocument,
        PoolExtrasDocument,
        TaskDocument,
    )
    from arm_emulator.world.world import World


def load_account(world: World, document: BatchAccountDocument) -> BatchAccount:
    """Add an account with its pools to a world.

    :param document: one that passed validation.
    """
    resource = copy.deepcopy(document.resource)
    account = BatchAccount(
        id=AccountId.parse(resource["id"]),
        location=region_name(resource["location"]),
        resource=resource,
        is_activated=document.x_emulator.activated,
    )
    add_account(world, account)
    for pool in document.pools:
        load_pool(world, account, pool)
    return account


def add_account(world: World, account: BatchAccount) -> None:
    """Make an account part of the world.

    Names are unique in a region only, so one whose name is taken is served with its region: ``work.northeurope``.
    """
    taken = {other.served_as.lower() for other in world.batch_accounts.values()}
    names = (account.id.name, f"{account.id.name}.{account.location}")
    numbered = (f"{names[1]}.{number}" for number in count(2))
    account.named = next(name for name in chain(names, numbered) if name.lower() not in taken)
    world.batch_accounts[account.key] = account


def load_pool(world: World, account: BatchAccount, document: PoolDocument) -> BatchPool:
    """Add a pool with its nodes to an account of the world."""
    resource, extras = spelled(document.resource), document.x_emulator
    complete_pool(resource, world.now)
    name = resource.get("name") or str(resource["id"]).rpartition("/")[2]
    machines = new_machines(
        account, name, resource, regions=world.regions, now=world.now, nodes=nodes_of(document)
    )
    kept = extras.machines or ScaleSetExtrasDocument(
        imageVersion=extras.imageVersion,
        unhealthyInstances=[
            instance_of(node) for node in (*extras.unhealthyNodes, *extras.unhealthyInstances)
        ],
        timings=extras.timings,
    )
    backing = ScaleSetDocument.model_validate({"resource": machines.resource, "x-emulator": kept})
    restore_extras(machines, kept)
    machines.update_domains = 1
    create_instances(world, machines, backing)
    machines.owner = resource.get("id") or machines.owner
    register(world, machines)
    pool = BatchPool(
        machines.owner, name, resource, machines, etag=extras.etag, has_policy=account.is_activated
    )
    account.pools[name.lower()] = pool
    _give_work(world, pool, extras)
    machines.past.clear()
    remember_first(world, machines)  # what lagging lists show of nodes is their work, too
    return pool


def nodes_of(document: PoolDocument) -> int:
    """How many nodes there are: what the document says, or what the pool's fixed scale asks for."""
    if document.x_emulator.nodes is not None:
        return document.x_emulator.nodes
    scale = (spelled(document.resource).get("properties") or {}).get("scaleSettings") or {}
    return int((scale.get("fixedScale") or {}).get("targetDedicatedNodes") or 0)


def _give_work(world: World, pool: BatchPool, extras: PoolExtrasDocument) -> None:
    for named, said in extras.nodeStates.items():
        instance = instance_of(named)
        pool.nodes[instance] = _node(instance, said)
    for named, seconds in extras.running.items():
        node = pool.find_node(named)
        if node is not None:
            ends = None if seconds < 0 else world.now + timedelta(seconds=seconds)
            number = len(node.tasks) + 1
            node.tasks.append(Task("job", f"{node.id}-{number}", seconds, world.now, ends))
    pool.queue.extend(_task(task) for task in extras.queue)
    for node in pool.nodes.values():
        for task in node.tasks:
            wake_at(world, pool.machines, task.ends)


def _node(instance: str, said: NodeDocument) -> Node:
    return Node(
        instance=instance,
        scheduling_enabled=said.schedulingState == "enabled",
        tasks=[_task(task) for task in said.tasks],
        after_tasks=None if said.afterTasks is None else AfterTasks(said.afterTasks),
        after_version=said.afterVersion,
        after_fate=said.afterFate,
        total_tasks_run=said.totalTasksRun,
        total_tasks_succeeded=said.totalTasksSucceeded,
        ended=deque(map(_ended_task, said.ended), maxlen=RECENT_TASKS),
        changed_at=None if said.changedAt is None else parse_instant(said.changedAt),
    )


def _task(said: TaskDocument) -> Task:
    ends = None if said.ends is None else parse_instant(said.ends)
    return Task(said.job, said.id, said.seconds, parse_instant(said.began), ends, said.requeues)


def _ended_task(said: EndedTaskDocument) -> EndedTask:
    began, ended = parse_instant(said.began), parse_instant(said.ended)
    return EndedTask(said.job, said.id, began, ended, said.succeeded, said.requeues)
