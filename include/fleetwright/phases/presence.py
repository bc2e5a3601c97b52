"""A fleet as it is now, where it still exists: its owner may delete it at any time."""

from __future__ import annotations

from fleetwright.domain.errors import FleetNotFoundError
from fleetwright.domain.fleets import Fleet, kind_of, parse_fleet_id
from fleetwright.rollout.ports.driver import FleetDriver


def why_gone(fleet_id: str) -> str:
    """What is told of a fleet that was deleted."""
    return f"the {kind_of(fleet_id).words} does not exist any more"


def fetch_if_there(driver: FleetDriver, fleet_id: str) -> Fleet | None:
    """Read the fleet's model; None where its provider says that there is no such fleet.

    :raises ProviderError: when it cannot be read
    """
    try:
        return driver.fetch_fleet(parse_fleet_id(fleet_id))
    except FleetNotFoundError:
        return None
