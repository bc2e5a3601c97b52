"""Runs that wait for their turn do so in the triggerer, and go on once whoever was before them has ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from airflow_runs import Ran
from rollout_steps import TERMS, begin
from small_worlds import BY_HALVES, NEW, Emulated, world
from test_held_runs import opened, when
from test_triggers import run, stored

from fleetwright.airflow.triggers import RolloutWaitTrigger
from fleetwright.domain.records import RolloutSettings
from fleetwright.rollout import turn_waits
from fleetwright.rollout.ports.leases import Lease
from fleetwright.rollout.ports.turns import TurnScope, Want
from fleetwright.rollout.report import report
from fleetwright.rollout.selecting import Wait, choose_batch

RollOut = Callable[..., Ran]

NOW = datetime(2024, 6, 1, tzinfo=UTC)
ZONES = f"westeurope|canonical:ubuntuserver:18.04-lts|{NEW}"


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wait looks again at once, as the emulator of these tests is on the real clock."""
    monkeypatch.setattr(turn_waits, "SHORTEST_LOOK", turn_waits.SHORTEST_LOOK / 100)


class Neighbour:
    """Another set of the region, whose run has a zone.

    :param fleet: the set that has to wait; this one is called otherwise
    """

    def __init__(self, url: str, fleet: str, zone: str) -> None:
        self._url, self._id = url, f"{fleet}-neighbour"
        with opened(url) as ledger:
            settings = RolloutSettings(self._id, NEW, location="westeurope")
            acquired = ledger.begin(settings, owner="run of the neighbour", now=NOW, terms=TERMS)
            want = Want(TurnScope.ZONE, ZONES, (zone,))
            assert ledger.claim_turns(acquired.lease, (want,)).is_granted
            self._lease: Lease = acquired.lease

    def go_on(self) -> None:
        """Its last instance in the zone is upgraded."""
        with opened(self._url) as ledger:
            ledger.give_turns_back(self._lease)


def test_a_run_waits_for_its_zone_without_a_worker(
    emulator: Emulated, roll_out: RollOut, ledger_url: str
) -> None:
    """R48: while another set has another zone of the region, the run is deferred and says for whom it waits; then it goes on and completes."""
    fleet = emulator.serve(world(policy=BY_HALVES))
    neighbour = Neighbour(ledger_url, fleet, "2")

    with when("waiting for its turn", neighbour.go_on) as said:
        ran = roll_out(fleet)

    assert said.done
    assert ran.state == "success"
    assert emulator.judged()["imageVersions"] == {NEW: 4}
    assert "-neighbour (resource group" in ran.text
    assert "has zone 2 of westeurope since" in ran.text
    with opened(ledger_url) as ledger:
        (view,) = ledger.list_rollouts(fleet)
        assert [who["mode"] for wait in report(view)["waits"] for who in wait["behind"]] == ["2"]
        assert [one.fleet_key for one in ledger.list_turns()] == []


def test_a_wait_for_its_turn_goes_on_in_another_triggerer(emulator: Emulated, ledger_url: str) -> None:
    """R48: a wait that was stored and picked up elsewhere claims what its rollout needs, and fires once it has it."""
    fleet = emulator.serve(world(policy=BY_HALVES))
    neighbour = Neighbour(ledger_url, fleet, "2")
    session = begin(fleet)

    chosen = choose_batch(session)
    trigger = stored(
        RolloutWaitTrigger.for_session(session, chosen.wait or "", "azure_rm_default", chosen.since)
    )
    with when("waiting for its turn", neighbour.go_on):
        event = run(trigger)

    assert (chosen.wait, event) == (Wait.TURN, {"status": "ok"})
    assert [(one.fleet_key, one.mode) for one in session.ports.ledger.list_turns()] == [
        (fleet.lower(), "westeurope"),
        (fleet.lower(), "1"),
    ]


def test_a_wait_for_its_turn_is_fenced(emulator: Emulated, ledger_url: str) -> None:
    """R48: a wait whose lease was taken meanwhile claims nothing and says so."""
    fleet = emulator.serve(world(policy=BY_HALVES))
    Neighbour(ledger_url, fleet, "2")
    session = begin(fleet)
    assert choose_batch(session).wait is Wait.TURN

    trigger = RolloutWaitTrigger.for_session(session, Wait.TURN, "azure_rm_default", session.now())
    with opened(ledger_url) as ledger:
        ledger.retake(session.rollout_id, owner=session.lease.holder, terms=TERMS)

    assert run(stored(trigger))["kind"] == "lease_lost"
