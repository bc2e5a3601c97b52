"""Fixture of every test in which publications travel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rehearsals import Stages
from voyages import Voyage

Sail = Callable[..., Voyage]


@pytest.fixture
def voyage(stages: Stages, tmp_path: Path) -> Iterator[Sail]:
    """Makes voyages in worlds, and ends them."""
    made: list[Voyage] = []

    def make(world: dict[str, Any], **options: Any) -> Voyage:  # noqa: ANN401 - whatever a voyage takes
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Voyage(stages, world, folder, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()
