"""Whole rollouts, compared word by word with texts that people have read; ``make golden`` writes them anew."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from azure_scenarios import AZURES_OWN
from flexible_scenarios import FLEXIBLE
from image_scenarios import IMAGES
from keeping import HOW, difference
from policy_scenarios import POLICIES
from pool_scenarios import POOLS
from rehearsals import TOKEN, Rehearsal, eventful
from scenarios import SCENARIOS, Scenario
from telling import tell
from troubles import TROUBLES

from fleetwright.cli import wiring
from fleetwright.cli.app import exit_code

BOOKS = (SCENARIOS, TROUBLES, POLICIES, IMAGES, AZURES_OWN, FLEXIBLE, POOLS)
ROLLOUTS = {name: scenario for book in BOOKS for name, scenario in book.items()}
TESTDATA = Path(__file__).parent / "testdata"


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

    changed = difference(TESTDATA / f"{name}.golden", text)
    assert not changed, f"{name} goes another way now; if that is right: {HOW}\n{changed}"


def test_every_golden_text_has_its_scenario() -> None:
    """No text outlives its scenario, and no two scenarios share one."""
    assert len(ROLLOUTS) == sum(len(book) for book in BOOKS)
    assert sorted(path.stem for path in TESTDATA.glob("*.golden")) == sorted(ROLLOUTS)


def test_changed_text_is_shown_as_a_diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without being asked nothing is written; what differs is shown line by line with the file's name, and a missing text says how it is made."""
    monkeypatch.delenv("WRITE_GOLDEN", raising=False)
    golden = tmp_path / "some.golden"
    golden.write_text("plan\n  batch 1: 0\n")

    changed = difference(golden, "plan\n  batch 1: 0, 3\n").splitlines()

    assert changed == [
        "--- some.golden, kept",
        "+++ now",
        "@@ -1,2 +1,2 @@",
        " plan",
        "-  batch 1: 0",
        "+  batch 1: 0, 3",
    ]
    assert golden.read_text() == "plan\n  batch 1: 0\n"
    assert difference(golden, golden.read_text()) == ""
    assert "make golden" in difference(tmp_path / "other.golden", "plan\n")
    assert not (tmp_path / "other.golden").exists()


def test_text_is_written_only_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With WRITE_GOLDEN=1, as `make golden` sets it, the text is kept as it is now; any other value writes nothing."""
    golden = tmp_path / "some.golden"
    for value in ("0", "yes", ""):
        monkeypatch.setenv("WRITE_GOLDEN", value)
        assert difference(golden, "plan\n")

    monkeypatch.setenv("WRITE_GOLDEN", "1")

    assert difference(golden, "plan\n") == ""
    assert golden.read_text() == "plan\n"


def _told(scenario: Scenario, rehearsal: Rehearsal, capsys: pytest.CaptureFixture[str]) -> str:
    asked = ("--fleet", scenario.fleet_id, *scenario.arguments)
    _code, plan = _fleetwright(rehearsal, capsys, "plan", *asked)
    code, report = _fleetwright(rehearsal, capsys, "run", *asked)
    ledger, key = rehearsal.ports().ledger, scenario.fleet_id.lower()
    return tell(
        scenario.title,
        world=scenario.world,
        outside=scenario.outside,
        plan=plan,
        view=ledger.list_rollouts(key)[0],
        events=ledger.list_events(key),
        report=report,
        exit_code=code,
        audit=rehearsal.admin.get("audit"),
        calls=rehearsal.admin.get("requests")["byRoute"],
    )


def _fleetwright(
    rehearsal: Rehearsal, capsys: pytest.CaptureFixture[str], verb: str, *arguments: str
) -> tuple[int, dict[str, Any]]:
    where = ["--endpoint", rehearsal.url, "--ledger", rehearsal.ledger_url]
    code = exit_code([verb, *where, "--token", TOKEN, "--virtual-time", "--json", *arguments])
    body: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, body
