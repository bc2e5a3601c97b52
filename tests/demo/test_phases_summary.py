"""The demo of phases judges itself: it finds each way in which a journey can differ from what is promised."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fleetwright.domain.phase_runs import FleetOutcome, FleetResult, LeftOut, PhaseRun, PhaseState
from fleetwright.domain.publications import Publication
from fleetwright.domain.quarantine import Quarantined
from fleetwright_demo.phases_promises import BAD, GOOD, HARMED, OF_GALLERY, PHASES, problems_of
from fleetwright_demo.phases_summary import outcome_table, versions_summary

Summary = dict[str, Any]

START = datetime(2024, 6, 1, tzinfo=UTC)
IMAGE = "canonical:ubuntuserver:18.04-lts"
SETS = ("web-westeurope", "web-southeastasia", "own-westeurope", "shop-westus2", "shop-westeurope")


def run_of(phase: str, version: str, state: PhaseState, **fleets: FleetResult) -> PhaseRun:
    """A phase run of five minutes with these fleets."""
    outcomes = {name: FleetOutcome(f"/sets/{name}", result) for name, result in fleets.items()}
    return PhaseRun(
        phase,
        Publication(IMAGE, version),
        state,
        opened_at=START,
        ended_at=START + timedelta(minutes=5),
        outcomes={outcome.fleet_id: outcome for outcome in outcomes.values()},
        left_out=(LeftOut("/sets/own-westeurope", "opted out"),),
    )


@pytest.fixture
def as_promised() -> Summary:
    """What a demo that went well wrote."""
    succeeded = PhaseState.SUCCEEDED
    runs = [
        *(run_of(phase, GOOD, succeeded, web=FleetResult.COMPLETED) for phase in PHASES),
        run_of(PHASES[0], BAD, succeeded, web=FleetResult.COMPLETED),
        run_of(PHASES[1], BAD, PhaseState.FAILED, **{HARMED: FleetResult.FAULTED}),
    ]
    put_away = Quarantined(IMAGE, BAD, START, "phase", PHASES[1], "PhaseFailedFleetsExceeded", "one failed")
    versions = {"web-westeurope": GOOD, "web-southeastasia": GOOD, "own-westeurope": "18.04.202401010"}
    sets = {f"/sets/{name}": {"imageVersions": {versions.get(name, OF_GALLERY): 2}} for name in SETS}
    return {
        "versions": versions_summary(runs, [put_away]),
        "audit": {
            "scaleSets": sets,
            "regions": {"westeurope": {"maxZonesInFlightPerImage": 1}},
            "pairs": {"overlapSeconds": 0.0},
            "violations": [],
        },
        "seconds": 240.0,
    }


def test_a_demo_that_went_well_has_no_problems(as_promised: Summary) -> None:
    """Nothing is objected to when everything is as promised."""
    assert problems_of(as_promised) == []


def test_summary_tells_phases_with_times_and_fleets_by_outcome(as_promised: Summary) -> None:
    """Per version: phases started and finished with times, fleets by outcome, and whether it is in quarantine."""
    told = as_promised["versions"][f"{IMAGE}|{BAD}"]

    assert told["quarantined"] is True
    assert told["fleets"] == {"completed": ["web"], "faulted": [HARMED]}
    assert [(phase["phase"], phase["state"]) for phase in told["phases"]] == [
        (PHASES[0], "succeeded"),
        (PHASES[1], "failed"),
    ]
    assert told["phases"][0]["startedAt"] == "2024-06-01T00:00:00+00:00"
    assert told["phases"][0]["finishedAt"] == "2024-06-01T00:05:00+00:00"
    assert told["phases"][0]["leftOut"] == {"own-westeurope": "opted out"}


def _phase_three(summary: Summary) -> None:
    summary["versions"][f"{IMAGE}|{BAD}"]["phases"].append({"phase": PHASES[2], "state": "rolling"})


def _not_arrived(summary: Summary) -> None:
    summary["versions"][f"{IMAGE}|{GOOD}"]["phases"].pop()


def _spread(summary: Summary) -> None:
    summary["audit"]["scaleSets"]["/sets/web-westeurope"]["imageVersions"][BAD] = 1


def _opted_out(summary: Summary) -> None:
    summary["audit"]["scaleSets"]["/sets/own-westeurope"]["imageVersions"] = {GOOD: 2}


def _released(summary: Summary) -> None:
    summary["versions"][f"{IMAGE}|{BAD}"]["quarantined"] = False


def _pairs(summary: Summary) -> None:
    summary["audit"]["pairs"]["overlapSeconds"] = 3.5


def _zones(summary: Summary) -> None:
    summary["audit"]["regions"]["westeurope"]["maxZonesInFlightPerImage"] = 2


def _broken_rule(summary: Summary) -> None:
    summary["audit"]["violations"].append({"rule": "R48"})


def _lost(summary: Summary) -> None:
    summary["versions"][f"{IMAGE}|{BAD}"]["fleets"] = {"lost": [HARMED]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_phase_three, f"way of {BAD}"),
        (_not_arrived, f"way of {GOOD}"),
        (_lost, f"{HARMED} on {BAD} is 'lost', not 'faulted'"),
        (_spread, f"sets of the last phase on {BAD}"),
        (_opted_out, f"opted-out sets on {GOOD}"),
        (_released, "versions in quarantine is [], not ['18.04.202403010']"),
        (_pairs, "seconds in both regions of a pair is 3.5, not 0.0"),
        (_zones, "zones at once is 2, not 1"),
        (_broken_rule, "violations is [{'rule': 'R48'}], not []"),
    ],
)
def test_each_difference_is_told(as_promised: Summary, change: Callable[[Summary], None], said: str) -> None:
    """Whatever is not as promised is named with what it should be (R4, R45, R46, R48)."""
    different = copy.deepcopy(as_promised)
    change(different)

    problems = problems_of(different)

    assert len(problems) == 1
    assert problems[0].startswith(said)


def test_table_has_a_row_for_each_version_and_phase(as_promised: Summary) -> None:
    """The end of the demo shows how far each version came."""
    assert outcome_table(as_promised).row_count == len(PHASES) + 2
