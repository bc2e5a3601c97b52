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
from fleetwright.domain.states import SwapState
from fleetwright.domain.thresholds import name_ids


@dataclass(frozen=True, slots=True)
class Flights:
    """What a dead run may have in flight.

    :param swaps: those whose calls may have been sent, and that have no verdict
    :param surge: the batch that is replaced by instances more, None where none is (N15)
    :param silent_since: when the run was found dead: an attempt whose time nobody wrote down was no later
    """

    swaps: tuple[SwapRecord, ...]
    surge: BatchRecord | None
    health_timeout: timedelta
    silent_since: datetime

    @classmethod
    def of(cls, view: RolloutView, silent_since: datetime) -> Flights:
        """What the ledger says of a rollout."""
        return cls(
            # Of what was only intended nothing is sent any more: whose turn it is would be asked before.
            swaps=tuple(
                s for s in view.swaps.values() if s.is_in_flight and s.state is not SwapState.INTENDED
            ),
            surge=view.open_batch if view.is_surging else None,
            health_timeout=timedelta(seconds=view.rollout.settings.health_timeout_seconds),
            silent_since=silent_since,
        )

    def end_of(self, swap: SwapRecord) -> datetime:
        """When the swap is over, whatever became of it."""
        if swap.ended_at is not None:
            return swap.ended_at + self.health_timeout
        return (swap.attempted_at or self.silent_since) + OPERATION_LIMIT + self.health_timeout


def why_in_flight(
    flights: Flights, instances: Mapping[str, Instance], source: HealthSource, now: datetime
) -> str:
    """Why something may still be in flight; empty when nothing is (R46, R48).

    :param instances: every instance that there is, by its id, as read from the provider
    """
    ends = {swap.instance_id: flights.end_of(swap) for swap in flights.swaps} | _new_ones(flights, instances)
    reasons = {
        i: f"{why_not_ready(instances[i], source)}, until {end:%H:%M:%SZ} at the latest"
        for i, end in ends.items()
        if i in instances and now < end and not _is_down(instances[i], source)
    }
    if not reasons:
        return ""
    first = next(iter(reasons))
    return f"{len(reasons)} of its instances may be in flight ({name_ids(tuple(reasons))}); {first}: {reasons[first]}"


def _new_ones(flights: Flights, instances: Mapping[str, Instance]) -> dict[str, datetime]:
    """The instances that a surge has brought, and when each is over."""
    if flights.surge is None:
        return {}
    known = set(flights.surge.known_ids)
    end = max((flights.end_of(swap) for swap in flights.swaps), default=flights.silent_since)
    return {i: end for i in instances if i not in known}


def _is_down(instance: Instance, source: HealthSource) -> bool:
    return is_ready(instance, source) or instance.provisioning_state.lower() == "failed"
