"""The referee's report as JSON."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.referee.referee import Referee
    from arm_emulator.referee.scale_set_record import Batch, ScaleSetRecord


UNKNOWN_VERSION = "unknown"
"""Counts the instances whose image could not be resolved."""


def report(referee: Referee, now: datetime, *, total_requests: int, mutating_requests: int) -> dict[str, Any]:
    """Everything that the referee can say at an instant."""
    swapped = sum(len(record.swaps) for record in referee.records.values())
    return {
        "scaleSets": {record.id: _scale_set(record, now) for record in referee.records.values()},
        "regions": {
            name: {"maxZonesInFlightPerImage": region.max_zones_per_image}
            for name, region in referee.regions.items()
        },
        "pairs": {"overlapSeconds": _rounded(referee.overlap.seconds_by(now))},
        "batchPools": {},
        "nodePools": {},
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
        "swaps": dict(record.swaps),
        "rollbacks": dict(record.rollbacks),
        "dataDisksLost": record.data_disks_lost,
        "imageVersions": dict(Counter(version or UNKNOWN_VERSION for version in record.versions.values())),
        "batches": [_batch(batch) for batch in record.batches],
        "busySeconds": _rounded(record.busy_seconds_by(now)),
        "wallSeconds": _rounded(wall),
        "overheadSeconds": _rounded(max(0.0, wall - record.busy_seconds_at_last_ready)),
    }


def _batch(batch: Batch) -> dict[str, Any]:
    return {
        "instances": list(batch.instances),
        "acceptedAt": admin_instant(batch.accepted_at),
        "readyAt": _maybe_instant(batch.ready_at),
    }


def _maybe_instant(instant: datetime | None) -> str | None:
    return None if instant is None else admin_instant(instant)


def _rounded(number: float) -> float:
    return round(number, 3)
