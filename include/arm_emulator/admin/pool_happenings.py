"""Things that happen to Batch pools from outside: they are scaled, nodes fall ill, get work, or lose it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import InvalidParameterError, ResourceNotFoundError
from arm_emulator.batch.interruption import stop_tasks
from arm_emulator.batch.node import node_id
from arm_emulator.batch.work import give_work
from arm_emulator.compute.quotas import require_quota
from arm_emulator.compute.scaling import scale_to

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.batch.node import Node
    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.world.world import World

_POOLS = "/pools/"
_BATCH = "/providers/microsoft.batch/"


def is_pool_id(text: str) -> bool:
    """Whether an id means a Batch pool, there or not."""
    return _BATCH in text.lower()


def named_pool(world: World, pool_id: str) -> BatchPool:
    """A pool by its id, in any case.

    :raises ResourceNotFoundError: the world has no such one.
    """
    account, _, name = pool_id.lower().rpartition(_POOLS)
    found = world.batch_accounts.get(account)
    pool = None if found is None else found.pools.get(name)
    if pool is None:
        raise ResourceNotFoundError(f"the world has no Batch pool {pool_id!r}")
    return pool


def named_nodes(pool: BatchPool, named: Iterable[str]) -> list[Node]:
    """Nodes by their ids, or by their machines' numbers.

    :raises InvalidParameterError: one of them is not there.
    """
    found = {name: pool.find_node(name) for name in named}
    for name, node in found.items():
        if node is None:
            raise InvalidParameterError(
                f"instances: pool {pool.name} has no node {name!r}", target="instances"
            )
    return [node for node in found.values() if node is not None]


def scale_pool(world: World, pool: BatchPool, nodes: int) -> list[str]:
    """Create or remove nodes until there are that many.

    :return: the ids of those there are then.
    :raises OperationNotAllowedError: a quota that the world lists for their subscription has too few vCPUs left.
    """
    if not pool.machines.is_hidden:
        require_quota(world, pool.machines, str(pool.machines.model.sku.get("name", "")), nodes)
    scale_to(world, pool.machines, nodes)
    scale = (pool.resource.get("properties") or {}).get("scaleSettings") or {}
    if "fixedScale" in scale:
        scale["fixedScale"] = {**(scale["fixedScale"] or {}), "targetDedicatedNodes": nodes}
    pool.etag += 1
    return [node_id(instance) for instance in pool.machines.instances]


def touch_work(world: World, pool: BatchPool, nodes: Iterable[Node], running: float | None) -> None:
    """What follows for the work of nodes to which something happened.

    :param running: the seconds of work that they are to have left; None leaves that as it is.
    """
    for node in nodes:
        if running is not None:
            give_work(world, pool, node, running)
        if node.tasks and not pool.machines.instances[node.instance].ready:
            stop_tasks(pool, node, world, requeue=True)
