"""Fixture of every test in which publications travel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rehearsals import Stages
from vigils import Vigil
from voyages import Voyage

Sail = Callable[..., Voyage]
Keep = Callable[..., Vigil]


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


@pytest.fixture
def vigil(stages: Stages, tmp_path: Path) -> Iterator[Keep]:
    """Keeps watch over worlds, and ends it."""
    made: list[Vigil] = []

    def keep(world: dict[str, Any], **options: Any) -> Vigil:  # noqa: ANN401 - whatever a vigil takes
        folder = tmp_path / f"vigil-{len(made)}"
        folder.mkdir()
        made.append(Vigil(stages, world, folder, **options))
        return made[-1]

    yield keep
    for one in made:
        one.close()
