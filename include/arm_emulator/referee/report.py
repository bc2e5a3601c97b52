"""The referee's report as JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.referee.referee import Referee
    from arm_emulator.referee.scale_set_record import Batch, ScaleSetRecord, Work


UNKNOWN_VERSION = "unknown"
"""Counts the instances whose image could not be resolved."""


def report(referee: Referee, now: datetime, *, total_requests: int, mutating_requests: int) -> dict[str, Any]:
    """Everything that the referee can say at an instant."""
    records = list(referee.records.values())
    swapped = sum(len(record.swaps) for record in records)
    return {
        "scaleSets": {record.id: _scale_set(record, now) for record in records if record.work is None},
        "regions": {
            name: {"maxZonesInFlightPerImage": region.max_zones_per_image}
            for name, region in referee.regions.items()
        },
        "pairs": {"overlapSeconds": _rounded(referee.overlap.seconds_by(now))},
        "batchPools": {r.id: _pool(r, r.work, now) for r in records if r.work is not None},
        **referee.node_pools.report(),
        "requests": {
            "total": total_requests,
            "mutating": mutating_requests,
            "perInstance": _rounded(total_requests / swapped) if swapped else None,
        },
        "violations": [violation.words() for violation in referee.violations],
    }


def _scale_set(record: ScaleSetRecord, now: datetime) -> dict[str, Any]:
    wall = 0.0
    if record.first_swap_at is not None and record.last_ready_at is not None:
        wall = max(0.0, (record.last_ready_at - record.first_swap_at).total_seconds())
    return {
        "instances": record.size,
        "firstSwapAt": _maybe_instant(record.first_swap_at),
        "lastReadyAt": _maybe_instant(record.last_ready_at),
        "maxOutOfService": record.max_out_of_service,
        "maxOutOfServicePercent": _rounded(record.max_out_of_service_percent),
        "maxInFlight": record.max_in_flight,
        "maxZonesInFlight": record.max_zones_in_flight,
        "maxUpdateDomainsInFlight": record.max_update_domains_in_flight,
        "swaps": _by_name(record, record.swaps),
        "rollbacks": _by_name(record, record.rollbacks),
        "dataDisksLost": record.data_disks_lost,
        "imageVersions": dict(Counter(version or UNKNOWN_VERSION for version in record.versions.values())),
        "batches": [_batch(record, batch) for batch in record.batches],
        "busySeconds": _rounded(record.busy_seconds_by(now)),
        "wallSeconds": _rounded(wall),
        "overheadSeconds": _rounded(max(0.0, wall - record.busy_seconds_at_last_ready)),
    }


def _pool(record: ScaleSetRecord, work: Work, now: datetime) -> dict[str, Any]:
    """What is told of a scale set, ``nodes`` for ``instances``, and what became of the work."""
    told = _scale_set(record, now)
    return {
        "nodes": told.pop("instances"),
        "runningNodesInterrupted": work.running_nodes_interrupted,
        "tasksRequeued": work.tasks_requeued,
        "tasksEndedByOrder": work.tasks_ended_by_order,
        **told,
    }


def _by_name(record: ScaleSetRecord, counts: Mapping[str, int]) -> dict[str, int]:
    return {record.named(instance): count for instance, count in counts.items()}


def _batch(record: ScaleSetRecord, batch: Batch) -> dict[str, Any]:
    return {
        "instances": [record.named(instance) for instance in batch.instances],
        "acceptedAt": admin_instant(batch.accepted_at),
        "readyAt": _maybe_instant(batch.ready_at),
    }


def _maybe_instant(instant: datetime | None) -> str | None:
    return None if instant is None else admin_instant(instant)


def _rounded(number: float) -> float:
    return round(number, 3)
