"""A maintenance window as ARM's own body."""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import Any

from fleetwright.domain.maintenance.schedules import (
    AbsoluteMonthly,
    Daily,
    MaintenanceSchedule,
    Weekly,
)
from fleetwright.domain.maintenance.windows import MaintenanceWindow


def write_maintenance_window(window: MaintenanceWindow) -> dict[str, Any]:
    """The value of ``maintenanceWindow``: what ``read_maintenance_window`` reads as the same window again."""
    body: dict[str, Any] = {
        "schedule": _schedule(window.schedule),
        "durationHours": window.duration // timedelta(hours=1),
        "utcOffset": _offset(window.utc_offset),
        "startTime": f"{window.start_time:%H:%M}",
    }
    if window.start_date:
        body["startDate"] = window.start_date.isoformat()
    if window.not_allowed_dates:
        body["notAllowedDates"] = [
            {"start": first.isoformat(), "end": last.isoformat()} for first, last in window.not_allowed_dates
        ]
    return body


def _schedule(schedule: MaintenanceSchedule) -> dict[str, dict[str, int | str]]:
    if isinstance(schedule, Daily):
        return {"daily": {"intervalDays": schedule.interval_days}}
    if isinstance(schedule, Weekly):
        return {
            "weekly": {
                "intervalWeeks": schedule.interval_weeks,
                "dayOfWeek": schedule.day_of_week.value,
            }
        }
    if isinstance(schedule, AbsoluteMonthly):
        return {
            "absoluteMonthly": {
                "intervalMonths": schedule.interval_months,
                "dayOfMonth": schedule.day_of_month,
            }
        }
    return {
        "relativeMonthly": {
            "intervalMonths": schedule.interval_months,
            "weekIndex": schedule.week_index.value,
            "dayOfWeek": schedule.day_of_week.value,
        }
    }


def _offset(zone: timezone) -> str:
    offset = zone.utcoffset(None)
    minutes = abs(offset) // timedelta(minutes=1)
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02}:{minutes % 60:02}"
