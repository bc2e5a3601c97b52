"""The faults of a world: which calls they hit, and what they make of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from arm_emulator.compute.disruption import UNDISTURBED, Disruption
from arm_emulator.compute.instance import Fate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from arm_emulator.faults.document import EffectDocument, FaultDocument


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What a fault may go by.

    :param instances: the instances that the call acts on; None when it acts on all of a set.
    """

    method: str
    path: str
    instances: frozenset[str] | None


def _lowered(names: Iterable[str]) -> set[str]:
    return {name.lower() for name in names}


@dataclass(slots=True)
class Fault:
    """A fault and how many calls it has matched and hit so far."""

    id: int
    document: FaultDocument
    added: datetime
    matches: int = 0
    hits: int = 0

    def is_over(self, now: datetime) -> bool:
        """Whether its seconds have passed or its times are used up."""
        document = self.document
        if self.ends is not None and now >= self.ends:
            return True
        times = document.hits_at_most
        return times is not None and self.matches >= document.after + times

    @property
    def ends(self) -> datetime | None:
        """When its seconds have passed; None where it has none."""
        seconds = self.document.seconds
        return None if seconds is None else self.added + timedelta(seconds=seconds)

    @property
    def zone_down(self) -> tuple[str | None, str] | None:
        """The zone that it has taken down, with its region; None where it has not."""
        effect = self.document.effect
        has_begun = self.document.begins_at_once or self.hits > 0
        return (effect.location, effect.zoneDown) if effect.zoneDown is not None and has_begun else None

    def matches_call(self, call: CallFacts) -> bool:
        """Whether the call is one that the fault is about."""
        match = self.document.match
        return (
            (match.method is None or match.method.upper() == call.method)
            and (match.path is None or fnmatchcase(call.path.lower(), match.path.lower()))
            and (
                match.instances is None
                or call.instances is None
                or not _lowered(call.instances).isdisjoint(_lowered(match.instances))
            )
        )

    def is_due(self) -> bool:
        """Whether the matching call that comes now is one that it hits."""
        return self.matches >= self.document.after


@dataclass(slots=True)
class Faults:
    """All faults, in the order in which they were added."""

    faults: list[Fault] = field(default_factory=list)
    added: int = 0

    @classmethod
    def of(cls, documents: Iterable[FaultDocument], now: datetime) -> Faults:
        """The faults that a world document starts with."""
        faults = cls()
        for document in documents:
            faults.add(document, now)
        return faults

    def add(self, document: FaultDocument, now: datetime) -> Fault:
        """Add one; its seconds count from now."""
        self.added += 1
        fault = Fault(self.added, document, now)
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all."""
        self.faults.clear()

    def hit(self, call: CallFacts, now: datetime) -> EffectDocument | None:
        """The effect of the first fault that hits the call; for later ones the call counts as a match all the same."""
        effect: EffectDocument | None = None
        for fault in self.faults:
            if fault.is_over(now) or not fault.matches_call(call):
                continue
            if fault.is_due() and fault.document.effect.zoneDown is not None:
                fault.hits += 1
            elif effect is None and fault.is_due():
                effect = fault.document.effect
                fault.hits += 1
            fault.matches += 1
        return effect

    def zones_down(self, now: datetime) -> frozenset[tuple[str | None, str]]:
        """The zones that are down now, each with its region."""
        zones = (fault.zone_down for fault in self.faults if not fault.is_over(now))
        return frozenset(zone for zone in zones if zone is not None)

    def outage_ends(self, after: datetime, until: datetime) -> list[datetime]:
        """When zones come back in a span of time, in order."""
        ends = (fault.ends for fault in self.faults if fault.zone_down is not None)
        return sorted({end for end in ends if end is not None and after < end <= until})

    def remaining(self, now: datetime) -> list[dict[str, Any]]:
        """What is left of each fault, as documents."""
        return [_remaining(fault, now) for fault in self.faults if not fault.is_over(now)]


def _remaining(fault: Fault, now: datetime) -> dict[str, Any]:
    document = fault.document
    left: dict[str, Any] = {"after": max(0, document.after - fault.matches)}
    if document.times is not None:
        left["times"] = min(document.times, document.after + document.times - fault.matches)
    if document.seconds is not None:
        left["seconds"] = (fault.added + timedelta(seconds=document.seconds) - now).total_seconds()
    written = {**document.model_dump(mode="json", exclude_none=True), **left}
    return {**written, "match": {}, "after": 0} if fault.zone_down is not None else written


def disruption_of(effect: EffectDocument | None) -> Disruption:
    """What an effect makes of the change that the call asks for."""
    if effect is None:
        return UNDISTURBED
    if effect.operation == "stuck":
        return Disruption(Fate.STUCK)
    if effect.operation == "Failed":
        return _failure(effect, instances=None)
    if effect.partial is not None:
        return _failure(effect, instances=frozenset(effect.partial))
    return UNDISTURBED


def _failure(effect: EffectDocument, *, instances: frozenset[str] | None) -> Disruption:
    code = effect.code or "OperationFailed"
    message = effect.message or "The operation failed; the OS disk was not replaced."
    return Disruption(Fate.FAIL, code, message, instances)
