"""Holds: a person's word that nothing new begins, for a version, a phase or a fleet, until it is released."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from fleetwright.domain.quarantine import image_key
from fleetwright.domain.records import RolloutSettings

_LABEL = re.compile(r"phase_\d+_(?P<name>.+)")


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

    def __str__(self) -> str:
        return f"{self.subject} {self.name}"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        released = None
        if self.released_at is not None:
            at = self.released_at.isoformat()
            released = {"by": self.released_by, "reason": self.released_reason, "at": at}
        said = {"by": self.actor, "reason": self.reason, "since": self.at.isoformat()}
        return {"kind": str(self.subject), "name": self.name, **said, "released": released}


@dataclass(frozen=True, slots=True)
class Holdable:
    """What a hold may be about: a rollout, or less where not all of it is known yet.

    :param fleet: its key
    :param image: ``ImageReference.key``
    :param phase: the label of the phase that starts it
    """

    fleet: str = ""
    image: str = ""
    version: str = ""
    phase: str = ""


def holdable(settings: RolloutSettings) -> Holdable:
    """What holds may say about a rollout."""
    image = image_key(settings.image) if settings.image else ""
    return Holdable(settings.fleet_id.lower(), image, settings.target_version, settings.phase.lower())


def find_holds(holds: Iterable[Hold], about: Holdable) -> tuple[Hold, ...]:
    """The holds in force that concern it, as they come."""
    return tuple(hold for hold in holds if hold.released_at is None and concerns(hold, about))


def why_on_hold(holds: Iterable[Hold], about: Holdable) -> str:
    """Who holds it first, in one line; empty where nobody does."""
    return next(map(hold_text, find_holds(holds, about)), "")


def concerns(hold: Hold, about: Holdable) -> bool:
    """Whether a hold is about it; a bare version is held for whichever image has it.

    >>> from datetime import UTC
    >>> hold = Hold(HoldSubject.PHASE, "europe", "ann", "a fair", datetime(2026, 1, 1, tzinfo=UTC))
    >>> concerns(hold, Holdable(phase="phase_1_europe")), concerns(hold, Holdable(phase="phase_2_asia"))
    (True, False)
    """
    match hold.subject:
        case HoldSubject.FLEET:
            return bool(about.fleet) and hold.name == about.fleet.lower()
        case HoldSubject.PHASE:
            return bool(about.phase) and phase_name(hold.name) == phase_name(about.phase)
        case HoldSubject.VERSION:
            image, _, version = hold.name.rpartition("|")
            return bool(about.version) and version == about.version and image in {"", about.image}


def phase_name(word: str) -> str:
    """A phase's bare name, of its label or of itself.

    >>> phase_name("phase_1_europe"), phase_name("Europe")
    ('europe', 'europe')
    """
    match = _LABEL.fullmatch(word.lower())
    return match["name"] if match else word.lower()


def hold_text(hold: Hold) -> str:
    """One line for whoever meets a hold: what is held, by whom, why, since when, and what releases it."""
    return (
        f"{hold} is held by {hold.actor} since {hold.at:%Y-%m-%d %H:%M} UTC: {hold.reason}; "
        f"once it may go on: {release_command(hold)}"
    )


def release_command(hold: Hold) -> str:
    """The command that releases a hold."""
    word = f"'{hold.name}'" if "|" in hold.name else hold.name
    return f"fleetwright release {word} --reason TEXT"
