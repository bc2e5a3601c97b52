"""Pools as ARM shows them: what a pool is asked to be, and what changes by itself."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from arm_emulator.batch.versions import knows_upgrade_policy
from arm_emulator.compute.instance import ChangeKind, Power
from arm_emulator.instants import admin_instant, parse_instant
from arm_emulator.seeded import digest

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject

POOL_TYPE = "Microsoft.Batch/batchAccounts/pools"


def pool_etag(pool: BatchPool) -> str:
    """The entity tag of a pool; it changes with every change that a call asks for."""
    created = (pool.resource.get("properties") or {}).get("creationTime")
    return f'W/"0x8D{digest("pool", pool.key, created, pool.etag)[:13].upper()}"'


def pool_resource(pool: BatchPool, api_version: str) -> JsonObject:
    """The pool as ARM shows it to a caller of that version (C4, R60)."""
    shown = copy.deepcopy(pool.resource)
    properties = {**(shown.get("properties") or {}), **_moving(pool)}
    if not (pool.has_policy and knows_upgrade_policy(api_version)):
        properties.pop("upgradePolicy", None)
    return {
        **shown,
        "id": pool.id,
        "name": pool.name,
        "type": POOL_TYPE,
        "etag": pool_etag(pool),
        "properties": properties,
    }


def being_created(pool: BatchPool) -> list[Instance]:
    """The machines that are not allocated yet; one that runs its start task is."""
    machines = (m for m in pool.machines.instances.values() if m.power is Power.STARTING)
    return [m for m in machines if m.change is not None and m.change.kind is ChangeKind.CREATE]


def _moving(pool: BatchPool) -> JsonObject:
    """What the nodes decide."""
    is_resizing = bool(being_created(pool))
    moving: dict[str, Any] = {
        "resizeOperationStatus": _resize_status(pool.resource.get("properties") or {}),
        "allocationState": "Resizing" if is_resizing else "Steady",
        "currentDedicatedNodes": len(pool.machines.instances),
        "currentLowPriorityNodes": 0,
        "currentNodeCommunicationMode": "Simplified",
    }
    resized = _resized_at(pool)
    if resized is not None and not is_resizing:
        moving["allocationStateTransitionTime"] = admin_instant(resized)
    return moving


def _resize_status(properties: JsonObject) -> JsonObject:
    """The resize at work, or the last one."""
    fixed = (properties.get("scaleSettings") or {}).get("fixedScale") or {}
    status = {
        "targetDedicatedNodes": fixed.get("targetDedicatedNodes"),
        "resizeTimeout": fixed.get("resizeTimeout", "PT15M"),
        "nodeDeallocationOption": fixed.get("nodeDeallocationOption", "Requeue"),
        "startTime": properties.get("allocationStateTransitionTime"),
    }
    return {name: value for name, value in status.items() if value is not None}


def _resized_at(pool: BatchPool) -> datetime | None:
    """When the last resize ended: when the last of its machines had booted; None where the pool tells of no resize."""
    began = (pool.resource.get("properties") or {}).get("allocationStateTransitionTime")
    if began is None:
        return None
    start = parse_instant(began)
    added = (m for m in pool.machines.instances.values() if m.created >= start and m.boots == 1)
    return max((m.powered_at for m in added), default=start)
