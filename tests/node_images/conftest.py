"""Test folders are no packages: clusters and their rehearsals are found beside this file, crashes in tests/rollout,
kept texts in tests/golden.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "rollout"))
sys.path.insert(0, str(Path(__file__).parent.parent / "golden"))

from cluster_rehearsals import ClusterRehearsal
from rehearsal_fixtures import fresh_budgets, stages
from rehearsals import Stages

__all__ = ["fresh_budgets", "stages"]


@pytest.fixture
def rehearse(stages: Stages, tmp_path: Path) -> Iterator[Callable[..., ClusterRehearsal]]:
    """Makes rehearsals of worlds, and ends them."""
    made: list[ClusterRehearsal] = []

    def make(world: dict[str, Any], **options: Any) -> ClusterRehearsal:  # noqa: ANN401 - handed on
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(ClusterRehearsal(stages, world, folder, **options))
        return made[-1]

    yield make
    for rehearsal in made:
        rehearsal.close()
