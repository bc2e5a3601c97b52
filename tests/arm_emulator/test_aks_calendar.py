"""The emulator's own calendar of maintenance configurations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from arm_emulator.aks.calendar import is_open, next_opening


def window(schedule: dict[str, Any], start: str = "22:00", hours: int = 4, **more: object) -> dict[str, Any]:
    """A configuration's properties."""
    body = {"schedule": schedule, "startTime": start, "durationHours": hours, "utcOffset": "+00:00", **more}
    return {"maintenanceWindow": body}


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


SUNDAYS = {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}}


@pytest.mark.parametrize(
    ("schedule", "more", "opens"),
    [
        (
            {"daily": {"intervalDays": 3}},
            {"startDate": "2024-02-28"},
            ["2024-02-28T22:00", "2024-03-02T22:00"],
        ),
        (SUNDAYS, {}, ["2024-03-03T22:00", "2024-03-10T22:00"]),
        (SUNDAYS, {"utcOffset": "+05:30"}, ["2024-03-03T16:30", "2024-03-10T16:30"]),
        (
            {"weekly": {"intervalWeeks": 2, "dayOfWeek": "Sunday"}},
            {"startDate": "2026-04-14"},
            ["2026-04-26T22:00", "2026-05-10T22:00"],
        ),
        (
            {"absoluteMonthly": {"intervalMonths": 1, "dayOfMonth": 31}},
            {},
            ["2024-03-31T22:00", "2024-05-31T22:00"],
        ),
        (
            {"relativeMonthly": {"intervalMonths": 2, "weekIndex": "Last", "dayOfWeek": "Friday"}},
            {"startDate": "2024-02-29"},
            ["2024-04-26T22:00", "2024-06-28T22:00"],
        ),
    ],
)
def test_schedule_opens_on_its_days(schedule: dict[str, Any], more: dict[str, Any], opens: list[str]) -> None:
    """All four schedules, from startDate on and in utcOffset, open when AKS opens them (R71, N31)."""
    properties = window(schedule, **more)
    first = next_opening(properties, at(more.get("startDate", "2024-02-27") + "T00:00"))
    assert first is not None
    if not more and "absoluteMonthly" not in schedule:
        first = next_opening(properties, at("2024-03-01T00:00"))
    assert first is not None

    second = next_opening(properties, first + timedelta(hours=4))

    assert [first, second] == [at(text) for text in opens]


def test_window_crosses_midnight_and_ends_to_the_minute() -> None:
    """A period that opens on Sunday 22:00 is open until Monday 02:00, which it does not include (R71)."""
    properties = window(SUNDAYS)

    verdicts = [
        is_open(properties, at(text))
        for text in ("2024-03-03T21:59", "2024-03-03T22:00", "2024-03-04T01:59", "2024-03-04T02:00")
    ]

    assert verdicts == [False, True, True, False]


def test_forbidden_days_are_closed_from_midnight_to_midnight_of_the_offset() -> None:
    """Forbidden days are whole days in utcOffset: a period that began before ends there, one they cover goes on after (R71, N31)."""
    dates = [{"start": "2022-12-23", "end": "2023-01-03"}]
    properties = window({"daily": {"intervalDays": 1}}, hours=6, utcOffset="+02:00", notAllowedDates=dates)

    assert is_open(properties, at("2022-12-22T21:59"))
    assert not is_open(properties, at("2022-12-22T22:00"))
    assert not is_open(properties, at("2023-01-03T21:59"))
    assert next_opening(properties, at("2022-12-22T22:00")) == at("2023-01-03T22:00")


def test_nothing_opens_where_every_day_is_forbidden() -> None:
    """A window whose days are all forbidden has no next opening (N31)."""
    properties = window(SUNDAYS, notAllowedDates=[{"start": "2024-01-01", "end": "2099-12-31"}])

    assert next_opening(properties, at("2024-03-03T22:00")) is None
