"""Openings of windows, where Azure's documents or good sense say which they are."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import islice

import pendulum
import pytest

from fleetwright.domain.maintenance import (
    ENDLESS,
    SUNDAY,
    AbsoluteMonthly,
    Daily,
    DayOfWeek,
    MaintenanceWindow,
    RelativeMonthly,
    WeekIndex,
    Weekly,
)
from fleetwright.domain.windows import Period

HOURS = timedelta(hours=1)


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def openings(window: MaintenanceWindow, after: str, count: int) -> list[str]:
    """The next few openings after an instant."""
    return [f"{period.opens:%Y-%m-%dT%H:%M}" for period in islice(window.openings(at(after)), count)]


def test_forbidden_days_are_days_of_the_offset() -> None:
    """2022-12-23 to 2023-01-03 at +02:00 are 2022-12-22T22:00Z to 2023-01-03T22:00Z, as Azure documents (R71, N31)."""
    window = MaintenanceWindow(
        Daily(1),
        utc_offset=timezone(2 * HOURS),
        not_allowed_dates=((date(2022, 12, 23), date(2023, 1, 3)),),
    )

    assert window.contains(at("2022-12-22T21:59"))
    assert not window.contains(at("2022-12-22T22:00"))
    assert not window.contains(at("2023-01-03T21:59"))
    assert window.next_opening(at("2022-12-22T22:00")) == at("2023-01-03T22:00")
    assert window.remaining(at("2022-12-22T21:00")) == 1 * HOURS


def test_sunday_is_the_window_of_a_cluster_without_one() -> None:
    """The window of a cluster that has none is Sunday 00:00 to 08:00 UTC, every week (R70, N31)."""
    assert openings(SUNDAY, "2026-11-20T12:00", 2) == ["2026-11-22T00:00", "2026-11-29T00:00"]
    assert SUNDAY.contains(at("2026-11-22T07:59"))
    assert not SUNDAY.contains(at("2026-11-22T08:00"))


def test_a_period_that_crosses_midnight_belongs_to_the_day_on_which_it_opens() -> None:
    """A window of Saturday night is open on Sunday morning, and tells what remains (R71)."""
    window = MaintenanceWindow(Weekly(1, DayOfWeek.SATURDAY), 6 * HOURS, time(22))

    assert window.period_at(at("2026-11-22T01:30")) == Period(at("2026-11-21T22:00"), at("2026-11-22T04:00"))
    assert window.remaining(at("2026-11-22T01:30")) == timedelta(hours=2, minutes=30)
    assert (window.period_at(at("2026-11-22T04:00")), window.remaining(at("2026-11-22T04:00"))) == (
        None,
        timedelta(),
    )
    assert window.next_opening(at("2026-11-22T01:30")) == at("2026-11-22T01:30")
    assert window.next_opening(at("2026-11-22T04:00")) == at("2026-11-28T22:00")


def test_weeks_are_counted_from_the_week_of_the_start_date() -> None:
    """Every 2 weeks on Sunday from Tuesday 2026-04-14 opens on 2026-04-26 first: weeks begin on Sunday."""
    sunday = MaintenanceWindow(Weekly(2, DayOfWeek.SUNDAY), start_date=date(2026, 4, 14))
    friday = MaintenanceWindow(Weekly(2, DayOfWeek.FRIDAY), start_date=date(2026, 4, 14))

    assert openings(sunday, "2026-01-01T00:00", 2) == ["2026-04-26T00:00", "2026-05-10T00:00"]
    assert openings(friday, "2026-01-01T00:00", 2) == ["2026-04-17T00:00", "2026-05-01T00:00"]


def test_months_are_counted_from_the_month_of_the_start_date() -> None:
    """What would open before the start date is left out and does not move the count."""
    window = MaintenanceWindow(AbsoluteMonthly(3, 10), start_date=date(2026, 4, 14))

    assert openings(window, "2026-01-01T00:00", 2) == ["2026-07-10T00:00", "2026-10-10T00:00"]


def test_without_a_start_date_everybody_counts_alike() -> None:
    """Days are counted from 1970-01-01, weeks from Sunday 1970-01-04, months from January 1970."""
    assert openings(MaintenanceWindow(Daily(7)), "1970-01-01T01:00", 1) == ["1970-01-08T00:00"]
    assert openings(MaintenanceWindow(Weekly(4, DayOfWeek.SUNDAY)), "1970-01-01T00:00", 2) == [
        "1970-01-04T00:00",
        "1970-02-01T00:00",
    ]
    assert openings(MaintenanceWindow(AbsoluteMonthly(6, 1)), "1970-01-02T00:00", 2) == [
        "1970-07-01T00:00",
        "1971-01-01T00:00",
    ]


def test_a_month_without_the_day_has_no_opening() -> None:
    """Day 31 opens in the months that have it; the end of every month is what ``Last`` is for."""
    assert openings(MaintenanceWindow(AbsoluteMonthly(1, 31)), "2026-01-01T00:00", 4) == [
        "2026-01-31T00:00",
        "2026-03-31T00:00",
        "2026-05-31T00:00",
        "2026-07-31T00:00",
    ]
    last = MaintenanceWindow(RelativeMonthly(1, WeekIndex.LAST, DayOfWeek.SATURDAY))
    assert openings(last, "2028-02-01T00:00", 2) == ["2028-02-26T00:00", "2028-03-25T00:00"]


def test_leap_days_open() -> None:
    """Day 29 opens in February of leap years only."""
    window = MaintenanceWindow(AbsoluteMonthly(6, 29), start_date=date(2027, 2, 1))

    assert openings(window, "2027-01-01T00:00", 3) == [
        "2027-08-29T00:00",
        "2028-02-29T00:00",
        "2028-08-29T00:00",
    ]


def test_all_day_on_every_day_opens_every_day_and_never_closes() -> None:
    """Each day is an opening of its own, and what remains is not cut at midnight."""
    always = MaintenanceWindow(Daily(1))

    assert openings(always, "2026-11-20T00:00", 2) == ["2026-11-21T00:00", "2026-11-22T00:00"]
    assert always.remaining(at("2026-11-20T23:00")) == ENDLESS
    forbidden = MaintenanceWindow(Daily(1), not_allowed_dates=((date(2026, 11, 24), date(2026, 11, 24)),))
    assert forbidden.remaining(at("2026-11-20T23:00")) == 73 * HOURS


def test_what_a_forbidden_day_leaves_of_a_period_opens_when_the_day_is_over() -> None:
    """Nothing opens on a forbidden day; a period that lasts beyond it opens at midnight, cut (R71)."""
    window = MaintenanceWindow(
        Weekly(1, DayOfWeek.SATURDAY), 8 * HOURS, time(22), not_allowed_dates=((date(2026, 11, 21),) * 2,)
    )

    assert next(window.openings(at("2026-11-20T00:00"))) == Period(
        at("2026-11-22T00:00"), at("2026-11-22T06:00")
    )


def test_forbidden_for_ever_never_opens() -> None:
    """A window that never opens again says so, at once."""
    window = MaintenanceWindow(Daily(1), not_allowed_dates=((date(2026, 1, 1), date(9999, 12, 31)),))

    assert window.next_opening(at("2026-06-01T00:00")) is None
    assert list(window.openings(at("2025-12-30T12:00"))) == [
        Period(at("2025-12-31T00:00"), at("2026-01-01T00:00"))
    ]


@pytest.mark.parametrize("year", [1, 2, 9998, 9999])
def test_the_ends_of_the_calendar_are_no_trap(year: int) -> None:
    """Dates at the calendar's ends are answered, not stumbled over."""
    edge = date(year, 12, 31)
    for schedule in (Daily(7), Weekly(4, DayOfWeek.SUNDAY), AbsoluteMonthly(6, 31)):
        window = MaintenanceWindow(
            schedule, start_time=time(23), utc_offset=timezone(-14 * HOURS), start_date=edge,
            not_allowed_dates=((edge, edge),),
        )  # fmt: skip
        opens = window.next_opening(at("2026-06-01T00:00"))
        assert (opens is None or opens.year == 9999) if year > 9000 else (opens and opens.year < 2028)


def test_a_clocks_own_instants_are_understood() -> None:
    """A clock may show pendulum's instants in any zone; the answers are plain ones in UTC."""
    now = pendulum.datetime(2026, 11, 22, 3, tz="Europe/Berlin")

    assert SUNDAY.contains(now)
    assert SUNDAY.remaining(now) == 6 * HOURS
    assert type(SUNDAY.next_opening(now)) is datetime
    assert type(SUNDAY.remaining(now)) is timedelta


def test_years_of_forbidden_days_cost_nothing() -> None:
    """The answer is calculated, not searched: a few days are asked for, whatever lies between."""
    asked: list[date] = []

    class Counted(Daily):
        """A schedule that tells how often it is asked."""

        def next_day(self, since: date, start: date | None) -> date | None:
            asked.append(since)
            return super().next_day(since, start)

    window = MaintenanceWindow(
        Counted(1), start_date=date(1990, 1, 1), not_allowed_dates=((date(2010, 1, 1), date(2030, 1, 1)),)
    )

    assert window.next_opening(at("2012-06-01T00:00")) == at("2030-01-02T00:00")
    assert len(asked) < 10
