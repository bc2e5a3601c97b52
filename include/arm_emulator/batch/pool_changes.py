"""Changes of pools by calls: created, replaced, patched, deleted, resized."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidPropertyValueError
from arm_emulator.batch.machines import is_zonal, machines_resource, new_machines
from arm_emulator.batch.pool import BatchPool
from arm_emulator.batch.pool_bodies import READ_ONLY, patched
from arm_emulator.batch.pool_resource import complete_pool
from arm_emulator.batch.refusals import (
    refuse_fixed,
    refuse_incomplete,
    refuse_malformed,
    refuse_policy,
    refuse_unavailable,
    refuse_zones,
)
from arm_emulator.batch.upgrade_policy import policy_of
from arm_emulator.compute.loading import register
from arm_emulator.compute.model_changes import adopt_resource
from arm_emulator.compute.scaling import remove_instances, scale_to
from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchAccount
    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

POOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CONSTANT_TARGET = re.compile(r"\$TargetDedicated(?:Nodes)?\s*=\s*(\d+)\s*;")
_KEPT_BY_PUT = (
    "vmSize",
    "deploymentConfiguration",
    "scaleSettings",
    "taskSlotsPerNode",
    "interNodeCommunication",
    "taskSchedulingPolicy",
    "networkConfiguration",
)
_JUDGED_TOGETHER = ("upgradePolicy", "deploymentConfiguration")
_KEPT_OF_MACHINES = ("provisioningState", "uniqueId", "timeCreated")


def create_pool(world: World, account: BatchAccount, name: str, body: JsonObject) -> BatchPool:
    """PUT of a pool that is not there yet; nothing of it is part of the world before :func:`open_pool`.

    :param body: as it was written.
    :raises ArmError: it has something that Batch refuses.
    """
    if POOL_NAME.fullmatch(name) is None:
        raise InvalidPropertyValueError(
            f"The pool name '{name}' is invalid: it has up to 64 letters, digits, hyphens and underscores.",
            target="poolName",
        )
    refuse_malformed(body)
    refuse_incomplete(body)
    refuse_zones(world, account, body)
    refuse_policy(body, needs_mode=True)
    refuse_unavailable(world, account, body)
    resource = {**body, "id": account.id.pool_id(name), "name": name, "properties": _said(body)}
    resource["properties"].setdefault("scaleSettings", {"fixedScale": {"targetDedicatedNodes": 0}})
    complete_pool(resource, world.now)
    machines = new_machines(account, name, resource, regions=world.regions, now=world.now, nodes=0)
    return BatchPool(resource["id"], name, resource, machines, has_policy=account.is_activated)


def open_pool(world: World, account: BatchAccount, pool: BatchPool) -> None:
    """Make a new pool part of the world; its nodes are created, boot and run the start task as time passes."""
    account.pools[pool.name.lower()] = pool
    register(world, pool.machines)
    _resize(world, pool)


def replace_pool(
    world: World, account: BatchAccount, pool: BatchPool, body: JsonObject, disruption: Disruption
) -> None:
    """PUT of a pool that is there: what the body does not name is gone, but for what a pool cannot lose.

    :raises ArmError: it has something that Batch refuses; then nothing changes.
    """
    old = pool.resource.get("properties") or {}
    kept = {name: old[name] for name in (*READ_ONLY, *_KEPT_BY_PUT) if name in old}
    resource = {**body, "id": pool.id, "name": pool.name, "properties": {**kept, **_said(body)}}
    refuse_unavailable(world, account, body)
    _change(world, account, pool, resource, disruption, needs_mode=True)


def _said(body: JsonObject) -> JsonObject:
    """The properties to which a body gives a value; null says nothing."""
    return {name: value for name, value in body["properties"].items() if value is not None}


def patch_pool(
    world: World, account: BatchAccount, pool: BatchPool, body: JsonObject, disruption: Disruption
) -> None:
    """PATCH of a pool: what the body does not name stays.

    :raises ArmError: it has something that Batch refuses; then nothing changes.
    """
    refuse_unavailable(world, account, body)
    resource = patched(pool.resource, body)
    has_policy = bool(policy_of(pool.resource))
    _change(world, account, pool, resource, disruption, needs_mode=not has_policy)


def _change(
    world: World,
    account: BatchAccount,
    pool: BatchPool,
    resource: JsonObject,
    disruption: Disruption,
    *,
    needs_mode: bool,
) -> None:
    """Give a pool another resource: nodes keep their model until they are reimaged, and a new target resizes the pool."""
    old, new = pool.resource.get("properties") or {}, resource["properties"]
    refuse_malformed(resource)
    refuse_fixed(pool.resource, resource, len(pool.machines.instances))
    if not is_zonal(pool.resource):
        refuse_zones(world, account, resource)
    if any(old.get(name) != new.get(name) for name in _JUDGED_TOGETHER):
        refuse_policy(resource, needs_mode=needs_mode, before=pool.resource)
    if not disruption.applies_to_resource:
        return
    complete_pool(resource, world.now)
    new["lastModified"] = admin_instant(world.now)
    pool.resource = resource
    pool.etag += 1
    _carry_to_machines(world, account, pool)
    if old.get("scaleSettings") != new.get("scaleSettings"):
        _resize(world, pool)


def disable_auto_scale(world: World, account: BatchAccount, pool: BatchPool, disruption: Disruption) -> None:
    """Fix a pool's size at what it has; nothing happens to one that is fixed already."""
    scale = (pool.resource.get("properties") or {}).get("scaleSettings") or {}
    if scale.get("autoScale") is not None:
        _fix_size(world, account, pool, disruption)


def stop_resize(world: World, account: BatchAccount, pool: BatchPool, disruption: Disruption) -> None:
    """Have a pool want what it has: machines are allocated at once, so there is nothing else to stop."""
    scale = (pool.resource.get("properties") or {}).get("scaleSettings") or {}
    wanted = (scale.get("fixedScale") or {}).get("targetDedicatedNodes")
    if wanted is not None and wanted != len(pool.machines.instances):
        _fix_size(world, account, pool, disruption)


def delete_pool(world: World, account: BatchAccount, pool: BatchPool) -> None:
    """Delete a pool with its nodes, at once; the tasks of the nodes go with it."""
    machines = pool.machines
    remove_instances(world, machines, list(machines.instances))
    del world.scale_sets[machines.key]
    del account.pools[pool.name.lower()]


def _fix_size(world: World, account: BatchAccount, pool: BatchPool, disruption: Disruption) -> None:
    fixed = {"targetDedicatedNodes": len(pool.machines.instances), "targetLowPriorityNodes": 0}
    body: dict[str, Any] = {"properties": {"scaleSettings": {"fixedScale": fixed}}}
    patch_pool(world, account, pool, body, disruption)


def _carry_to_machines(world: World, account: BatchAccount, pool: BatchPool) -> None:
    """The machines' own resource and model follow the pool's."""
    machines = pool.machines
    count = len(machines.instances)
    wanted = machines_resource(account, pool.name, pool.resource, regions=world.regions, nodes=count)
    kept = {name: machines.resource["properties"][name] for name in _KEPT_OF_MACHINES}
    wanted["properties"] = {**wanted["properties"], **kept}
    adopt_resource(world, machines, wanted)


def _resize(world: World, pool: BatchPool) -> None:
    """Create or remove nodes until there are as many as are asked for."""
    target = target_nodes(pool.resource)
    if target is None or target == len(pool.machines.instances):
        return
    pool.resource["properties"]["allocationStateTransitionTime"] = admin_instant(world.now)
    scale_to(world, pool.machines, target)


def target_nodes(resource: JsonObject) -> int | None:
    """How many dedicated nodes a pool asks for; None where its formula gives no constant number."""
    scale = (resource.get("properties") or {}).get("scaleSettings") or {}
    if scale.get("autoScale") is not None:
        match = _CONSTANT_TARGET.search(str(scale["autoScale"].get("formula")))
        return None if match is None else int(match[1])
    return int((scale.get("fixedScale") or {}).get("targetDedicatedNodes") or 0)
