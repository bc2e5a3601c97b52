"""Whole rollouts, compared word by word with texts that people have read; ``make golden`` writes them anew."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rehearsals import TOKEN, Rehearsal, eventful
from scenarios import SCENARIOS, Scenario
from telling import tell
from troubles import TROUBLES
from worlds import FLEET_ID

from fleetwright.cli import wiring
from fleetwright.cli.app import exit_code

ROLLOUTS = {**SCENARIOS, **TROUBLES}
TESTDATA = Path(__file__).parent / "testdata"
WRITE = os.environ.get("WRITE_GOLDEN") == "1"


@pytest.mark.parametrize("name", ROLLOUTS)
def test_rollout_goes_as_it_was_read(
    rehearse: Callable[..., Rehearsal],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    """The plan, each batch with its verdicts and thresholds, the ending and the referee's numbers are those of the golden text."""
    scenario = ROLLOUTS[name]
    monkeypatch.setattr(wiring, "EmulatorClock", eventful(*scenario.happenings))
    rehearsal = rehearse(scenario.world)

    text = _told(scenario, rehearsal, capsys)

    golden = TESTDATA / f"{name}.golden"
    if WRITE:
        golden.write_text(text)
    assert text == golden.read_text()


def test_every_golden_text_has_its_scenario() -> None:
    """No text outlives its scenario."""
    assert sorted(path.stem for path in TESTDATA.glob("*.golden")) == sorted(ROLLOUTS)


def _told(scenario: Scenario, rehearsal: Rehearsal, capsys: pytest.CaptureFixture[str]) -> str:
    _code, plan = _fleetwright(rehearsal, capsys, "plan", *scenario.arguments)
    code, report = _fleetwright(rehearsal, capsys, "run", *scenario.arguments)
    ledger = rehearsal.ports().ledger
    return tell(
        scenario.title,
        world=scenario.world,
        outside=scenario.outside,
        plan=plan,
        view=ledger.list_rollouts(FLEET_ID.lower())[0],
        events=ledger.list_events(FLEET_ID.lower()),
        report=report,
        exit_code=code,
        audit=rehearsal.admin.get("audit"),
    )


def _fleetwright(
    rehearsal: Rehearsal, capsys: pytest.CaptureFixture[str], verb: str, *arguments: str
) -> tuple[int, dict[str, Any]]:
    where = ["--endpoint", rehearsal.url, "--fleet", FLEET_ID, "--ledger", rehearsal.ledger_url]
    code = exit_code([verb, *where, "--token", TOKEN, "--virtual-time", "--json", *arguments])
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, body
