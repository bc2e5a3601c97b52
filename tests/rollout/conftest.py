"""Test folders are no packages: worlds and rehearsals are found in tests/rollout."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import pytest
from holding import Desk
from rehearsal_fixtures import fresh_budgets, rehearse, stages

__all__ = ["fresh_budgets", "rehearse", "stages"]


@pytest.fixture
def desk() -> Desk:
    """A person who may hold things."""
    return Desk()
