"""The regions that a fleet's own is paired with: never upgraded while it is (R46)."""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.domain.errors import ProviderError
from fleetwright.domain.fleets import Fleet
from fleetwright.rollout.ports.regions import RegionDirectory


@dataclass(frozen=True, slots=True)
class Pairs:
    """What Azure says of a fleet's region.

    :param regions: those that it is paired with, by name
    :param reasons: why nothing may begin: nobody knows with whom it would collide
    """

    regions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def find_pairs(directory: RegionDirectory, fleet: Fleet) -> Pairs:
    """Ask with which regions the fleet's own is paired; an error while asking means no."""
    subscription = fleet.fleet_id.subscription
    try:
        known = directory.fetch_regions(subscription)
    except ProviderError as error:
        reason = (
            f"the pairs of region {fleet.location!r} could not be read ({error}): "
            f"it takes the role Reader on subscription {subscription} (R46)"
        )
        return Pairs(reasons=(reason,))
    if fleet.location not in known:
        unknown = f"Azure knows no region {fleet.location!r}: it is taken to have no pair (R46)"
        return Pairs(warnings=(unknown,))
    return Pairs(tuple(sorted(known.pairs_of(fleet.location))))
