"""Test folders are no packages: what reads the sources stands beside the tests, found by its folder."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
