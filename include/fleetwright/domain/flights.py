"""Whether anything that a dead run left behind may still be in flight: pure, of what its ledger says and its instances show.

Whoever takes over a dead run's place must be sure that its instances are down: ready, gone or failed, or without a sign
for longer than anything of it could last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleetwright.domain.health import OPERATION_LIMIT, is_ready, why_not_ready
from fleetwright.domain.instances import HealthSource, Instance
from fleetwright.domain.records import BatchRecord, RolloutView, SwapRecord
from fleetwright.domain.thresholds import name_ids


@dataclass(frozen=True, slots=True)
class Flights:
    """What a dead run may have in flight.

    :param swaps: written down as in flight, each with the batch that it flies in
    :param surge: the batch that is replaced by instances more, None where none is (N15)
    """

    swaps: tuple[tuple[SwapRecord, BatchRecord | None], ...]
    surge: BatchRecord | None
    health_timeout: timedelta

    @classmethod
    def of(cls, view: RolloutView) -> Flights:
        """What the ledger says of a rollout."""
        batch = view.open_batch
        return cls(
            swaps=tuple((swap, batch) for swap in view.swaps.values() if swap.is_in_flight),
            surge=batch if view.is_surging else None,
            health_timeout=timedelta(seconds=view.rollout.settings.health_timeout_seconds),
        )


def why_in_flight(
    flights: Flights, instances: Mapping[str, Instance], source: HealthSource, now: datetime
) -> str:
    """Why something may still be in flight; empty when nothing is (R46, R48).

    :param instances: every instance that there is, by its id, as read from the provider
    """
    up = {
        swap.instance_id: _may_fly(swap, batch, flights, instances, source, now)
        for swap, batch in flights.swaps
    }
    flying = {i: reason for i, reason in up.items() if reason} | _new_ones(flights, instances, source, now)
    if not flying:
        return ""
    first = next(iter(flying))
    return f"{len(flying)} of its instances may be in flight ({name_ids(tuple(flying))}); {first}: {flying[first]}"


def _may_fly(
    swap: SwapRecord,
    batch: BatchRecord | None,
    flights: Flights,
    instances: Mapping[str, Instance],
    source: HealthSource,
    now: datetime,
) -> str:
    instance = instances.get(swap.instance_id)
    if instance is None or _is_down(instance, source):
        return ""
    if swap.ended_at is not None:
        return _unless_over(instance, source, swap.ended_at + flights.health_timeout, now)
    began = swap.attempted_at or (batch.began_at if batch else None)
    return _unless_over(instance, source, _latest_end(began, flights), now)


def _new_ones(
    flights: Flights, instances: Mapping[str, Instance], source: HealthSource, now: datetime
) -> dict[str, str]:
    """The new instances of a surge that are not up yet."""
    if flights.surge is None:
        return {}
    end, known = _latest_end(flights.surge.began_at, flights), set(flights.surge.known_ids)
    fresh = {i: one for i, one in instances.items() if i not in known and not _is_down(one, source)}
    reasons = {i: _unless_over(instance, source, end, now) for i, instance in fresh.items()}
    return {i: reason for i, reason in reasons.items() if reason}


def _latest_end(began: datetime | None, flights: Flights) -> datetime | None:
    """When an act that began then is over, whatever became of it."""
    return began + OPERATION_LIMIT + flights.health_timeout if began else None


def _is_down(instance: Instance, source: HealthSource) -> bool:
    return is_ready(instance, source) or instance.provisioning_state.lower() == "failed"


def _unless_over(instance: Instance, source: HealthSource, end: datetime | None, now: datetime) -> str:
    if end is not None and now >= end:
        return ""
    until = f", until {end:%H:%M:%SZ} at the latest" if end else ""
    return f"{why_not_ready(instance, source)}{until}"
