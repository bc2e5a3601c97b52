"""What a look of the image watch came to for late fleets, in words and as rollouts to begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleetwright.domain.thresholds import name_ids

_NAMED = 5  # fleets that the line names; the others it counts


@dataclass(frozen=True, slots=True)
class LateStart:
    """A rollout to begin.

    :param attempt: the same for as long as nothing has changed: one run for it, however often it is asked for
    """

    fleet_id: str
    version: str
    phase: str
    attempt: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "fleet": self.fleet_id,
            "version": self.version,
            "phase": self.phase,
            "attempt": self.attempt,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class LateFinding:
    """What a look came to for one late fleet.

    :param start: its rollout, where it begins now
    :param due: when it begins if nothing changes; None where time alone changes nothing
    :param is_over_limit: it would begin now if fewer others did
    """

    name: str
    words: str
    start: LateStart | None = None
    due: datetime | None = None
    is_over_limit: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.words}"


def name_over_limit(found: Sequence[LateFinding]) -> tuple[LateFinding, ...]:
    """One line for all that wait for the next look: after an outage they may be hundreds."""
    names = tuple(finding.name for finding in found if finding.is_over_limit)
    if not names:
        return ()
    begun = sum(finding.start is not None for finding in found)
    words = f"wait for the next look: {begun} rollouts of late fleets begin at this one, and no more at once"
    return (LateFinding(name_ids(names, _NAMED), words),)
