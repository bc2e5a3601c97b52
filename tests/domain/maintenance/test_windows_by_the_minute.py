"""Windows agree with a wall calendar, minute by minute over ten years."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from minute_oracle import MINUTE, Oracle, paint

from fleetwright.domain.maintenance import ENDLESS, MaintenanceWindow, read_maintenance_window
from fleetwright.domain.windows import Windows

FIRST = date(2023, 11, 20)
MICROSECOND = timedelta(microseconds=1)
# Near its ends the calendar's minutes do not tell what began before them, or what goes on after.
MARGIN = 3 * 1440
DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def check_every_period(window: MaintenanceWindow, oracle: Oracle) -> None:
    """Every minute of the years is open or closed as the calendar shows it, and every opening is its own."""
    begin, end = oracle.at(MARGIN), oracle.at(len(oracle.minutes) - MARGIN)
    shown = bytearray(len(oracle.minutes))
    for period in window.periods(begin, end):
        opens, closes = ((at - oracle.origin) // MINUTE for at in (period.opens, period.closes))
        assert closes - opens <= window.longest // MINUTE
        shown[max(0, opens) : closes] = b"\1" * (min(closes, len(shown)) - max(0, opens))
    assert shown[MARGIN:-MARGIN] == oracle.minutes[MARGIN:-MARGIN]
    pieces = [(oracle.at(o), oracle.at(c)) for o, c in oracle.pieces()]
    told = [(p.opens, p.closes) for p in window.periods(begin, end) if p.opens > begin]
    assert told == [piece for piece in pieces if begin < piece[0] <= end]


def check_every_instant_around(window: MaintenanceWindow, oracle: Oracle, boundary: int) -> None:
    """Around an opening or a closing every question is answered as the calendar shows it."""
    for minute in (boundary - 1, boundary, boundary + 1):
        now, is_open = oracle.at(minute), bool(oracle.minutes[minute])
        assert window.contains(now) == is_open, now
        assert window.contains(now + MINUTE - MICROSECOND) == is_open, now
        opens = oracle.next_open(minute)
        if opens != -1:
            assert window.next_opening(now) == oracle.at(opens), now
        closes = oracle.next_closed(minute)
        if closes != -1 or not is_open:
            assert window.remaining(now) == min((closes - minute) * MINUTE, ENDLESS), now


def check(body: dict[str, Any], first: date = FIRST) -> None:
    """Compare a window with the calendar over ten years."""
    window, oracle = read_maintenance_window(body), paint(body, first)
    check_every_period(window, oracle)
    for boundary in oracle.boundaries():
        if MARGIN < boundary < len(oracle.minutes) - MARGIN:
            check_every_instant_around(window, oracle, boundary)


days_of_week = st.sampled_from(DAYS)
SCHEDULES = {
    "daily": st.fixed_dictionaries({"intervalDays": st.integers(1, 7)}),
    "weekly": st.fixed_dictionaries({"intervalWeeks": st.integers(1, 4), "dayOfWeek": days_of_week}),
    "absoluteMonthly": st.fixed_dictionaries(
        {
            "intervalMonths": st.integers(1, 6),
            "dayOfMonth": st.one_of(st.integers(28, 31), st.integers(1, 31)),
        }
    ),
    "relativeMonthly": st.fixed_dictionaries(
        {
            "intervalMonths": st.integers(1, 6),
            "weekIndex": st.sampled_from(["First", "Second", "Third", "Fourth", "Last"]),
            "dayOfWeek": days_of_week,
        }
    ),
}
clocks = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))
offsets = st.one_of(
    st.sampled_from(["+00:00", "+14:00", "-12:00", "+05:45", "-03:30"]),
    st.builds("{}{:02}:{:02}".format, st.sampled_from("+-"), st.integers(0, 13), st.integers(0, 59)),
)
days_of_calendar = st.dates(date(2023, 6, 1), date(2034, 3, 1))
stretches = st.builds(
    lambda first, days: {"start": str(first), "end": str(first + timedelta(days=days))},
    days_of_calendar,
    st.one_of(st.integers(0, 3), st.integers(0, 500)),
)


def bodies(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Maintenance windows with this kind of schedule, as ARM writes them."""
    return st.fixed_dictionaries(
        {
            "schedule": SCHEDULES[kind].map(lambda rule: {kind: rule}),
            "durationHours": st.one_of(st.sampled_from([4, 24]), st.integers(4, 24)),
            "startTime": clocks,
            "utcOffset": offsets,
            "notAllowedDates": st.lists(stretches, max_size=4),
        },
        optional={"startDate": days_of_calendar.map(str)},
    )


@settings(max_examples=30, deadline=None, derandomize=True)
@given(bodies("daily"))
def test_a_daily_window_is_open_when_the_calendar_says_so(body: dict[str, Any]) -> None:
    """A window of every few days agrees with ten years of minutes (R71, N31)."""
    check(body)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(bodies("weekly"))
def test_a_weekly_window_is_open_when_the_calendar_says_so(body: dict[str, Any]) -> None:
    """A window of every few weeks agrees with ten years of minutes (R71, N31)."""
    check(body)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(bodies("absoluteMonthly"))
def test_a_window_on_a_day_of_the_month_is_open_when_the_calendar_says_so(body: dict[str, Any]) -> None:
    """A window on a numbered day of every few months agrees with ten years of minutes (R71, N31)."""
    check(body)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(bodies("relativeMonthly"))
def test_a_window_on_a_named_day_of_the_month_is_open_when_the_calendar_says_so(body: dict[str, Any]) -> None:
    """A window such as the last Friday of every few months agrees with ten years of minutes (R71, N31)."""
    check(body)


def a_body(schedule: dict[str, Any], **told: object) -> dict[str, Any]:
    """A window's body, 22:00 for eight hours where nothing else is told."""
    return {"schedule": schedule, "durationHours": 8, "startTime": "22:00", **told}


def forbidden(*stretches: str) -> list[dict[str, str]]:
    """Forbidden days, each stretch told as ``first..last``."""
    return [dict(zip(("start", "end"), text.split(".."), strict=True)) for text in stretches]


LAST_DAY = {"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 31}}
NEW_YEAR = forbidden("2024-12-23..2025-01-03", "2027-12-31..2027-12-31", "2029-12-31..2030-01-01")


@pytest.mark.parametrize(
    ("body", "first"),
    [
        pytest.param(
            a_body({"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 29}}), FIRST, id="leap days"
        ),
        pytest.param(
            a_body({"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 29}}),
            date(2095, 12, 1),
            id="2100 has no leap day",
        ),
        pytest.param(
            a_body({"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 30}}), FIRST, id="the 30th"
        ),
        pytest.param(a_body(LAST_DAY), FIRST, id="the 31st, into the next month and year"),
        pytest.param(
            a_body({"absoluteMonthly": {"intervalMonths": 6, "dayOfMonth": 31}}, startDate="2024-02-10"),
            FIRST,
            id="the 31st of February and August",
        ),
        pytest.param(
            a_body({"relativeMonthly": {"intervalMonths": 1, "weekIndex": "Last", "dayOfWeek": "Thursday"}}),
            FIRST,
            id="a last Thursday on February 29",
        ),
        pytest.param(a_body(LAST_DAY, utcOffset="+14:00"), FIRST, id="UTC is the day before"),
        pytest.param(a_body(LAST_DAY, utcOffset="-12:00"), FIRST, id="UTC is the day after"),
        pytest.param(
            a_body({"daily": {"intervalDays": 5}}, utcOffset="+05:45", notAllowedDates=NEW_YEAR),
            FIRST,
            id="+05:45",
        ),
        pytest.param(
            a_body(
                {"daily": {"intervalDays": 1}}, durationHours=24, startTime="00:00", notAllowedDates=NEW_YEAR
            ),
            FIRST,
            id="never closed but on forbidden days",
        ),
        pytest.param(
            a_body(
                {"daily": {"intervalDays": 1}}, durationHours=24, startTime="12:00", notAllowedDates=NEW_YEAR
            ),
            FIRST,
            id="what follows a forbidden day opens at midnight",
        ),
        pytest.param(
            a_body({"weekly": {"intervalWeeks": 1, "dayOfWeek": "Tuesday"}}, notAllowedDates=NEW_YEAR),
            FIRST,
            id="forbidden over New Year",
        ),
        pytest.param(
            a_body({"weekly": {"intervalWeeks": 3, "dayOfWeek": "Sunday"}}, startDate="2027-02-24"),
            FIRST,
            id="begins in some years",
        ),
        pytest.param(
            a_body({"daily": {"intervalDays": 7}}, notAllowedDates=forbidden("2025-03-01..2031-03-01")),
            FIRST,
            id="years of forbidden days",
        ),
    ],
)
def test_the_calendars_corners(body: dict[str, Any], first: date) -> None:
    """Leap days, month ends, year ends, offsets, New Year and late beginnings agree with ten years of minutes (R71)."""
    check(body, first)


def test_a_schedule_that_seldom_opens_is_still_found_by_windows() -> None:
    """Among other windows one that opens in a year or later still tells when."""
    body = a_body(LAST_DAY, notAllowedDates=forbidden("2024-01-15..2026-06-30"))
    windows, oracle = Windows((read_maintenance_window(body),)), paint(body, FIRST)
    now = (date(2024, 3, 1) - FIRST).days * 1440

    assert windows.next_opening(oracle.at(now)) == oracle.at(oracle.next_open(now))
    assert windows.closed_since(oracle.at(now)) == oracle.at(max(c for _, c in oracle.pieces() if c <= now))
    assert "closed at Mon 2024-01-01 06:00 UTC, opens Fri 2026-07-31 22:00 UTC" in windows.why_closed(
        oracle.at(now)
    )
