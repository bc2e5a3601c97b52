"""Test folders are no packages: worlds and rehearsals are found in tests/rollout."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "rollout"))

from rehearsal_fixtures import fresh_budgets, rehearse, stages
from travel_fixtures import vigil, voyage

__all__ = ["fresh_budgets", "rehearse", "stages", "vigil", "voyage"]
