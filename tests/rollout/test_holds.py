"""Holds in running rollouts: no further batch begins until a person releases them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from crashes import Death, Killed, Moment, Mortal
from rehearsals import EXPIRY, Admin, Rehearsal, asked, eventful
from worlds import FLEET_ID, NEW, START, repaired_world, rolling_policy, sick, world

from fleetwright.domain.errors import HeldError
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.records import RolloutSettings, RolloutView
from fleetwright.domain.states import RolloutState
from fleetwright.ledger.store import open_ledger
from fleetwright.rollout.ports.turns import TurnScope, Want
from fleetwright.rollout.runner import opened, roll_out
from fleetwright.rollout.selecting import choose_batch
from fleetwright.rollout.swapping import swap_os_disk

Rehearse = Callable[..., Rehearsal]
Deed = Callable[[Admin], object]

BEGAN = datetime.fromisoformat(START)
PHASE = "phase_1_europe"
IMAGE = "canonical:ubuntuserver:18.04-lts"
KINDS = [
    (HoldSubject.FLEET, FLEET_ID.lower()),
    (HoldSubject.VERSION, NEW),
    (HoldSubject.VERSION, f"{IMAGE}|{NEW}"),
    (HoldSubject.PHASE, PHASE),
    (HoldSubject.PHASE, "europe"),
]
FLEET = KINDS[0]
QUICK = {"swap": 4, "boot": 2, "extension": 2, "health": 2}


class Desk:
    """Where a person holds and releases, with a connection to the ledger of their own."""

    def __init__(self) -> None:
        self.url = ""

    def hold(self, subject: HoldSubject, name: str) -> Deed:
        """Hold something."""
        return lambda _admin: self._say(lambda ledger: ledger.add_hold(_hold(subject, name)))

    def release(self, subject: HoldSubject, name: str) -> Deed:
        """Release it."""
        word: dict[str, Any] = {"actor": "bob", "reason": "the fair is over", "at": BEGAN}
        return lambda _admin: self._say(lambda ledger: ledger.release_holds(subject, name, **word))

    def _say(self, deed: Callable[[Any], object]) -> None:
        with self.open() as ledger:
            deed(ledger)

    @contextmanager
    def open(self) -> Iterator[Any]:
        """The ledger, in a process of the person's own."""
        ledger = open_ledger(self.url)
        yield ledger
        ledger.close()


def _hold(subject: HoldSubject, name: str) -> Hold:
    return Hold(subject, name, "ann", "a trade fair", BEGAN.astimezone(UTC))


@pytest.fixture
def desk() -> Desk:
    """A person who may hold things."""
    return Desk()


def staged(rehearse: Rehearse, desk: Desk, document: dict[str, Any], *happenings: Any) -> Rehearsal:  # noqa: ANN401 - as ``eventful`` takes them
    """A rehearsal in which people say things at instants of its clock."""
    rehearsal = rehearse(document, clock=eventful(*happenings))
    desk.url = rehearsal.ledger_url
    return rehearsal


def batches_begun_between(view: RolloutView, since: float, until: float) -> list[int]:
    """Which batches began in a span of seconds after the world's start."""
    span = (BEGAN + timedelta(seconds=since), BEGAN + timedelta(seconds=until))
    return [b.index for b in view.batches if b.began_at and span[0] <= b.began_at < span[1]]


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
    assert lines.count(f"released: {held}") == 1


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


def test_a_hold_in_the_wait_for_budget_stops_the_clock_of_that_wait(rehearse: Rehearse, desk: Desk) -> None:
    """While it is held a rollout does not run out of patience with instances that are ill: the set is checked anew (R7, R8)."""

    def ill(admin: Admin) -> None:
        admin.touch("4", health="unhealthy")

    def well(admin: Admin) -> None:
        admin.touch("4", health="healthy")

    document = world(5, 0, timings=QUICK, updateDomains=1)
    said = ((3, ill), (60, desk.hold(*FLEET)), (700, well), (900, desk.release(*FLEET)))
    rehearsal = staged(rehearse, desk, document, *said)

    view = rehearsal.run()

    assert view.rollout.state is RolloutState.COMPLETED
    assert batches_begun_between(view, 61, 900) == []


def test_a_cancel_ends_the_wait_for_a_release(rehearse: Rehearse, desk: Desk) -> None:
    """A rollout that is held may be cancelled; it ends at once, with nothing in flight (N12)."""
    from fleetwright.rollout.cancelling import request_cancel

    def cancel(_admin: Admin) -> None:
        with desk.open() as ledger:
            at = BEGAN + timedelta(seconds=600)
            request_cancel(ledger, FLEET_ID.lower(), actor="bob", reason="wrong image", now=at)

    rehearsal = staged(rehearse, desk, world(), (30, desk.hold(*FLEET)), (600, cancel))

    view = rehearsal.run()

    assert (view.rollout.state, view.rollout.reason_message) == (
        RolloutState.CANCELLED,
        "cancelled by bob: wrong image",
    )
    assert view.rollout.ended_at is not None
    assert view.rollout.ended_at <= BEGAN + timedelta(seconds=610)


def test_a_rollout_that_has_nothing_left_ends_although_it_is_held(rehearse: Rehearse, desk: Desk) -> None:
    """Who has no further batch to begin is finished, whatever is held."""
    rehearsal = staged(rehearse, desk, world(1, 0), (5, desk.hold(*FLEET)))

    assert rehearsal.run().rollout.state is RolloutState.COMPLETED


def test_a_killed_rollout_is_held_when_it_is_resumed(rehearse: Rehearse, desk: Desk) -> None:
    """Whoever goes on after a crash finishes the open batch, then meets the same hold (R45)."""
    rehearsal = staged(rehearse, desk, world(5, 0, timings=QUICK), (900, desk.release(*FLEET)))
    with pytest.raises(Killed):
        rehearsal.run(Mortal(Death(_first_swap(rehearse), Moment.AFTER)).ports(rehearsal.ports()))
    desk.hold(*FLEET)(rehearsal.admin)
    rehearsal.wall.advance(60)

    view = rehearsal.run(owner="second")

    assert view.rollout.state is RolloutState.COMPLETED
    assert len(batches_begun_between(view, 0, 900)) == 1
    assert rehearsal.admin.violations() == []


def _first_swap(rehearse: Rehearse) -> int:
    """The number of the call with which the first swap is sent."""
    probe = Mortal()
    rehearsal = rehearse(world(5, 0, timings=QUICK))
    rehearsal.run(probe.ports(rehearsal.ports()))
    return probe.calls.index("begin_swap")


@pytest.mark.parametrize("looks", [1, 4])
def test_a_rollout_killed_while_it_is_held_is_resumed_and_waits(
    rehearse: Rehearse, desk: Desk, looks: int
) -> None:
    """Whoever goes on with a rollout that died in the wait for a release waits on, and repeats nothing (R45)."""
    deaths: list[int] = []

    def die(_admin: Admin) -> None:
        deaths.append(1)
        raise Killed

    said = ((10, desk.hold(*FLEET)), (300 + looks * 5, die), (900, desk.release(*FLEET)))
    rehearsal = staged(rehearse, desk, world(5, 0, timings=QUICK), *said)
    with pytest.raises(Killed):
        rehearsal.run()
    rehearsal.wall.advance(60)

    view = rehearsal.run(owner="second")

    assert deaths == [1]
    assert view.rollout.state is RolloutState.COMPLETED
    assert batches_begun_between(view, 11, 900) == []
    assert rehearsal.admin.violations() == []


def test_what_changed_while_it_was_held_is_told(
    rehearse: Rehearse, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """After the release the set is read again, the plan is made anew, and its difference is told (R51)."""
    caplog.set_level(logging.INFO, "fleetwright.rollout")
    said = (
        (10, desk.hold(*FLEET)),
        (600, lambda admin: admin.protect("4")),
        (900, desk.release(*FLEET)),
    )
    rehearsal = staged(rehearse, desk, world(5, 0, timings=QUICK, updateDomains=1), *said)

    view = rehearsal.run()

    assert "4" not in view.swaps
    (told,) = [
        line for line in map(logging.LogRecord.getMessage, caplog.records) if "the plan has changed" in line
    ]
    assert "3 batches instead of 4" in told
    assert "no more: 4" in told


def test_a_held_rollout_gives_its_turns_back(rehearse: Rehearse, desk: Desk) -> None:
    """While a rollout is held other sets may have its zone; what it has swapped keeps its pair until its end (R46, R48)."""
    seen: list[list[str]] = []

    def look(_admin: Admin) -> None:
        with desk.open() as ledger:
            seen.append([str(turn.scope) for turn in ledger.list_turns()])

    said = ((15, look), (30, desk.hold(*FLEET)), (600, look), (900, desk.release(*FLEET)), (915, look))
    rehearsal = staged(rehearse, desk, world(), *said)

    view = rehearsal.run()

    assert view.rollout.state is RolloutState.COMPLETED
    assert seen == [["pair", "zone"], ["pair"], ["pair", "zone"]]


def test_a_hold_in_the_wait_for_a_turn_is_heeded(
    rehearse: Rehearse, desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    """Who waits for a zone and is held meanwhile begins nothing when the zone is free, until its release (R45, R48)."""
    caplog.set_level(logging.INFO, "fleetwright.rollout")
    other = FLEET_ID + "2"

    def free(_admin: Admin) -> None:
        ledger.give_turns_back(theirs)

    said = ((100, desk.hold(*FLEET)), (300, free), (900, desk.release(*FLEET)))
    rehearsal = staged(rehearse, desk, world(), *said)
    ledger = rehearsal.ports().ledger
    began = ledger.begin(RolloutSettings(other, NEW), owner="other", now=BEGAN, terms=EXPIRY)
    theirs = began.lease
    ledger.claim_turns(theirs, (Want(TurnScope.ZONE, f"westeurope|{IMAGE}|{NEW}", (other,)),))

    view = rehearsal.run()

    lines = [record.getMessage() for record in caplog.records]
    assert any(line.startswith("waiting for its turn: ") for line in lines)
    assert view.rollout.state is RolloutState.COMPLETED
    assert batches_begun_between(view, 0, 900) == []


def test_a_hold_between_choice_and_swap_is_heeded(rehearse: Rehearse, desk: Desk) -> None:
    """What is held after its batch was chosen, and before anything of it is in the ledger, is not begun (R45)."""
    rehearsal = staged(rehearse, desk, world(3, 0, timings=QUICK), (600, desk.release(*FLEET)))
    with opened(
        rehearsal.ports(), asked(), owner="first", terms=EXPIRY, keep_alive=lambda _lease: nullcontext()
    ) as session:
        chosen = choose_batch(session)
        desk.hold(*FLEET)(rehearsal.admin)
        swap_os_disk(session, chosen.instance_ids)
        begun = session.view.batches
        view = roll_out(session)

    assert (len(chosen.instance_ids), begun) == (1, ())
    assert view.rollout.state is RolloutState.COMPLETED
    assert batches_begun_between(view, 0, 600) == []


def test_repairs_are_the_sets_own_again_while_it_is_held(rehearse: Rehearse, desk: Desk) -> None:
    """A hold may last for days: automatic repairs are resumed for it, and suspended again before the next batch (O8)."""
    rehearsal = staged(rehearse, desk, repaired_world(), (30, desk.hold(*FLEET)), (900, desk.release(*FLEET)))

    view = rehearsal.run()

    assert view.rollout.state is RolloutState.COMPLETED
    with desk.open() as ledger:
        kinds = [str(e.kind) for e in ledger.list_events(FLEET_ID) if "repairs" in str(e.kind)]
    assert kinds == ["repairs suspended", "repairs resumed"] * 2
    assert rehearsal.admin.violations() == []


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
