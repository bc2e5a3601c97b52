"""Holds in the ledger."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from fleetwright.domain.holds import Hold, HoldSubject

__all__ = ["Hold", "HoldSubject", "Holds"]


class Holds(Protocol):
    """Holds in the ledger. Every method raises ``LedgerError`` when it cannot be read or written."""

    def add_hold(self, hold: Hold) -> Hold:
        """Write down what a person said; where the same is held already, nothing is written.

        :returns: the hold that is in force now: the given one, or the one from before
        """
        ...

    def release_holds(self, subject: HoldSubject, name: str, *, actor: str, reason: str, at: datetime) -> int:
        """Release what is held; how many holds that ended."""
        ...

    def list_holds(self, *, with_released: bool = False) -> tuple[Hold, ...]:
        """What is held now, oldest first."""
        ...
