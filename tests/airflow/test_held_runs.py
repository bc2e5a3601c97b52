"""Runs of what a person holds: skipped before they begin, deferred in mid-rollout until the release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from airflow_runs import Ran, when
from rollout_steps import begin
from small_worlds import BY_HALVES, NEW, Emulated, world
from test_triggers import run, stored

from fleetwright.airflow.triggers import RolloutWaitTrigger
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.rollout import heeding
from fleetwright.rollout.selecting import Wait, choose_batch

RollOut = Callable[..., Ran]

NOW = datetime(2024, 6, 1, tzinfo=UTC)
PHASE = "phase_1_europe"


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait looks again at once, as the emulator of these tests is on the real clock."""
    monkeypatch.setattr(heeding, "SHORTEST_LOOK", heeding.SHORTEST_LOOK / 100)
    monkeypatch.setattr(heeding, "WINDOW_LOOK", heeding.WINDOW_LOOK / 1000)


@contextmanager
def opened(url: str) -> Iterator[SqlLedger]:
    """The ledger, as a person's own process has it."""
    ledger = open_ledger(url)
    yield ledger
    ledger.close()


def hold(url: str, subject: HoldSubject, name: str) -> None:
    """A person holds something."""
    with opened(url) as ledger:
        ledger.add_hold(Hold(subject, name, "ann", "a trade fair", NOW))


def release(url: str, subject: HoldSubject, name: str) -> None:
    """A person releases it."""
    with opened(url) as ledger:
        assert ledger.release_holds(subject, name, actor="bob", reason="it is over", at=NOW) == 1


def kinds_of(fleet: str) -> list[tuple[HoldSubject, str]]:
    """Everything by which a run of the fleet can be held."""
    return [
        (HoldSubject.FLEET, fleet.lower()),
        (HoldSubject.VERSION, f"canonical:ubuntuserver:18.04-lts|{NEW}"),
        (HoldSubject.PHASE, "europe"),
    ]


@pytest.mark.parametrize("kind", range(3))
def test_a_run_of_what_is_held_is_skipped(
    emulator: Emulated, roll_out: RollOut, ledger_url: str, kind: int
) -> None:
    """Validate is skipped with the hold's one line, and nothing is touched (R45)."""
    fleet = emulator.serve(world(2))
    subject, name = kinds_of(fleet)[kind]
    hold(ledger_url, subject, name)
    before = emulator.mutating_calls()

    ran = roll_out(fleet, phase=PHASE)

    assert (ran.state, ran.tasks["validate"]) == ("success", "skipped")
    (reason,) = (line for line in ran.log if line.startswith("held: "))
    assert reason.startswith(
        f"held: {subject} {name} is held by ann since 2024-06-01 00:00 UTC: a trade fair;"
    )
    assert emulator.mutating_calls() == before


@pytest.mark.parametrize("kind", range(3))
def test_a_run_that_meets_a_hold_waits_for_its_release(
    emulator: Emulated, roll_out: RollOut, ledger_url: str, kind: int
) -> None:
    """The batch under way is finished, the choice of the next one waits in the triggerer, and a release lets it go on (R45)."""
    fleet = emulator.serve(world(policy=BY_HALVES))
    subject, name = kinds_of(fleet)[kind]
    swapped: list[int] = []

    def let_go() -> None:
        with opened(ledger_url) as ledger:
            (view,) = ledger.list_rollouts(fleet)
            swapped.append(len(view.swapped_ids))
            assert view.open_batch is None
        release(ledger_url, subject, name)

    with when("no further batch begins: ", let_go) as released:
        ran = roll_out(fleet, {"batch.swap_os_disk": lambda: hold(ledger_url, subject, name)}, phase=PHASE)

    assert released.done
    assert swapped == [2]
    assert ran.state == "success"
    assert emulator.judged()["imageVersions"] == {NEW: 4}
    assert ran.states("swap_os_disk") == ["success", "success"]
    assert f"no longer in the way: {subject} {name} is held by ann" in ran.text
    assert "the plan has not changed" in ran.text
    assert emulator.broken_rules() == []


def test_a_run_that_is_cancelled_while_it_is_held_ends(
    emulator: Emulated, roll_out: RollOut, ledger_url: str
) -> None:
    """A cancel ends the wait for a release: the run is red and says who and why (N12)."""
    from fleetwright.rollout.cancelling import request_cancel

    fleet = emulator.serve(world(policy=BY_HALVES))
    subject, name = kinds_of(fleet)[0]

    def cancel() -> None:
        with opened(ledger_url) as ledger:
            request_cancel(ledger, fleet, actor="bob", reason="wrong image", now=datetime.now(UTC))

    with when("no further batch begins: ", cancel):
        ran = roll_out(fleet, {"batch.swap_os_disk": lambda: hold(ledger_url, subject, name)})

    assert ran.state == "failed"
    assert "Cancelled: cancelled by bob: wrong image" in ran.errors["finish"]
    assert emulator.judged()["imageVersions"][NEW] == 2


def test_the_wait_for_a_release_goes_on_from_the_ledger(emulator: Emulated, ledger_url: str) -> None:
    """A trigger that was stored and picked up elsewhere waits on for the same hold, and fires when it is released (R45)."""
    fleet = emulator.serve(world(policy=BY_HALVES))
    session = begin(fleet)
    hold(ledger_url, HoldSubject.FLEET, fleet.lower())
    chosen = choose_batch(session)
    trigger = stored(RolloutWaitTrigger.for_session(session, Wait.RELEASE, "azure_rm_default", chosen.since))

    with when("no further batch begins: ", lambda: release(ledger_url, HoldSubject.FLEET, fleet.lower())):
        event = run(trigger)

    assert (chosen.wait, chosen.instance_ids) == (Wait.RELEASE, ())
    assert event == {"status": "ok"}


def test_a_wait_for_a_release_whose_lease_was_taken_ends(emulator: Emulated, ledger_url: str) -> None:
    """Somebody else's lease fences the wait: it ends with ``lease_lost`` although nobody has released anything."""
    from rollout_steps import OWNER, TERMS

    fleet = emulator.serve(world(policy=BY_HALVES))
    session = begin(fleet)
    hold(ledger_url, HoldSubject.FLEET, fleet.lower())
    trigger = stored(RolloutWaitTrigger.for_session(session, Wait.RELEASE, "azure_rm_default", session.now()))

    def take() -> Any:  # noqa: ANN401 - nobody looks at it
        return session.ports.ledger.retake(session.rollout_id, owner=OWNER, terms=TERMS)

    with when("no further batch begins: ", take):
        event = run(trigger)

    assert (event["status"], event["kind"]) == ("error", "lease_lost")
