"""Maintenance windows: how a fleet's tag is read, and when it is open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pendulum
import pytest
from fleet_builders import a_fleet
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.windows import DAYS, Windows, parse_windows, window_of

MINUTE = timedelta(minutes=1)
NIGHTS = "Sat,Sun 22:00-04:00 +02:00"


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def is_open_by_the_minute(windows: list[tuple[list[int], int, int, int]], now: datetime) -> bool:
    """What one finds with a wall calendar: the weekday and the minute of the day in the window's own zone."""
    for days, opens, closes, offset in windows:
        local = now + timedelta(minutes=offset)
        minute, day = local.hour * 60 + local.minute, local.weekday()
        if opens < closes:
            if day in days and opens <= minute < closes:
                return True
        elif (day in days and minute >= opens) or ((day - 1) % 7 in days and minute < closes):
            return True
    return False


def as_text(windows: list[tuple[list[int], int, int, int]]) -> str:
    """The windows as a tag says them."""
    parts = []
    for days, opens, closes, offset in windows:
        sign, minutes = ("-" if offset < 0 else "+"), abs(offset)
        hours = f"{opens // 60:02}:{opens % 60:02}-{closes // 60:02}:{closes % 60:02}"
        names = ",".join(DAYS[day] for day in days)
        parts.append(f"{names} {hours} {sign}{minutes // 60:02}:{minutes % 60:02}")
    return "; ".join(parts)


minutes_of_day = st.integers(0, 1439)
one_window = st.tuples(
    st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True),
    minutes_of_day,
    minutes_of_day,
    st.integers(-14 * 60, 14 * 60),
).filter(lambda window: window[1] != window[2])
some_windows = st.lists(one_window, min_size=1, max_size=3)
instants = st.integers(0, 60 * 24 * 60).map(lambda minutes: at("2026-02-01T00:00") + minutes * MINUTE)


@given(some_windows, instants)
def test_a_window_is_open_when_the_calendar_says_so(
    windows: list[tuple[list[int], int, int, int]], now: datetime
) -> None:
    """Open and closed agree with a calendar read minute by minute, across midnights, zones and week ends."""
    read = parse_windows(as_text(windows))

    assert read.contains(now) == is_open_by_the_minute(windows, now)
    assert read.contains(now + timedelta(seconds=59.9)) == is_open_by_the_minute(windows, now)


@settings(max_examples=40, deadline=None)
@given(some_windows, instants)
def test_openings_are_those_that_minutes_show(
    windows: list[tuple[list[int], int, int, int]], now: datetime
) -> None:
    """The next opening is the first minute that the calendar shows as open."""
    read = parse_windows(as_text(windows))
    ahead = [now + minutes * MINUTE for minutes in range(8 * 24 * 60)]
    opens = next(instant for instant in ahead if is_open_by_the_minute(windows, instant))

    assert read.next_opening(now) == opens


@given(some_windows, instants)
def test_a_window_reads_back_as_it_is_told(
    windows: list[tuple[list[int], int, int, int]], now: datetime
) -> None:
    """The readable text of windows is a tag's value again, and means the same."""
    read = parse_windows(as_text(windows))
    again = parse_windows(str(read))

    assert again == read
    assert again.contains(now) == read.contains(now)


def test_the_tag_says_when_a_fleet_may_be_upgraded() -> None:
    """A fleet's windows stand in its tag, whatever case that is written in; most fleets have none (N6)."""
    fleet = a_fleet(tags={"FleetWright-Window": f"{NIGHTS}; daily 01:00-05:00 UTC"})
    windows = window_of(fleet)

    assert windows is not None
    assert str(windows) == "Sat,Sun 22:00-04:00 +02:00; daily 01:00-05:00 UTC"
    assert window_of(a_fleet(tags={"fleetwright": "enabled"})) is None


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    """A window of Sunday night is open on Monday morning, and not on Saturday morning."""
    windows = parse_windows(NIGHTS)

    assert windows.contains(at("2026-11-23T01:59"))
    assert not windows.contains(at("2026-11-23T02:00"))
    assert not windows.contains(at("2026-11-21T00:00"))


def test_a_closed_window_says_since_when_and_until_when() -> None:
    """Whoever waits for a window reads when it closed and when it opens."""
    assert parse_windows(NIGHTS).why_closed(at("2026-11-23T12:00")) == (
        "its maintenance window (Sat,Sun 22:00-04:00 +02:00) closed at Mon 2026-11-23 02:00 UTC, "
        "opens Sat 2026-11-28 20:00 UTC"
    )
    assert parse_windows(NIGHTS).why_closed(at("2026-11-22T23:00")) == ""


def test_a_clocks_own_instants_are_understood() -> None:
    """A clock may show pendulum's instants; the answers are plain ones in UTC."""
    windows, now = parse_windows(NIGHTS), pendulum.datetime(2026, 11, 23, 12, tz="Europe/Berlin")

    assert windows.next_opening(now) == at("2026-11-28T20:00")
    assert windows.closed_since(now) == at("2026-11-23T02:00")
    assert type(windows.next_opening(pendulum.datetime(2026, 11, 22, 23))) is datetime


def test_windows_that_touch_are_one() -> None:
    """Where one window takes over from another the fleet stays open; all day on every day it never closes."""
    evening = parse_windows("daily 20:00-24:00 UTC; daily 00:00-02:00 UTC")
    always = parse_windows("daily 00:00-24:00 UTC")

    assert evening.contains(at("2026-11-23T00:00"))
    assert evening.closed_since(at("2026-11-23T12:00")) == at("2026-11-23T02:00")
    assert always.closed_since(at("2026-11-23T00:00")) is None
    assert always.next_opening(at("2026-11-22T21:00")) == at("2026-11-22T21:00")


def test_days_may_be_a_span_over_the_weeks_end() -> None:
    """Fri-Mon are four days."""
    assert str(parse_windows("Fri-Mon 01:00-02:00 Z")) == "Mon,Fri,Sat,Sun 01:00-02:00 UTC"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "'' is no maintenance window, such as"),
        ("weekends", "'weekends' is no maintenance window, such as"),
        ("Sat 22:00-04:00", "'Sat 22:00-04:00' is no maintenance window, such as"),
        ("Sat 22:00-25:00 UTC", "'25:00' is no time of day between 00:00 and 24:00"),
        ("Sat 22:00-22:60 UTC", "'22:60' is no time of day between 00:00 and 24:00"),
        ("Sat 22:00-22:00 UTC", "opens when it closes: 00:00-24:00 is the whole day"),
        ("Sam 22:00-23:00 UTC", "'Sam' is no day; days are daily or Mon, Tue"),
        ("Sat 22:00-23:00 CET", "'CET' is no offset from UTC: write UTC, or one such as +02:00"),
        ("daily 01:00-02:00 UTC; nightly 01:00-02:00 UTC", "'nightly' is no day"),
    ],
)
def test_a_tag_that_cannot_be_read_never_opens(text: str, told: str) -> None:
    """An error while asking means no: the fleet is never open, and the reason names what would be right."""
    windows = window_of(a_fleet(tags={"fleetwright-window": text}))

    assert windows is not None
    assert not windows.contains(at("2026-11-22T23:00"))
    assert windows.next_opening(at("2026-11-22T23:00")) is None
    assert told in windows.why_closed(at("2026-11-22T23:00"))
    with pytest.raises(ConfigurationError, match=r"maintenance|time|day|offset|opens"):
        parse_windows(text)


def test_no_windows_are_never_open() -> None:
    """What has no period has no opening, and no closing."""
    nothing = Windows()

    assert (nothing.contains(at("2026-11-22T23:00")), str(nothing)) == (False, "never")
    assert nothing.closed_since(at("2026-11-22T23:00")) is None
