"""What opens again and again: the questions that are asked of any window, answered from its occurrences."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from datetime import datetime, timedelta

from fleetwright.domain.maintenance.blackouts import Blackouts
from fleetwright.domain.windows import Period, plain_utc

ENDLESS = timedelta(days=366)
"""How long a window is said to stay open that never closes: every day for 24 hours, without a forbidden day."""


class Recurring(ABC):
    """A window of a cluster. Every instant it tells is a plain one in UTC.

    Each occurrence is a period of its own, also where it begins right when the one before ends: a window of 24 hours
    every day opens every day. It satisfies ``Schedule`` of ``domain.windows``.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def longest(self) -> timedelta:
        """The longest time from an opening to its closing."""

    @property
    @abstractmethod
    def blackouts(self) -> Blackouts:
        """When nothing is open, whatever else is said."""

    @property
    @abstractmethod
    def never_pauses(self) -> bool:
        """Whether each occurrence follows right upon the one before, so that blackouts alone close it."""

    @abstractmethod
    def occurrences(self, since: datetime) -> Iterator[Period]:
        """Every occurrence that closes after the instant, in order, as if there were no blackouts."""

    def contains(self, now: datetime) -> bool:
        """Whether something may begin at this instant (R71)."""
        return self.period_at(now) is not None

    def period_at(self, now: datetime) -> Period | None:
        """The period that is open at this instant, None where none is."""
        instant = plain_utc(now)
        first = next(self._open_after(instant), None)
        return first if first and first.opens <= instant else None

    def next_opening(self, now: datetime) -> datetime | None:
        """The first instant from now on at which it is open, now itself included; None where it never opens again."""
        instant = plain_utc(now)
        first = next(self._open_after(instant), None)
        return max(first.opens, instant) if first else None

    def remaining(self, now: datetime) -> timedelta:
        """How long it stays open without a pause; nothing while it is closed, ``ENDLESS`` where it never closes."""
        instant = plain_utc(now)
        period = self.period_at(instant)
        if period is None:
            return timedelta()
        if not self.never_pauses:
            return period.closes - instant
        blackout = next(self.blackouts.ending_after(instant), None)
        return min(blackout.opens - instant, ENDLESS) if blackout else ENDLESS

    def openings(self, after: datetime) -> Iterator[Period]:
        """Every period that opens after the instant, in order of opening; as a rule without an end."""
        instant = plain_utc(after)
        return (period for period in self._open_after(instant) if period.opens > instant)

    def periods(self, since: datetime, until: datetime) -> Iterator[Period]:
        """Every period that is open at some instant between the two, both included; in order of opening."""
        last = plain_utc(until)
        for period in self._open_after(plain_utc(since)):
            if period.opens > last:
                return
            yield period

    def _open_after(self, since: datetime) -> Iterator[Period]:
        """Every period that closes after the instant, in order."""
        look_on: datetime | None = since
        while look_on is not None:
            look_on = yield from self._until_blocked(look_on, since)

    def _until_blocked(self, look_on: datetime, since: datetime) -> Generator[Period, None, datetime | None]:
        """Periods, until a blackout holds a whole occurrence: then where to look on, so that years of it cost nothing."""
        for occurrence in self.occurrences(look_on):
            blackout = self.blackouts.over(occurrence)
            if blackout is not None:
                return blackout.closes
            yield from (piece for piece in self.blackouts.cut(occurrence) if piece.closes > since)
        return None
