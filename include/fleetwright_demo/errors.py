"""What ends the demo early."""

from __future__ import annotations


class StageError(Exception):
    """Something of the demo could not be started, or did not do what it should; one line."""
