"""Whole journeys, compared word by word with texts that people have read; ``make golden`` writes them anew."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from journey_telling import tell_journey
from keeping import HOW, difference
from travel_fixtures import Sail
from voyages import MINUTE, NORTH, WEST, fleet_id, phase, plan_of, scale_set, sea
from worlds import sick

from fleetwright.cli.app import exit_code
from fleetwright.domain.phases import Approval, PhasePlan
from fleetwright.phases.evidence import phase_evidence

TESTDATA = Path(__file__).parent / "journeys"


@dataclass(frozen=True, slots=True)
class Scene:
    """A world, the phases, and what the text is called."""

    title: str
    world: dict[str, Any]
    plan: PhasePlan


SETS = (
    scale_set("web", zones=3),
    scale_set("night", tags={"fleetwright": "enabled", "fleetwright-window": "daily 22:00-23:00 UTC"}),
    scale_set("bare", extensions=()),
    scale_set("api", NORTH),
    scale_set("out", NORTH, tags={}),
)
PHASES = plan_of(phase(0, WEST, bake=30 * MINUTE), phase(1, NORTH, approval=Approval()))
SCENES = {
    "good_version": Scene("A good version passes a bake and a gate", sea(*SETS), PHASES),
    "bad_version": Scene(
        "A version that does harm in the second phase is stopped there",
        sea(*SETS, behaviours=[{**sick("1"), "scaleSet": fleet_id("api")}]),
        PHASES,
    ),
}


@pytest.mark.parametrize("name", SCENES)
def test_journey_goes_as_it_was_read(voyage: Sail, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Every event of each phase, what a person is shown, and the evidence are those of the golden text (R45, R47, R51)."""
    scene = SCENES[name]
    under_way = voyage(scene.world, plan=scene.plan)
    ports = under_way.phase_ports()

    runs = under_way.sail(ports=ports, approve=lambda _phase, _evidence: True)
    capsys.readouterr()
    assert exit_code(["journeys", "--ledger", under_way.ledger_url]) == 0

    ledger: Any = ports.ledger
    keys = tuple(run.key for run in runs)
    text = tell_journey(scene.title, ledger, keys, capsys.readouterr().out, phase_evidence(runs[-1]))
    changed = difference(TESTDATA / f"{name}.golden", text)
    assert not changed, f"{name} goes another way now; if that is right: {HOW}\n{changed}"


def test_every_golden_journey_has_its_scene() -> None:
    """No text outlives its scene."""
    assert sorted(path.stem for path in TESTDATA.glob("*.golden")) == sorted(SCENES)
