"""The older body of default: hours of the week, and times that are not allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance import ENDLESS, DayOfWeek, HourSlots, read_maintenance_configuration
from fleetwright.domain.windows import Period, Windows

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
START = datetime(2024, 2, 19, tzinfo=UTC)
HOURS = 24 * 7 * 6


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def read(slots: dict[str, list[int]], *not_allowed: tuple[datetime, datetime]) -> HourSlots:
    """A default configuration with these hours of these days."""
    days = [{"day": day, "hourSlots": hours} for day, hours in slots.items()]
    times = [{"start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": end.isoformat()} for start, end in not_allowed]
    properties = {"timeInWeek": days, "notAllowedTime": times}
    window = read_maintenance_configuration("default", {"properties": properties})
    assert isinstance(window, HourSlots)
    return window


blocks = st.lists(st.tuples(st.integers(0, 167), st.integers(4, 40)), min_size=1, max_size=4)
stretches = st.lists(st.tuples(st.integers(0, HOURS * 60), st.integers(1, 20000)), max_size=3)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(blocks, stretches)
def test_hour_slots_are_open_when_the_calendar_says_so(
    blocks: list[tuple[int, int]], stretches: list[tuple[int, int]]
) -> None:
    """Hours of a week without the times that are not allowed agree with a calendar read minute by minute (R71, R72)."""
    open_hours = {(first + more) % 168 for first, length in blocks for more in range(length)}
    slots = {
        day.value: [h % 24 for h in open_hours if h // 24 == number] for number, day in enumerate(DayOfWeek)
    }
    window = read(slots, *((START + a * MINUTE, START + (a + b) * MINUTE) for a, b in stretches))
    minutes = bytearray(
        minute // 60 % 168 in open_hours and not any(a <= minute < a + b for a, b in stretches)
        for minute in range(HOURS * 60)
    )

    edges = [m for m in range(1, len(minutes)) if minutes[m] != minutes[m - 1]]
    for minute in (
        m + more for edge in edges for m in (edge,) for more in (-1, 0, 1) if m + more < len(minutes)
    ):
        now, opens, closes = START + minute * MINUTE, minutes.find(1, minute), minutes.find(0, minute)
        assert window.contains(now) == bool(minutes[minute])
        assert opens == -1 or window.next_opening(now) == START + opens * MINUTE
        assert closes == -1 or window.remaining(now) == (closes - minute) * MINUTE


def test_slots_that_touch_are_one_period() -> None:
    """Sunday 22 and 23 with Monday 0 to 2 are five hours, over midnight and the week's end (R72)."""
    window = read({"Monday": [2, 0, 1], "Sunday": [22, 23]})

    assert window.longest == 5 * HOUR
    assert window.period_at(at("2026-11-23T01:00")) == Period(at("2026-11-22T22:00"), at("2026-11-23T03:00"))
    assert str(window) == "every Sunday 22:00-Monday 03:00 UTC"
    assert (
        Windows((window,))
        .why_closed(at("2026-11-23T04:00"))
        .endswith("closed at Mon 2026-11-23 03:00 UTC, opens Sun 2026-11-29 22:00 UTC")
    )


def test_a_time_in_the_middle_that_is_not_allowed_makes_two_periods() -> None:
    """Nothing begins in it, and the rest opens again when it is over (R71)."""
    window = read({"Tuesday": list(range(1, 9))}, (at("2026-11-24T03:00"), at("2026-11-24T05:30")))

    assert list(window.periods(at("2026-11-24T00:00"), at("2026-11-24T23:00"))) == [
        Period(at("2026-11-24T01:00"), at("2026-11-24T03:00")),
        Period(at("2026-11-24T05:30"), at("2026-11-24T09:00")),
    ]
    assert str(window).endswith("UTC, not 2026-11-24T03:00Z..2026-11-24T05:30Z")


def test_every_hour_of_the_week_never_closes() -> None:
    """What is open all week opens every week and stays open."""
    window = HourSlots(frozenset(range(168)))

    assert window.remaining(at("2026-11-24T03:00")) == ENDLESS
    assert next(window.openings(at("2026-11-24T03:00"))).opens == at("2026-11-30T00:00")


@pytest.mark.parametrize(
    ("properties", "told"),
    [
        (
            {"timeInWeek": [{"day": "Monday", "hourSlots": [1, 2, 3]}]},
            r"timeInWeek has only 3 h from Monday 01:00 UTC on; hour slots must touch to 4 hours or more \(R72\)",
        ),
        (
            {},
            "timeInWeek has no hours; a configuration needs maintenanceWindow, or days with their hourSlots",
        ),
        (
            {"timeInWeek": [{"day": "Funday", "hourSlots": [24]}]},
            r"timeInWeek\[0\].day is \"Funday\"; .*hourSlots is 24",
        ),
        ({"timeInWeek": "Monday"}, 'timeInWeek is "Monday"; it must be a list'),
        (
            {"timeInWeek": [], "notAllowedTime": [{"start": "2021-05-26", "end": "2021-05-30T00:00:00Z"}]},
            r'notAllowedTime\[0\].start is "2021-05-26"; it must be an instant such as',
        ),
        (
            {"notAllowedTime": [{"start": "2021-05-26T03:00:00Z", "end": "2021-05-25T03:00:00Z"}]},
            r"notAllowedTime\[0\] ends at 2021-05-25T03:00Z, before it starts at 2021-05-26T03:00Z",
        ),
    ],
)
def test_hour_slots_that_cannot_be_used_are_refused(properties: dict[str, Any], told: str) -> None:
    """Hours that touch are at least four, and what cannot be read is named by its field (R72)."""
    with pytest.raises(ConfigurationError, match=told):
        read_maintenance_configuration("default", {"properties": properties})
