"""Test folders are no packages: the year's world, its play and its judge are found beside this file."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
