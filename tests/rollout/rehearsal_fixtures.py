"""Fixtures of every test that rehearses rollouts; the folders' conftests import them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rehearsals import Rehearsal, Stages

from fleetwright.azure import budget
from fleetwright.cli.virtual_clock import EmulatorClock

Rehearse = Callable[..., Rehearsal]


@pytest.fixture(autouse=True)
def fresh_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """No rollout pays for another one's requests."""
    monkeypatch.setattr(budget, "_budgets", {})


@pytest.fixture(scope="session")
def stages() -> Iterator[Stages]:
    """Emulators for everybody."""
    stages = Stages()
    yield stages
    stages.close()


@pytest.fixture
def rehearse(stages: Stages, tmp_path: Path) -> Iterator[Rehearse]:
    """Makes rehearsals of worlds, and ends them."""
    made: list[Rehearsal] = []

    def make(world: dict[str, Any], **options: type[EmulatorClock]) -> Rehearsal:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Rehearsal(stages, world, folder, **options))
        return made[-1]

    yield make
    for rehearsal in made:
        rehearsal.close()
