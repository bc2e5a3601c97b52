"""Phase runs in the ledger: one chain with everything else, folded inside the transaction, told by their events."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.phase_documents import write_outcome, write_start
from fleetwright.domain.phase_runs import (
    FleetOutcome,
    FleetResult,
    FleetStart,
    PhaseEvent,
    PhaseEventKind,
    PhaseState,
    phase_run_key,
)
from fleetwright.domain.publications import Publication
from fleetwright.domain.quarantine import PHASE_PREFIX, Quarantined, Release, why_quarantined
from fleetwright.domain.records import RolloutSettings
from fleetwright.domain.states import IllegalMoveError
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.ledger.tables import phase_runs
from fleetwright.rollout.ports.leases import LeaseTerms

NOW = datetime(2024, 6, 1, tzinfo=UTC)
PUBLISHED = Publication("canonical:ubuntuserver:18.04-lts", "18.04.202402010")
KEY = phase_run_key("phase_0_first", PUBLISHED)
FLEETS = tuple(f"fleet-{number}" for number in range(8))


def event(kind: PhaseEventKind, **payload: Any) -> PhaseEvent:  # noqa: ANN401 - plain JSON
    """An event of a phase."""
    return PhaseEvent(kind, NOW, payload)


def opened(publication: Publication = PUBLISHED, phase: str = "phase_0_first") -> PhaseEvent:
    """The phase is opened."""
    about = {"image": publication.image, "version": publication.version, "region": publication.region}
    return event(PhaseEventKind.OPENED, phase=phase, owner="run 1", **about)


def rolling(*fleets: str) -> PhaseEvent:
    """It starts these fleets."""
    starts = [write_start(FleetStart(fleet, "westeurope", 3, 1, 300.0)) for fleet in fleets]
    return event(PhaseEventKind.ROLLING_BEGAN, starts=starts, left_out=[])


def test_a_run_is_read_back_as_it_was_left(ledger: SqlLedger) -> None:
    """What a phase has come to is found under its key, and in the list (R45)."""
    left = ledger.append_phase_events(KEY, [opened(), rolling("web")], actor="run 1")

    assert ledger.find_phase_run(KEY) == left
    assert ledger.list_phase_runs() == (left,)
    assert ledger.list_phase_states("phase_0_first", PUBLISHED.image) == {
        PUBLISHED.version: PhaseState.ROLLING
    }
    assert ledger.list_phase_states("phase_1_second", PUBLISHED.image) == {}
    assert ledger.find_phase_run("phase_1_second|x|1.0") is None


def test_phases_stand_in_the_one_chain(ledger: SqlLedger, settings: RolloutSettings) -> None:
    """Events of phases and of rollouts are links of one chain, and neither is read as the other (R45)."""
    terms = LeaseTerms(timedelta(seconds=30))
    acquired = ledger.begin(settings, owner="run", now=NOW, terms=terms)
    ledger.append_phase_events(KEY, [opened()], actor="run 1")
    ledger.append(acquired.view.rollout.rollout_id, [Event(EventKind.NOTED, NOW)], lease=acquired.lease)
    ledger.append_phase_events(KEY, [rolling("web")], actor="run 1")

    assert ledger.verify_chain() is None
    assert ledger.replay() == ()
    assert len(ledger.list_rollouts(settings.fleet_id)) == 1


def test_an_edited_row_is_found(ledger: SqlLedger) -> None:
    """A phase run whose row is not what its events say is named by the replay (R45)."""
    ledger.append_phase_events(KEY, [opened()], actor="run 1")
    with ledger._database.altering() as connection:  # what no port offers
        connection.execute(update(phase_runs).values(state="succeeded"))

    assert ledger.replay() == (KEY,)


def test_a_refused_move_writes_nothing(ledger: SqlLedger) -> None:
    """A fact that contradicts the table leaves chain, row and head as they were (R45)."""
    ledger.append_phase_events(KEY, [opened()], actor="run 1")

    with pytest.raises(IllegalMoveError, match="a fleet is started only while it is rolling"):
        ledger.append_phase_events(
            KEY, [rolling("web"), event(PhaseEventKind.ENDED, state="held", reason=""),
                  event(PhaseEventKind.FLEET_STARTED, fleet_id="web")], actor="x"
        )  # fmt: skip

    run = ledger.find_phase_run(KEY)
    assert run is not None
    assert run.state is PhaseState.WAITING
    assert ledger.verify_chain() is None
    assert ledger.replay() == ()


def test_many_tasks_write_one_phase_at_once(shared_url: str) -> None:
    """Mapped tasks, each with a ledger of its own, lose none of each other's words (R45)."""
    with_all = open_ledger(shared_url)
    with_all.append_phase_events(KEY, [opened(), rolling(*FLEETS)], actor="run 1")

    def tell(fleet: str) -> None:
        mine = open_ledger(shared_url)
        done = FleetOutcome(fleet, FleetResult.COMPLETED, rollout_id=fleet, upgraded=3)
        mine.append_phase_events(KEY, [event(PhaseEventKind.FLEET_STARTED, fleet_id=fleet)], actor=fleet)
        mine.append_phase_events(KEY, [event(PhaseEventKind.FLEET_ENDED, **write_outcome(done))], actor=fleet)
        mine.close()

    with ThreadPoolExecutor(len(FLEETS)) as pool:
        list(pool.map(tell, FLEETS))

    run = with_all.find_phase_run(KEY)
    assert run is not None
    assert {key: str(one.result) for key, one in run.outcomes.items()} == dict.fromkeys(FLEETS, "completed")
    assert with_all.verify_chain() is None
    assert with_all.replay() == ()
    with_all.close()


def test_one_publication_has_a_run_in_each_phase(ledger: SqlLedger) -> None:
    """Phases and versions do not get in each other's way; a gallery's regions are runs of their own (R50)."""
    gallery = Publication("/x/galleries/g/images/web", "1.0.0", "westeurope")
    for phase, publication in (
        ("phase_0_first", PUBLISHED),
        ("phase_1_second", PUBLISHED),
        ("gallery_we", gallery),
    ):
        key = phase_run_key(phase, publication)
        ledger.append_phase_events(key, [opened(publication, phase)], actor="run 1")

    assert [run.key for run in ledger.list_phase_runs()] == [
        "gallery_we|/x/galleries/g/images/web|1.0.0|westeurope",
        "phase_0_first|canonical:ubuntuserver:18.04-lts|18.04.202402010",
        "phase_1_second|canonical:ubuntuserver:18.04-lts|18.04.202402010",
    ]


def test_why_a_fleet_was_held_is_found_by_its_time(ledger: SqlLedger, fleet_id: Callable[[str], str]) -> None:
    """Only what was held since the fleet's start counts, and of that the newest word (R45)."""
    web = fleet_id("Web")
    for minutes, reason in ((0, "too old"), (5, "no probe"), (9, "a rolling upgrade of somebody else")):
        ledger.record_held(web, [reason], actor="x", now=NOW + timedelta(minutes=minutes))

    assert ledger.find_held(web, since=NOW + timedelta(minutes=1)) == ("a rolling upgrade of somebody else",)
    assert ledger.find_held(web, since=NOW + timedelta(minutes=10)) == ()
    assert ledger.find_held(fleet_id("api"), since=NOW) == ()


PUT_AWAY = Quarantined(
    PUBLISHED.image, PUBLISHED.version, NOW, f"{PHASE_PREFIX}phase_0_first 1 abc attempt 1", "phase_0_first",
    "PhaseFailedFleetsExceeded", "2 of 3 fleets failed",
)  # fmt: skip


def test_a_phase_puts_its_version_away_once(ledger: SqlLedger) -> None:
    """Told again it changes nothing, not even what a person has released since; a new attempt does it anew (R47)."""
    ledger.quarantine(PUT_AWAY)
    ledger.quarantine(PUT_AWAY)
    assert ledger.list_quarantined() == (PUT_AWAY,)

    ledger.release_quarantined(PUT_AWAY.image, PUT_AWAY.version, Release("ann", "it was the network", NOW))
    ledger.quarantine(PUT_AWAY)
    assert [entry.release is None for entry in ledger.list_quarantined()] == [False]

    ledger.quarantine(replace(PUT_AWAY, rollout_id=f"{PHASE_PREFIX}phase_0_first 1 abc attempt 2"))
    assert sorted(entry.release is None for entry in ledger.list_quarantined()) == [False, True]


def test_whoever_meets_the_version_is_told_of_the_phase() -> None:
    """The one line names the phase that failed, when, and how the version is released (R47)."""
    assert why_quarantined(PUT_AWAY) == (
        "version 18.04.202402010 of canonical:ubuntuserver:18.04-lts is quarantined: phase_0_first failed with"
        " PhaseFailedFleetsExceeded at 2024-06-01 00:00 UTC; once the version is known to be good: fleetwright"
        " quarantine release canonical:ubuntuserver:18.04-lts 18.04.202402010 --by NAME --reason TEXT"
    )
