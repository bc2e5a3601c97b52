"""Maintenance windows of every kind, as bodies in ARM's own words."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

Body = dict[str, Any]

FIRST = date(2024, 1, 1)
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEKS = ("First", "Second", "Third", "Fourth", "Last")

_daily = st.builds(lambda days: {"daily": {"intervalDays": days}}, st.integers(1, 7))
_weekly = st.builds(
    lambda weeks, day: {"weekly": {"intervalWeeks": weeks, "dayOfWeek": day}},
    st.integers(1, 4),
    st.sampled_from(_DAYS),
)
_absolute = st.builds(
    lambda months, day: {"absoluteMonthly": {"intervalMonths": months, "dayOfMonth": day}},
    st.integers(1, 6),
    st.integers(1, 31),
)
_relative = st.builds(
    lambda months, week, day: {
        "relativeMonthly": {"intervalMonths": months, "weekIndex": week, "dayOfWeek": day}
    },
    st.integers(1, 6),
    st.sampled_from(_WEEKS),
    st.sampled_from(_DAYS),
)


def _blackout(start: int, days: int) -> dict[str, str]:
    first = FIRST + timedelta(days=start)
    return {"start": first.isoformat(), "end": (first + timedelta(days=days)).isoformat()}


_blackouts = st.lists(st.builds(_blackout, st.integers(0, 1000), st.integers(0, 60)), max_size=4)
_offsets = st.sampled_from(("+00:00", "+02:00", "-08:00", "+05:30", "+14:00", "-12:00"))
_hours = st.integers(4, 24)
_times = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.sampled_from((0, 15, 30, 59)))

bodies = st.builds(
    lambda schedule, hours, opens, offset, blackouts: {
        "schedule": schedule,
        "durationHours": hours,
        "startTime": opens,
        "utcOffset": offset,
        "notAllowedDates": blackouts,
    },
    st.one_of(_daily, _weekly, _absolute, _relative),
    _hours,
    _times,
    _offsets,
    _blackouts,
)
"""The value of ``maintenanceWindow``."""

sets_of_windows = st.dictionaries(
    st.sampled_from(("shop", "bank", "mail", "maps")), bodies, min_size=1, max_size=4
)
"""What a timetable is made of."""


def weekly(day: str, opens: str = "00:00", hours: int = 8, **more: object) -> Body:
    """A window on one day of every week."""
    schedule = {"weekly": {"intervalWeeks": 1, "dayOfWeek": day}}
    return {
        "schedule": schedule,
        "durationHours": hours,
        "startTime": opens,
        "utcOffset": "+00:00",
        **more,
    }
