"""Maintenance configurations as ARM writes them: what is read, and what is refused with which words."""

from __future__ import annotations

from datetime import UTC, date, time, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_windows_by_the_minute import SCHEDULES, bodies

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance import (
    SUNDAY,
    AbsoluteMonthly,
    Daily,
    DayOfWeek,
    HourSlots,
    MaintenanceWindow,
    RelativeMonthly,
    WeekIndex,
    Weekly,
    read_maintenance_configuration,
    read_maintenance_window,
    write_maintenance_window,
)

NODE_OS = "aksManagedNodeOSUpgradeSchedule"
BODY = {
    "schedule": {"weekly": {"intervalWeeks": 2, "dayOfWeek": "Saturday"}},
    "durationHours": 6,
    "utcOffset": "+02:00",
    "startDate": "2024-05-01",
    "startTime": "22:00",
    "notAllowedDates": [{"start": "2024-12-23", "end": "2025-01-03"}],
}


def refused(body: object) -> str:
    """Why the window cannot be read."""
    with pytest.raises(ConfigurationError) as error:
        read_maintenance_configuration(NODE_OS, {"properties": {"maintenanceWindow": body}})
    return str(error.value)


def test_a_body_of_arm_is_read() -> None:
    """Every field of a maintenance window is read as ARM writes it (N31)."""
    read = read_maintenance_configuration(
        NODE_OS, {"name": NODE_OS, "properties": {"maintenanceWindow": BODY}}
    )

    assert read == MaintenanceWindow(
        schedule=Weekly(2, DayOfWeek.SATURDAY),
        duration=timedelta(hours=6),
        start_time=time(22),
        utc_offset=timezone(timedelta(hours=2)),
        start_date=date(2024, 5, 1),
        not_allowed_dates=((date(2024, 12, 23), date(2025, 1, 3)),),
    )


def test_what_is_not_told_has_azures_default() -> None:
    """Without a duration it is 24 hours, without an offset UTC, without a start date active at once (N31)."""
    read = read_maintenance_window(
        {"schedule": {"daily": {"intervalDays": 1}, "weekly": None}, "startTime": "01:00", "startDate": None}
    )

    assert read == MaintenanceWindow(Daily(1), timedelta(hours=24), time(1), UTC)


@settings(deadline=None)
@given(st.sampled_from(sorted(SCHEDULES)).flatmap(bodies))
def test_a_window_written_is_the_same_when_read_again(body: dict[str, Any]) -> None:
    """Writing a window and reading it back changes nothing."""
    window = read_maintenance_window(body)

    assert read_maintenance_window(write_maintenance_window(window)) == window
    assert write_maintenance_window(window)["schedule"] == body["schedule"]


def test_arms_own_body_is_written() -> None:
    """What is written has ARM's names and forms."""
    assert write_maintenance_window(read_maintenance_window(BODY)) == BODY
    assert write_maintenance_window(SUNDAY) == {
        "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Sunday"}},
        "durationHours": 8,
        "utcOffset": "+00:00",
        "startTime": "00:00",
    }


@pytest.mark.parametrize("hours", [4, 24])
def test_four_to_twenty_four_hours_are_allowed(hours: int) -> None:
    """The shortest window is 4 hours, the longest 24 (R72, N31)."""
    assert read_maintenance_window(BODY | {"durationHours": hours}).longest == timedelta(hours=hours)


@pytest.mark.parametrize("hours", [3, 25, 0, -4, 10**30, 4.5, True, "8"])
def test_any_other_duration_is_refused(hours: object) -> None:
    """A window under 4 hours, over 24, or of no whole number of hours is refused by its field's name (R72, N31)."""
    assert refused(BODY | {"durationHours": hours}).startswith("maintenanceWindow.durationHours is ")
    assert refused(BODY | {"durationHours": hours}).endswith("; it must be 4 to 24 hours (R72)")


def test_a_short_window_cannot_be_made_either() -> None:
    """Not only bodies are refused: there is no window under 4 hours (R72)."""
    with pytest.raises(
        ConfigurationError,
        match=r"^maintenanceWindow\.durationHours is 3; it must be 4 to 24 hours \(R72\)$",
    ):
        MaintenanceWindow(Daily(1), timedelta(hours=3))
    with pytest.raises(ConfigurationError, match=r"durationHours is 4\.5"):
        MaintenanceWindow(Daily(1), timedelta(hours=4.5))


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        (
            {"daily": {"intervalDays": 1}, "weekly": {"intervalWeeks": 1, "dayOfWeek": "Monday"}},
            (
                "maintenanceWindow.schedule has daily and weekly; exactly one of daily, weekly, absoluteMonthly, "
                "relativeMonthly is allowed"
            ),
        ),
        ({}, "maintenanceWindow.schedule has none; exactly one of daily, weekly, absoluteMonthly"),
        (None, "maintenanceWindow.schedule has none; exactly one of"),
        ({"hourly": {}}, "maintenanceWindow.schedule has hourly; exactly one of"),
        ("weekly", 'maintenanceWindow.schedule is "weekly"; it must be an object'),
        ({"daily": 1}, "maintenanceWindow.schedule.daily is 1; it must be an object"),
        (
            {"daily": {"intervalDays": 8}},
            "schedule.daily.intervalDays is 8; it must be a whole number from 1 to 7",
        ),
        (
            {"weekly": {"intervalWeeks": 5, "dayOfWeek": "Sun"}},
            (
                "weekly.intervalWeeks is 5; it must be a whole number from 1 to 4; "
                'maintenanceWindow.schedule.weekly.dayOfWeek is "Sun"; it must be one of Monday, Tuesday'
            ),
        ),
        (
            {"absoluteMonthly": {"intervalMonths": 0, "dayOfMonth": 32}},
            (
                "absoluteMonthly.intervalMonths is 0; it must be a whole number from 1 to 6; "
                "maintenanceWindow.schedule.absoluteMonthly.dayOfMonth is 32; it must be a whole number from 1 to 31"
            ),
        ),
        (
            {"relativeMonthly": {"intervalMonths": True, "weekIndex": "Fifth"}},
            (
                "relativeMonthly.intervalMonths is true; it must be a whole number from 1 to 6; "
                'maintenanceWindow.schedule.relativeMonthly.weekIndex is "Fifth"; it must be one of First, Second, '
                "Third, Fourth, Last; maintenanceWindow.schedule.relativeMonthly.dayOfWeek is missing"
            ),
        ),
    ],
)
def test_a_schedule_that_cannot_be_used_is_refused(schedule: object, told: str) -> None:
    """None, two, unknown ones and intervals out of range are refused by their field's name and value (N31)."""
    assert told in refused(BODY | {"schedule": schedule})


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("startTime", "24:00", 'maintenanceWindow.startTime is "24:00"; it must be a time of day from 00:00'),
        ("startTime", "9:00", 'maintenanceWindow.startTime is "9:00"'),
        ("startTime", None, "maintenanceWindow.startTime is missing"),
        (
            "utcOffset",
            "+2",
            'maintenanceWindow.utcOffset is "+2"; it must be an offset from -14:00 to +14:00',
        ),
        ("utcOffset", "+14:30", 'maintenanceWindow.utcOffset is "+14:30"'),
        ("utcOffset", "Z", 'maintenanceWindow.utcOffset is "Z"'),
        ("startDate", "2023-02-29", 'maintenanceWindow.startDate is "2023-02-29"; it must be a date such as'),
        ("startDate", 20230301, "maintenanceWindow.startDate is 20230301"),
        ("notAllowedDates", {}, "maintenanceWindow.notAllowedDates is {}; it must be a list"),
        ("notAllowedDates", [5], "maintenanceWindow.notAllowedDates[0] is 5; it must be an object"),
        (
            "notAllowedDates",
            [{"start": "2024-01-01"}],
            "notAllowedDates[0].end is missing; it must be a date",
        ),
        (
            "notAllowedDates",
            [{"start": "2025-01-03", "end": "2024-12-23"}],
            (
                "maintenanceWindow.notAllowedDates[0] ends on 2024-12-23, before it starts on 2025-01-03; "
                "its end must be its start or later"
            ),
        ),
    ],
)
def test_a_field_that_cannot_be_read_is_named(field: str, value: object, told: str) -> None:
    """The reason names the field, its value and what would be right, in one line."""
    assert told in refused(BODY | {field: value})
    assert "\n" not in refused(BODY | {field: value})


def test_every_problem_of_a_body_is_told_at_once() -> None:
    """Whoever mends a window reads all that is wrong with it (R72)."""
    told = refused({"schedule": {}, "durationHours": 3, "startTime": "x", "utcOffset": "y", "startDate": "z"})

    fields = ("schedule has none", "durationHours is 3", "startTime is", "utcOffset is", "startDate is")
    assert [field for field in fields if f"maintenanceWindow.{field}" not in told] == []


def test_only_three_names_are_known() -> None:
    """A configuration of another name is refused, and the names are told."""
    with pytest.raises(
        ConfigurationError, match='"nightly"; it must be one of default, aksManagedAutoUpgrade'
    ):
        read_maintenance_configuration("nightly", {"properties": {"maintenanceWindow": BODY}})


def test_default_is_weekly() -> None:
    """The configuration named default has weekly windows and no others."""
    daily = {"properties": {"maintenanceWindow": BODY | {"schedule": {"daily": {"intervalDays": 2}}}}}

    assert read_maintenance_configuration("default", {"properties": {"maintenanceWindow": BODY}}) is not None
    assert read_maintenance_configuration(NODE_OS, daily).longest == timedelta(hours=6)
    with pytest.raises(ConfigurationError, match="schedule is every 2 days; it must be weekly in default"):
        read_maintenance_configuration("default", daily)


def test_only_default_has_the_older_body() -> None:
    """The older body under another name has no window."""
    older = {"properties": {"timeInWeek": [{"day": "Sunday", "hourSlots": [0, 1, 2, 3]}]}}

    assert isinstance(read_maintenance_configuration("default", older), HourSlots)
    with pytest.raises(ConfigurationError, match=r"maintenanceWindow is missing; it must be an object"):
        read_maintenance_configuration(NODE_OS, older)
    with pytest.raises(ConfigurationError, match=r"properties is missing"):
        read_maintenance_configuration(NODE_OS, {})


@pytest.mark.parametrize(
    ("window", "summary"),
    [
        (SUNDAY, "every Sunday 00:00-08:00 UTC"),
        (
            read_maintenance_window(BODY),
            "every 2 weeks on Saturday 22:00-04:00 +02:00, from 2024-05-01, not 2024-12-23..2025-01-03",
        ),
        (MaintenanceWindow(Daily(1)), "every day 00:00-24:00 UTC"),
        (MaintenanceWindow(Daily(3), start_time=time(22)), "every 3 days 22:00-22:00 (24 h) UTC"),
        (MaintenanceWindow(Daily(2), timedelta(hours=4), time(20)), "every 2 days 20:00-24:00 UTC"),
        (
            MaintenanceWindow(
                RelativeMonthly(1, WeekIndex.LAST, DayOfWeek.FRIDAY),
                timedelta(hours=4),
                utc_offset=timezone(-timedelta(hours=3, minutes=30)),
            ),
            "the last Friday of every month 00:00-04:00 -03:30",
        ),
        (
            MaintenanceWindow(AbsoluteMonthly(3, 31), not_allowed_dates=((date(2024, 12, 31),) * 2,)),
            "day 31 of every 3 months 00:00-24:00 UTC, not 2024-12-31",
        ),
    ],
)
def test_a_window_tells_itself(window: MaintenanceWindow, summary: str) -> None:
    """A window reads as a person would say it."""
    assert str(window) == summary
