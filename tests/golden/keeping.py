"""Golden files: kept texts that are compared line by line, and written anew only when asked for."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

HOW = "make golden"


def is_writing() -> bool:
    """Whether this run writes the texts anew, as ``make golden`` asks for."""
    return os.environ.get("WRITE_GOLDEN") == "1"


def difference(path: Path, text: str) -> str:
    """What differs from the kept text, as a diff with the lines around; empty when nothing does.

    With ``WRITE_GOLDEN=1`` the text is kept first.
    """
    if is_writing():
        path.write_text(text, encoding="utf-8")
    if not path.exists():
        return f"{path.name} is not there: write it with `{HOW}`, then read it"
    kept = path.read_text(encoding="utf-8").splitlines()
    lines = difflib.unified_diff(kept, text.splitlines(), f"{path.name}, kept", "now", lineterm="", n=2)
    return "\n".join(lines)
