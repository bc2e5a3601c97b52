"""What a rollout of a fleet will take, by its model alone: no instance is read for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

from fleetwright.domain.batch_pools import AllocationMode
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.plan import UNKNOWN_BATCH_DURATION
from fleetwright.domain.situation import batch_size

USUAL_UPDATE_DOMAINS = 5  # platformFaultDomainCount apart, Azure spreads a regional set over five


@dataclass(frozen=True, slots=True)
class Forecast:
    """Batches of a rollout and how long they take, if every instance has to be upgraded and all goes well."""

    batches: int
    duration: timedelta


def forecast(fleet: Fleet, each: timedelta = UNKNOWN_BATCH_DURATION) -> Forecast:
    """Predict from capacity, zones and policy: a batch lies within one zone and one update domain (R9, R49).

    How long nodes of a Batch pool may stay busy is nobody's to predict (R55).

    :param each: how long a batch takes
    """
    policy = fleet.effective_policy
    if fleet.capacity <= 0:
        return Forecast(0, timedelta(0))
    cap = 1 if _goes_one_by_one(fleet) else batch_size(fleet.capacity, policy.max_batch_instance_percent)
    batches = sum(-(-size // cap) for size in _domain_sizes(fleet))
    pauses = (batches - 1) * policy.pause_time_between_batches
    return Forecast(batches, batches * each + pauses)


def _goes_one_by_one(fleet: Fleet) -> bool:
    """Nobody shows in which zones the nodes of such a pool stand (R48)."""
    pool = fleet.pool
    return pool is not None and pool.is_zonal and pool.allocation_mode is AllocationMode.BATCH_SERVICE


def _domain_sizes(fleet: Fleet) -> tuple[int, ...]:
    if fleet.pool is not None:
        return (fleet.capacity,)  # Batch shows no update domains, and zones with the nodes only
    places = len(fleet.zones) or USUAL_UPDATE_DOMAINS
    if fleet.zones and fleet.effective_policy.enable_cross_zone_upgrade:
        places = 1
    return tuple(Counter(number % places for number in range(fleet.capacity)).values())
