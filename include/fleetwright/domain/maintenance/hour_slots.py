"""The older form of ``default``: hours of the week in UTC, and stretches of time that are not allowed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance.blackouts import Blackouts, blackouts_of
from fleetwright.domain.maintenance.fields import SHORTEST
from fleetwright.domain.maintenance.recurring import Recurring
from fleetwright.domain.maintenance.schedules import DayOfWeek
from fleetwright.domain.windows import Period

_HOUR, _WEEK = timedelta(hours=1), timedelta(weeks=1)
_HOURS_OF_WEEK = 168
_MONDAY = datetime(1970, 1, 5, tzinfo=UTC)
_BEGINNING, _END = datetime(2, 1, 1, tzinfo=UTC), datetime(9998, 12, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class HourSlots(Recurring):
    """Hours of every week that are allowed; those that touch are one period, also over midnight and the week's end.

    :param hours: hours since Monday 00:00 UTC, 0 to 167
    :param not_allowed: stretches of time in which nothing may begin
    :raises ConfigurationError: when a stretch of hours is shorter than 4 (R72), or when there is none
    """

    hours: frozenset[int]
    not_allowed: tuple[Period, ...] = ()
    _blocks: tuple[tuple[int, int], ...] = field(init=False, repr=False, compare=False)
    _blackouts: Blackouts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        blocks = tuple(_blocks(self.hours))
        if not blocks:
            raise ConfigurationError(
                "timeInWeek has no hours; a configuration needs maintenanceWindow, or days with their hourSlots"
            )
        for first, length in blocks:
            if length * _HOUR < SHORTEST:
                raise ConfigurationError(
                    f"timeInWeek has only {length} h from {_clock(first)} UTC on; "
                    "hour slots must touch to 4 hours or more (R72)"
                )
        object.__setattr__(self, "_blocks", blocks)
        object.__setattr__(self, "_blackouts", blackouts_of(self.not_allowed))

    @property
    def longest(self) -> timedelta:
        """The longest time from an opening to its closing."""
        return max(length for _, length in self._blocks) * _HOUR

    @property
    def blackouts(self) -> Blackouts:
        """``notAllowedTime``."""
        return self._blackouts

    @property
    def never_pauses(self) -> bool:
        """Whether it is every hour of the week."""
        return len(self.hours) == _HOURS_OF_WEEK

    def occurrences(self, since: datetime) -> Iterator[Period]:
        """Every occurrence that closes after the instant, in order, as if everything were allowed."""
        # What opened last week may still be open: no stretch of hours is longer than a week.
        within = max(_BEGINNING, min(since, _END))
        monday = _MONDAY + ((within - _MONDAY) // _WEEK - 1) * _WEEK
        while monday < _END:
            for first, length in self._blocks:
                period = Period(monday + first * _HOUR, monday + (first + length) * _HOUR)
                if period.closes > since:
                    yield period
            monday += _WEEK

    def __str__(self) -> str:
        told = ", ".join(f"{_clock(first)}-{_clock(first + length)}" for first, length in self._blocks)
        days = [f"{p.opens:%Y-%m-%dT%H:%MZ}..{p.closes:%Y-%m-%dT%H:%MZ}" for p in self.not_allowed]
        return f"every {told} UTC" + (f", not {' nor '.join(days)}" if days else "")


def _blocks(hours: frozenset[int]) -> Iterator[tuple[int, int]]:
    """First hour and number of hours of each stretch, in order."""
    if len(hours) == _HOURS_OF_WEEK:
        yield 0, _HOURS_OF_WEEK
        return
    for first in sorted(hour for hour in hours if (hour - 1) % _HOURS_OF_WEEK not in hours):
        length = 1
        while (first + length) % _HOURS_OF_WEEK in hours:
            length += 1
        yield first, length


def _clock(hour: int) -> str:
    day = tuple(DayOfWeek)[hour // 24 % len(DayOfWeek)]
    return f"{day} {hour % 24:02}:00"
