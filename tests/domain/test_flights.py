"""Whether anything of a dead run may still be in flight."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from fleet_builders import (
    NEW,
    NOW,
    PROBED,
    a_batch_to,
    accepted,
    after,
    an_instance,
    intended,
    replaced,
    rollback_intended,
    sending,
    started,
    told,
)

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.flights import Flights, why_in_flight
from fleetwright.domain.health import OPERATION_LIMIT
from fleetwright.domain.instances import Health, Instance
from fleetwright.domain.journal import fold

SOON = after(100)
HEALTH_TIMEOUT = timedelta(seconds=300)
BOOTING = {"provisioning_state": "Updating", "power": "starting"}


def reason(
    *events: Event, now: datetime = SOON, silent_since: datetime = NOW, **instances: Instance | None
) -> str:
    """Why something of the rollout may be in flight; instances are ``i7=...``."""
    found = {name[1:]: instance for name, instance in instances.items() if instance is not None}
    return why_in_flight(Flights.of(fold((started(), *events)), silent_since), found, PROBED, now)


def test_nothing_begun_is_nothing_in_flight() -> None:
    """R48: a run that died before its first batch, or before it could have sent one, has nothing in flight."""
    assert reason() == ""
    assert reason(intended(0), i0=an_instance(0, **BOOTING)) == ""


@pytest.mark.parametrize(
    ("instance", "flies"),
    [
        (an_instance(0, version=NEW), False),
        (an_instance(0, version=NEW, health=Health.INITIALIZING), True),
        (an_instance(0, **BOOTING), True),
        (an_instance(0, provisioning_state="Failed"), False),
        (None, False),
    ],
    ids=["ready", "not healthy yet", "booting", "failed", "gone"],
)
@pytest.mark.parametrize("so_far", [(), (accepted(0),), (accepted(0), replaced(0))], ids=len)
def test_an_instance_flies_until_it_is_ready_failed_or_gone(
    so_far: tuple[Event, ...], instance: Instance | None, *, flies: bool
) -> None:
    """R48: what the provider shows of each instance decides, however far the ledger has come."""
    assert bool(reason(intended(0), sending(0), *so_far, i0=instance)) is flies


def test_nothing_flies_for_ever() -> None:
    """R48: without a sign, a swap is over 30 minutes and the health timeout after its attempt; once its disk is replaced, the health timeout after that."""
    batch, sick = (intended(0), sending(0), accepted(0)), an_instance(0, health=Health.UNHEALTHY)
    limit = NOW + OPERATION_LIMIT + HEALTH_TIMEOUT

    assert reason(*batch, i0=sick, now=limit - timedelta(seconds=1))
    assert reason(*batch, i0=sick, now=limit) == ""
    assert reason(*batch, replaced(0, now=after(60)), i0=sick, now=after(359))
    assert reason(*batch, replaced(0, now=after(60)), i0=sick, now=after(360)) == ""


def test_an_attempt_that_nobody_wrote_down_was_before_the_run_was_found_dead() -> None:
    """R48: a rollback that may have been sent right before the death has its full time, however old its batch is."""
    events = (*a_batch_to((0, "unhealthy")), rollback_intended(0))
    found_dead = after(2000)
    over = found_dead + OPERATION_LIMIT + HEALTH_TIMEOUT

    def then(now: datetime) -> str:
        return reason(*events, i0=an_instance(0, **BOOTING), now=now, silent_since=found_dead)

    assert then(over - timedelta(seconds=1))
    assert then(over) == ""


def test_new_instances_of_a_surge_fly_as_well() -> None:
    """R48, N15: instances that a surge brings are in flight until they are ready; those that were there before are not."""
    batch = intended(0)
    surging = told(EventKind.INTENDED, **{**batch.payload, "surge": {"capacity": 2, "known_ids": ["0", "1"]}})
    here = {"i0": an_instance(0), "i1": an_instance(1, health=Health.UNHEALTHY)}

    assert "2" in reason(surging, sending(0), **here, i2=an_instance(2, version=NEW, **BOOTING))
    assert reason(surging, sending(0), **here, i2=an_instance(2, version=NEW)) == ""


def test_the_reason_names_who_and_until_when() -> None:
    """R48: whoever waits is told which instances, what the first of them shows, and when it is over at the latest."""
    said = reason(
        intended(0, 7), sending(0, 7), accepted(0, 7), i0=an_instance(0), i7=an_instance(7, **BOOTING)
    )

    assert said == (
        "1 of its instances may be in flight (7); 7: power state is starting, until 12:35:00Z at the latest"
    )
