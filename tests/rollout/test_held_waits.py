"""What a rollout that is held does with its waits, its turns, its repairs and its death."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from datetime import timedelta

import pytest
from crashes import Death, Killed, Moment, Mortal
from holding import BEGAN, FLEET, IMAGE, QUICK, Desk, Rehearse, batches_begun_between, staged
from rehearsals import EXPIRY, Admin, asked
from worlds import FLEET_ID, NEW, repaired_world, world

from fleetwright.domain.records import RolloutSettings
from fleetwright.domain.states import RolloutState
from fleetwright.rollout.cancelling import request_cancel
from fleetwright.rollout.ports.turns import TurnScope, Want
from fleetwright.rollout.runner import opened, roll_out
from fleetwright.rollout.selecting import choose_batch
from fleetwright.rollout.swapping import swap_os_disk


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
