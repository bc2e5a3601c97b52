"""Whole phases as DAG runs, carried out by ``dag.test()`` with the rollout runs that they start."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from phase_scene import FIRST, PUBLICATION, SECOND, PhaseScene, events_of, phased_world, phases_text
from small_worlds import Emulated

from fleetwright.domain.phase_runs import PhaseState
from fleetwright.ledger.store import open_ledger


@pytest.fixture
def scene(
    airflow_database: None, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., PhaseScene]:
    """Set a phases file, and run phases by it."""

    def make(**more: str) -> PhaseScene:
        file = tmp_path / "phases.yaml"
        file.write_text(phases_text(**more))
        monkeypatch.setenv("FLEETWRIGHT_PHASES", str(file))
        return PhaseScene()

    return make


def test_a_version_travels_from_phase_to_phase(
    emulator: Emulated, scene: Callable[..., PhaseScene], ledger_url: str
) -> None:
    """R45, R51: each phase rolls its own regions' fleets out, ends green and emits its asset under the same key."""
    emulator.serve(phased_world({"web": "westeurope", "api": "westeurope", "far": "northeurope"}))
    stage = scene()

    first = stage.run(FIRST)
    second = stage.run(SECOND)

    assert (first.state, second.state) == ("success", "success")
    assert first.tasks["roll_out[0]"] == first.tasks["roll_out[1]"] == "success"
    assert len(stage.rollouts) == 3
    assert events_of(FIRST)[-1:] == events_of(SECOND)[-1:] == [PUBLICATION]
    runs = open_ledger(ledger_url).list_phase_runs()
    assert [(run.phase, run.state) for run in runs] == [
        (FIRST, PhaseState.SUCCEEDED),
        (SECOND, PhaseState.SUCCEEDED),
    ]
    assert emulator.broken_rules() == []
    assert "2 fleets: 2 completed" in first.note
