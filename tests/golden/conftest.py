"""Test folders are no packages: rehearsals are found in tests/rollout, voyages in tests/phases, clusters in
tests/node_images.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent / "rollout"))
sys.path.insert(0, str(Path(__file__).parent.parent / "phases"))
sys.path.insert(0, str(Path(__file__).parent.parent / "node_images"))

from rehearsal_fixtures import fresh_budgets, rehearse, stages
from travel_fixtures import voyage

__all__ = ["fresh_budgets", "rehearse", "stages", "voyage"]
