"""How a phase waits in the triggerer, what Airflow stores of that, and how its rollout runs are named."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from airflow.sdk._shared.module_loading import import_string

from fleetwright.airflow.operators.fleet_rollouts import rollout_run_id
from fleetwright.airflow.operators.phase_step import publication_of
from fleetwright.airflow.phase_triggers import PhaseWaitTrigger, fingerprint
from fleetwright.airflow.phase_words import LONGEST_NOTE, note, story, summary
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.phase_runs import (
    FleetOutcome,
    FleetResult,
    FleetStart,
    PhaseRun,
    PhaseState,
)
from fleetwright.domain.publications import Publication
from fleetwright.ledger.store import open_ledger

NOW = datetime(2024, 6, 1, tzinfo=UTC)
PUBLICATION = Publication("canonical:ubuntuserver:18.04-lts", "18.04.202402010")
WEB = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web"
STARTED = FleetOutcome(WEB, FleetResult.STARTED, starts=1)
ROLLING = PhaseRun(
    "phase_0_canary",
    PUBLICATION,
    PhaseState.ROLLING,
    rolling_since=NOW,
    starts=(FleetStart(WEB, "westeurope", 2, 1, 60.0),),
    outcomes={WEB.lower(): STARTED},
)


def fire(trigger: PhaseWaitTrigger) -> dict[str, str]:
    """The one event that the trigger fires, after a round trip through Airflow's database."""
    path, arguments = trigger.serialize()
    again = import_string(path)(**json.loads(json.dumps(arguments)))

    async def first() -> dict[str, str]:
        async for event in again.run():
            payload: dict[str, str] = event.payload
            return payload
        raise AssertionError("the trigger fired nothing")

    return asyncio.run(asyncio.wait_for(first(), 30))


def test_a_wait_ends_at_its_instant(ledger_url: str) -> None:
    """R45: an instant that has come is no wait."""
    seen = fingerprint(open_ledger(ledger_url))

    assert fire(PhaseWaitTrigger(until=NOW.isoformat(), seen=seen)) == {"status": "ok"}


def test_a_wait_ends_with_a_release(ledger_url: str) -> None:
    """R45: a hold that was released after the phase decided to wait, and before the trigger began, is not missed."""
    ledger = open_ledger(ledger_url)
    ledger.add_hold(Hold(HoldSubject.PHASE, "phase_0_canary", "eve", "friday", NOW))
    seen = fingerprint(ledger)
    ledger.release_holds(HoldSubject.PHASE, "phase_0_canary", actor="eve", reason="monday", at=NOW)
    far = datetime.now(UTC) + timedelta(days=1)

    event = fire(PhaseWaitTrigger(until=far.isoformat(), seen=seen, poll_seconds=0.01))

    assert event == {"status": "ok"}


def test_a_ledger_that_cannot_be_read_ends_the_wait_in_one_line(
    ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R45: the task is told the error's kind and line, and tries again."""
    monkeypatch.setenv("FLEETWRIGHT_LEDGER_URL", "sqlite:////nowhere/at/all.db")

    event = fire(PhaseWaitTrigger(until=NOW.isoformat(), seen=""))

    assert event["status"] == "error"
    assert "\n" not in event["message"]


def test_a_rollout_runs_id_is_readable_and_the_same_for_the_same_start() -> None:
    """R45: a retried or cleared task comes to the id of the run that it started; version, fleet, phase and attempt are in it."""
    first = rollout_run_id(ROLLING, STARTED)

    assert re.fullmatch(r"18\.04\.202402010\.web\.phase_0_canary\.1\.1\.[0-9a-f]{8}", first)
    assert rollout_run_id(ROLLING, replace(STARTED, reason="again")) == first


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (replace(ROLLING, attempt=2), STARTED),
        (ROLLING, replace(STARTED, starts=2)),
        (ROLLING, replace(STARTED, fleet_id=WEB.replace("/rg/", "/other/"))),
        (replace(ROLLING, rolling_since=NOW + timedelta(days=1)), STARTED),
    ],
    ids=["another attempt", "started again", "another group", "another ledger"],
)
def test_what_is_started_anew_has_a_run_of_its_own(run: PhaseRun, outcome: FleetOutcome) -> None:
    """R45: another attempt, a start once more, a set of the same name elsewhere, and a ledger begun anew get other ids."""
    assert rollout_run_id(run, outcome) != rollout_run_id(ROLLING, STARTED)


def test_a_run_is_about_its_partition_key() -> None:
    """R45: what the asset event carries wins over the form."""
    params = {"publication": "a:b:c|1.2"}

    assert publication_of(PUBLICATION.key, params, regional=False) == PUBLICATION
    assert publication_of(None, params, regional=False) == Publication("a:b:c", "1.2")


@pytest.mark.parametrize(
    ("key", "regional", "words"),
    [
        ("", False, "no partition key and no parameter 'publication'"),
        ("a:b:c|1.2|westeurope", False, "is not image|version"),
        ("a:b:c|1.2", True, "is not image|version|region"),
        ("a:b:c", False, "is not image|version"),
    ],
)
def test_a_run_about_something_else_is_refused(key: str, regional: bool, words: str) -> None:
    """R45, R50: a phase is about a version in all of its regions, a gallery's run about one region; one line says which."""
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        publication_of(key or None, {}, regional=regional)


def test_a_failed_phase_tells_its_story() -> None:
    """R45, R47: the grid's note has the state, the reason, the counts, and the fleets that failed, each with its why."""
    faulted = FleetOutcome(WEB, FleetResult.FAULTED, upgraded=1, rolled_back=1, reason="MaxUnhealthy")
    run = replace(ROLLING, state=PhaseState.FAILED, reason="too bad", outcomes={WEB.lower(): faulted})

    told = story(run)

    assert told.startswith(
        f"{PUBLICATION} in phase_0_canary: failed: too bad\n1 fleet: 1 faulted; 0 left out"
    )
    assert "fleet web faulted: MaxUnhealthy" in told
    assert summary(run)["fleets"] == {"faulted": 1}


def test_a_long_story_keeps_its_why_and_its_what_now_in_the_note() -> None:
    """R45: the grid has 1,000 characters: a reason of any length keeps both ends there, and the counts after them."""
    reason = f"too many of web are ill: {'health is unhealthy; ' * 100}publish a newer one, then run it again"
    faulted = FleetOutcome(WEB, FleetResult.FAULTED, upgraded=1, rolled_back=1, reason="MaxUnhealthy" * 90)
    run = replace(ROLLING, state=PhaseState.FAILED, reason=reason, outcomes={WEB.lower(): faulted})

    told = note(run, "and more")

    assert len(told) <= LONGEST_NOTE
    assert told.startswith(f"{PUBLICATION} in phase_0_canary: failed: too many of web are ill")
    assert told.endswith("publish a newer one, then run it again\n1 fleet: 1 faulted; 0 left out\nand more")
    assert note(ROLLING) == story(ROLLING)
