"""A maintenance window of AKS."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance.blackouts import Blackouts, blackouts_of, whole_days
from fleetwright.domain.maintenance.fields import LONGEST, check_duration
from fleetwright.domain.maintenance.recurring import Recurring
from fleetwright.domain.maintenance.schedules import Daily, DayOfWeek, MaintenanceSchedule, Weekly
from fleetwright.domain.windows import Period

_DAY = timedelta(days=1)
# No window opens so near to either end of the calendar that its instants could not be told in UTC.
_FIRST, _LAST = date(2, 1, 1), date(9998, 12, 31)


@dataclass(frozen=True, slots=True)
class MaintenanceWindow(Recurring):
    """When a cluster may be maintained (AKS: ``maintenanceWindow``; R71, R72, N31).

    :param duration: 4 to 24 whole hours
    :param start_time: the time of day in ``utc_offset`` at which it opens
    :param utc_offset: a fixed offset: it knows no summer time
    :param start_date: the first day, in ``utc_offset``, on which it may open; the intervals are counted from it
    :param not_allowed_dates: first and last day of each stretch of forbidden days, both included, in ``utc_offset``
    :raises ConfigurationError: for a duration under 4 or over 24 hours, or a stretch that ends before it begins
    """

    schedule: MaintenanceSchedule
    duration: timedelta = LONGEST
    start_time: time = time()
    utc_offset: timezone = UTC
    start_date: date | None = None
    not_allowed_dates: tuple[tuple[date, date], ...] = ()
    _blackouts: Blackouts = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_duration("maintenanceWindow.durationHours", self.duration)
        for index, (first, last) in enumerate(self.not_allowed_dates):
            check_order(f"maintenanceWindow.notAllowedDates[{index}]", first, last)
        days = (whole_days(first, last, self.utc_offset) for first, last in self.not_allowed_dates)
        object.__setattr__(self, "_blackouts", blackouts_of(days))

    @property
    def longest(self) -> timedelta:
        """The longest time from an opening to its closing."""
        return self.duration

    @property
    def blackouts(self) -> Blackouts:
        """The forbidden days."""
        return self._blackouts

    @property
    def never_pauses(self) -> bool:
        """Whether it is 24 hours of every day."""
        return self.duration == _DAY and self.schedule == Daily(1)

    def occurrences(self, since: datetime) -> Iterator[Period]:
        """Every occurrence that closes after the instant, in order, as if there were no forbidden days."""
        # What opened yesterday may still be open: no duration is over 24 hours.
        local = max(_FIRST, min((since.astimezone(self.utc_offset)).date(), _LAST)) - _DAY
        day = self._next_day(max(local, self.start_date or local))
        while day is not None:
            opens = datetime.combine(day, self.start_time, self.utc_offset).astimezone(UTC)
            if opens + self.duration > since:
                yield Period(opens, opens + self.duration)
            day = self._next_day(day + _DAY)

    def _next_day(self, since: date) -> date | None:
        day = self.schedule.next_day(since, self.start_date) if since <= _LAST else None
        return day if day and day <= _LAST else None

    def __str__(self) -> str:
        told = [f"{self.schedule} {self._hours()} {_zone_name(self.utc_offset)}"]
        if self.start_date:
            told.append(f"from {self.start_date}")
        if self.not_allowed_dates:
            told.append("not " + " nor ".join(_days(first, last) for first, last in self.not_allowed_dates))
        return ", ".join(told)

    def _hours(self) -> str:
        closes = (datetime.combine(_FIRST, self.start_time) + self.duration).time()
        until = "24:00" if closes == time() else f"{closes:%H:%M}"
        all_day = " (24 h)" if self.duration == _DAY and self.start_time != time() else ""
        return f"{self.start_time:%H:%M}-{until}{all_day}"


def check_order(where: str, first: date, last: date) -> None:
    """A stretch of days does not end before it begins.

    :raises ConfigurationError: when it does
    """
    if last < first:
        raise ConfigurationError(
            f"{where} ends on {last}, before it starts on {first}; its end must be its start or later"
        )


def _days(first: date, last: date) -> str:
    return f"{first}" if first == last else f"{first}..{last}"


def _zone_name(zone: timezone) -> str:
    return "UTC" if zone == UTC else str(zone)[3:]


SUNDAY = MaintenanceWindow(Weekly(1, DayOfWeek.SUNDAY), duration=timedelta(hours=8))
"""For a cluster without a window of its own: Sundays 00:00-08:00 UTC, weekly as node images come out (R70, N31)."""
