"""What a dead run of another fleet left in flight: its ledger and its instances are read, ``domain.flights`` judges."""

from __future__ import annotations

from datetime import datetime, timedelta

from fleetwright.domain.errors import FleetNotFoundError, FleetwrightError
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.flights import Flights, why_in_flight
from fleetwright.domain.records import RolloutView
from fleetwright.rollout.cancelling import find_ongoing
from fleetwright.rollout.session import RolloutSession

# For so long a call that nobody listens to any more may still be on its way: the client gives each attempt
# 10 s to connect and 60 s to be answered, and no attempt leaves after the lease was taken back.
CALL_LIFETIME = timedelta(seconds=75)


def read_flights(session: RolloutSession, fleet_key: str, silent_since: datetime) -> str:
    """Why something of the fleet's unfinished rollout may still be in flight; empty when nothing is.

    An error while asking means that something may be.

    :param silent_since: when its run was found dead; what it had sent then may show no sign yet
    """
    try:
        view = find_ongoing(session.ports.ledger, fleet_key)
        if view is None:
            return ""
        flights = Flights.of(view, silent_since)
        if not flights.swaps and flights.surge is None:
            return ""
        if session.now() < silent_since + CALL_LIFETIME:
            return f"what it has sent may be on its way until {silent_since + CALL_LIFETIME:%H:%M:%SZ}"
        return _judge(session, view, flights)
    except FleetNotFoundError:
        return ""  # deleted, with everything that was in flight
    except FleetwrightError as error:
        return f"what it has in flight could not be read: {error}"


def _judge(session: RolloutSession, view: RolloutView, flights: Flights) -> str:
    driver = session.ports.driver
    fleet = driver.fetch_fleet(parse_fleet_id(view.rollout.settings.fleet_id))
    listed = {instance.instance_id: instance for instance in driver.list_instances(fleet)}
    # A list may lag behind: whoever was swapped is read itself.
    for instance_id in (swap.instance_id for swap in flights.swaps):
        found = driver.fetch_instance(fleet, instance_id)
        if found is None:
            listed.pop(instance_id, None)
        else:
            listed[instance_id] = found
    return why_in_flight(flights, listed, fleet.health_source, session.now())
