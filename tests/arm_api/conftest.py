"""Test folders are no packages: worlds and rehearsals are found in tests/rollout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "rollout"))

from rehearsal_fixtures import fresh_budgets, rehearse, stages
from rehearsals import Rehearsal
from served import Served, served

__all__ = ["fresh_budgets", "rehearse", "serve", "stages"]


@pytest.fixture
def serve() -> Iterator[Callable[[Rehearsal], Served]]:
    """Serves rehearsals, and ends it."""
    with ExitStack() as stack:
        yield lambda rehearsal: stack.enter_context(served(rehearsal))
