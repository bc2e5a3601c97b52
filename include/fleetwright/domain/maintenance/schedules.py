"""On which days a maintenance window opens: one class for each kind of schedule that AKS has.

Each says with ``next_day`` the first day from a day on, by arithmetic: it costs the same ten years later.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

import pendulum

from fleetwright.domain.maintenance.fields import check_range

# What the days, weeks and months of an interval are counted from where there is no startDate.
_FIRST_DAY = date(1970, 1, 1)
_FIRST_SUNDAY = date(1970, 1, 4)
# No day after it is looked for.
_LAST_YEAR = 9998
_DAYS_OF_WEEK = 7


class DayOfWeek(StrEnum):
    """A day of the week, as ARM writes it; in the order of ``date.weekday``."""

    MONDAY = "Monday"
    TUESDAY = "Tuesday"
    WEDNESDAY = "Wednesday"
    THURSDAY = "Thursday"
    FRIDAY = "Friday"
    SATURDAY = "Saturday"
    SUNDAY = "Sunday"

    @property
    def number(self) -> int:
        """0 for Monday."""
        return tuple(DayOfWeek).index(self)


class WeekIndex(StrEnum):
    """Which of a month's days of that name."""

    FIRST = "First"
    SECOND = "Second"
    THIRD = "Third"
    FOURTH = "Fourth"
    LAST = "Last"


@dataclass(frozen=True, slots=True)
class Daily:
    """Every day, or every few days.

    :param interval_days: 1 to 7
    :raises ConfigurationError: when it is not
    """

    interval_days: int

    def __post_init__(self) -> None:
        check_range("maintenanceWindow.schedule.daily.intervalDays", self.interval_days, 1, 7)

    def next_day(self, since: date, start: date | None) -> date | None:
        """The first day from ``since`` on, counted from ``start``."""
        wait = ((start or _FIRST_DAY) - since).days % self.interval_days
        return since + timedelta(days=wait)

    def __str__(self) -> str:
        return "every day" if self.interval_days == 1 else f"every {self.interval_days} days"


@dataclass(frozen=True, slots=True)
class Weekly:
    """A day of every week, or of every few weeks.

    :param interval_weeks: 1 to 4
    :raises ConfigurationError: when it is not
    """

    interval_weeks: int
    day_of_week: DayOfWeek

    def __post_init__(self) -> None:
        check_range("maintenanceWindow.schedule.weekly.intervalWeeks", self.interval_weeks, 1, 4)

    def next_day(self, since: date, start: date | None) -> date | None:
        """The first day from ``since`` on, in weeks counted from the one that holds ``start``; weeks begin on Sunday."""
        anchor = start or _FIRST_SUNDAY
        # isoweekday is 7 on Sunday: by the remainder Sunday is the week's first day.
        sunday = anchor.toordinal() - anchor.isoweekday() % _DAYS_OF_WEEK
        first = sunday + (self.day_of_week.number + 1) % _DAYS_OF_WEEK
        wait = (first - since.toordinal()) % (_DAYS_OF_WEEK * self.interval_weeks)
        return since + timedelta(days=wait)

    def __str__(self) -> str:
        if self.interval_weeks == 1:
            return f"every {self.day_of_week}"
        return f"every {self.interval_weeks} weeks on {self.day_of_week}"


@dataclass(frozen=True, slots=True)
class AbsoluteMonthly:
    """A day of every month, or of every few months; a month without that day is left out.

    :param interval_months: 1 to 6
    :param day_of_month: 1 to 31
    :raises ConfigurationError: when one of them is out of its range
    """

    interval_months: int
    day_of_month: int

    def __post_init__(self) -> None:
        where = "maintenanceWindow.schedule.absoluteMonthly"
        check_range(f"{where}.intervalMonths", self.interval_months, 1, 6)
        check_range(f"{where}.dayOfMonth", self.day_of_month, 1, 31)

    def next_day(self, since: date, start: date | None) -> date | None:
        """The first day from ``since`` on, in months counted from the one that holds ``start``."""
        days = (
            date(year, month, self.day_of_month)
            for year, month in _months(since, start, self.interval_months)
            if self.day_of_month <= _days_in(year, month)
        )
        return next((day for day in days if day >= since), None)

    def __str__(self) -> str:
        return f"day {self.day_of_month} of {_every_month(self.interval_months)}"


@dataclass(frozen=True, slots=True)
class RelativeMonthly:
    """Such as the last Friday of every month, or of every few months.

    :param interval_months: 1 to 6
    :raises ConfigurationError: when it is not
    """

    interval_months: int
    week_index: WeekIndex
    day_of_week: DayOfWeek

    def __post_init__(self) -> None:
        where = "maintenanceWindow.schedule.relativeMonthly"
        check_range(f"{where}.intervalMonths", self.interval_months, 1, 6)

    def next_day(self, since: date, start: date | None) -> date | None:
        """The first day from ``since`` on, in months counted from the one that holds ``start``."""
        days = (
            _day_of_name(year, month, self.week_index, self.day_of_week)
            for year, month in _months(since, start, self.interval_months)
        )
        return next((day for day in days if day >= since), None)

    def __str__(self) -> str:
        return f"the {self.week_index.lower()} {self.day_of_week} of {_every_month(self.interval_months)}"


MaintenanceSchedule = Daily | Weekly | AbsoluteMonthly | RelativeMonthly


def _months(since: date, start: date | None, interval: int) -> Iterator[tuple[int, int]]:
    """Year and month of every month that counts, from the one of ``since`` on."""
    anchor = start or _FIRST_DAY
    month = since.year * 12 + since.month - 1
    month += (anchor.year * 12 + anchor.month - 1 - month) % interval
    while month // 12 <= _LAST_YEAR:
        yield month // 12, month % 12 + 1
        month += interval


@lru_cache(maxsize=4096)
def _days_in(year: int, month: int) -> int:
    return pendulum.date(year, month, 1).days_in_month


@lru_cache(maxsize=4096)
def _day_of_name(year: int, month: int, index: WeekIndex, day: DayOfWeek) -> date:
    first, weekday = pendulum.date(year, month, 1), pendulum.WeekDay(day.number)
    if index is WeekIndex.LAST:
        found = first.last_of("month", weekday)
    else:
        found = first.nth_of("month", tuple(WeekIndex).index(index) + 1, weekday)
    return date(found.year, found.month, found.day)


def _every_month(interval: int) -> str:
    return "every month" if interval == 1 else f"every {interval} months"
