"""Holds: a person's word that nothing new begins, for a version, a phase or a fleet, until it is released."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class HoldSubject(StrEnum):
    """What is held."""

    VERSION = "version"  # ``image|version``, or a bare version of whichever image
    PHASE = "phase"  # its label, or its bare name
    FLEET = "fleet"  # its key


@dataclass(frozen=True, slots=True)
class Hold:
    """One such word, until it is released.

    :param name: what is held, in lower case, as ``HoldSubject`` says
    """

    subject: HoldSubject
    name: str
    actor: str
    reason: str
    at: datetime
    released_by: str = ""
    released_reason: str = ""
    released_at: datetime | None = None


class Holds(Protocol):
    """Holds in the ledger."""

    def add_hold(self, hold: Hold) -> None:
        """Write down what a person said; harmless where the same is held already."""
        ...

    def release_holds(self, subject: HoldSubject, name: str, *, actor: str, reason: str, at: datetime) -> int:
        """Release what is held; how many holds that ended."""
        ...

    def list_holds(self, *, with_released: bool = False) -> tuple[Hold, ...]:
        """What is held now, oldest first."""
        ...
