"""Where in a world document something is wrong."""

from __future__ import annotations

import re

Path = tuple[str | int, ...]
Problem = tuple[Path, str]
"""Where, and what."""

_PART = re.compile(r"[^.\[\]]+")


def path_of(text: str) -> Path:
    """The parts of a path as errors write it.

    >>> path_of("maintenanceWindow.notAllowedDates[1].end")
    ('maintenanceWindow', 'notAllowedDates', 1, 'end')
    """
    return tuple(int(part) if part.isdecimal() else part for part in _PART.findall(text))
