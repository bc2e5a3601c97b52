"""Holds in running rollouts: no further batch begins until a person releases them."""

from __future__ import annotations

import logging
from datetime import timedelta

import pytest
from holding import BEGAN, FLEET, KINDS, PHASE, QUICK, Desk, Rehearse, batches_begun_between, staged
from worlds import FLEET_ID, NEW, rolling_policy, sick, world

from fleetwright.domain.errors import HeldError
from fleetwright.domain.holds import HoldSubject
from fleetwright.domain.states import RolloutState


@pytest.mark.parametrize(("subject", "name"), KINDS)
def test_a_hold_stops_the_next_batch_until_its_release(
    rehearse: Rehearse, desk: Desk, caplog: pytest.LogCaptureFixture, subject: HoldSubject, name: str
) -> None:
    """A rollout that meets a hold of its fleet, version or phase finishes its batch, waits, and goes on when released (R45)."""
    caplog.set_level(logging.INFO, "fleetwright.rollout")
    said = ((30, desk.hold(subject, name)), (900, desk.release(subject, name)))
    rehearsal = staged(rehearse, desk, world(), *said)

    view = rehearsal.run(phase=PHASE)

    assert view.rollout.state is RolloutState.COMPLETED
    assert batches_begun_between(view, 0, 30) == [0]
    assert batches_begun_between(view, 30, 900) == []
    settled = view.batches[0].settled_at
    assert settled is not None
    assert settled < BEGAN + timedelta(seconds=120)
    assert rehearsal.admin.violations() == []
    word = f"fleetwright release {chr(39) + name + chr(39) if '|' in name else name} --reason TEXT"
    held = (
        f"{subject} {name} is held by ann since 2024-06-01 00:00 UTC: a trade fair; once it may go on: {word}"
    )
    lines = [record.getMessage() for record in caplog.records]
    assert lines.count(f"the rollout waits once this batch has its verdicts: {held}") == 1
    assert lines.count(f"no further batch begins: {held}") == 1
    assert lines.count(f"no longer in the way: {held}") == 1


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        (HoldSubject.FLEET, FLEET_ID.lower() + "2"),
        (HoldSubject.VERSION, "18.04.202401010"),
        (HoldSubject.VERSION, f"canonical:ubuntuserver:20.04-lts|{NEW}"),
        (HoldSubject.PHASE, "phase_0_canary"),
    ],
)
def test_a_hold_of_something_else_stops_nothing(
    rehearse: Rehearse, desk: Desk, subject: HoldSubject, name: str
) -> None:
    """Other fleets, versions, images and phases go on (R45)."""
    rehearsal = staged(rehearse, desk, world(3, 0), (1, desk.hold(subject, name)))

    assert rehearsal.run(phase=PHASE).rollout.state is RolloutState.COMPLETED


@pytest.mark.parametrize("second", range(5, 285, 40))
def test_a_hold_is_heeded_whenever_it_is_said(rehearse: Rehearse, desk: Desk, second: int) -> None:
    """Whenever in a rollout a hold is said, no batch begins from then on until its release, and none stays open (R45)."""
    document = world(5, 0, timings=QUICK, updateDomains=1, behaviours=[sick("3")], health_seconds=20)
    document["scaleSets"][0]["resource"]["properties"]["upgradePolicy"] = rolling_policy(
        pauseTimeBetweenBatches="PT30S", maxUnhealthyUpgradedInstancePercent=50
    )
    said = ((second, desk.hold(*FLEET)), (second + 600, desk.release(*FLEET)))
    rehearsal = staged(rehearse, desk, document, *said)

    view = rehearsal.run(health_timeout_seconds=20)

    assert view.rollout.state is RolloutState.COMPLETED
    assert batches_begun_between(view, second + 1, second + 600) == []
    assert all(b.settled_at is not None for b in view.batches)
    assert rehearsal.admin.violations() == []


def test_a_rollout_that_has_nothing_left_ends_although_it_is_held(rehearse: Rehearse, desk: Desk) -> None:
    """Who has no further batch to begin is finished, whatever is held."""
    rehearsal = staged(rehearse, desk, world(1, 0), (5, desk.hold(*FLEET)))

    assert rehearsal.run().rollout.state is RolloutState.COMPLETED


@pytest.mark.parametrize(("subject", "name"), KINDS)
@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_nothing_begins_on_what_is_held(
    rehearse: Rehearse, desk: Desk, subject: HoldSubject, name: str, trigger: str
) -> None:
    """A rollout that has not begun is held before it takes the fleet, whoever asked for it (R45)."""
    rehearsal = staged(rehearse, desk, world(3, 0))
    desk.hold(subject, name)(rehearsal.admin)

    with pytest.raises(HeldError) as held:
        rehearsal.run(phase=PHASE, trigger=trigger)

    (reason,) = held.value.reasons
    assert reason.startswith(f"{subject} {name} is held by ann since 2024-06-01 00:00 UTC: a trade fair")
    assert rehearsal.admin.mutating() == 0
