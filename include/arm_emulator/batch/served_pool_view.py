"""Pools as the data plane shows them: in its own spelling, which is not that of the management plane."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from arm_emulator.batch.image_references import as_served
from arm_emulator.batch.machines import virtual_machines
from arm_emulator.batch.node_state import DEALLOCATION_SINCE, UPGRADING_OS_SINCE, NodeState, node_state
from arm_emulator.batch.pool_view import pool_etag, pool_resource
from arm_emulator.wire.api_versions import is_at_least

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.compute.model import JsonObject

_SAME = ("displayName", "startTask", "taskSlotsPerNode", "metadata", "upgradePolicy")
_TIMES = ("lastModified", "creationTime", "allocationStateTransitionTime")
_COUNTED = (
    "creating", "idle", "offline", "preempted", "rebooting", "reimaging", "running", "starting", "startTaskFailed",
    "leavingPool", "unknown", "unusable", "waitingForStartTask",
)  # fmt: skip


def bare_etag(pool: BatchPool) -> str:
    """The pool's entity tag as the data plane writes it: without quotes."""
    return pool_etag(pool).removeprefix("W/").strip('"')


def served_pool_resource(pool: BatchPool, service: str, api_version: str) -> JsonObject:
    """The pool as a caller of that version sees it."""
    told = pool_resource(pool, api_version)["properties"]
    scale = (told.get("scaleSettings") or {}).get("fixedScale") or {}
    return {
        "id": pool.name,
        "url": f"{service}/pools/{pool.name}",
        "eTag": bare_etag(pool),
        **{name: told[name] for name in _TIMES if name in told},
        "state": "active",
        "stateTransitionTime": told["creationTime"],
        "allocationState": told["allocationState"].lower(),
        "vmSize": str(told.get("vmSize", "")).lower(),
        "virtualMachineConfiguration": _machine(virtual_machines(pool.resource)),
        "currentDedicatedNodes": told["currentDedicatedNodes"],
        "currentLowPriorityNodes": told["currentLowPriorityNodes"],
        "targetDedicatedNodes": scale.get("targetDedicatedNodes", told["currentDedicatedNodes"]),
        "targetLowPriorityNodes": scale.get("targetLowPriorityNodes", 0),
        "enableAutoScale": "autoScale" in (told.get("scaleSettings") or {}),
        **{name: told[name] for name in _SAME if told.get(name) is not None},
    }


def _machine(given: JsonObject) -> JsonObject:
    shown = {name: value for name, value in given.items() if name != "nodeAgentSkuId"}
    if "nodeAgentSkuId" in given:
        shown["nodeAgentSKUId"] = given["nodeAgentSkuId"]
    placement = given.get("nodePlacementConfiguration")
    if placement:
        shown["nodePlacementConfiguration"] = {"policy": str(placement.get("policy")).lower()}
    return {**shown, "imageReference": as_served(given.get("imageReference") or {})}


def node_counts(pool: BatchPool, api_version: str) -> JsonObject:
    """How many nodes are in each state that the version knows."""
    found: Counter[str] = Counter()
    for node in pool.all_nodes():
        found[node_state(pool.machines.instances[node.instance], node, api_version)] += 1
    names = [*_COUNTED]
    if is_at_least(api_version, UPGRADING_OS_SINCE):
        names.append("upgradingOS")
    if is_at_least(api_version, DEALLOCATION_SINCE):
        names += [NodeState.DEALLOCATED, NodeState.DEALLOCATING]
    counts: dict[str, Any] = {name: found[name.lower()] for name in names}
    none = dict.fromkeys(counts, 0)
    return {
        "poolId": pool.name,
        "dedicated": {**counts, "total": sum(found.values())},
        "lowPriority": {**none, "total": 0},
    }
