"""Test folders are no packages: the table of rules stands beside its tests, found by its folder."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
