"""When a maintenance configuration is open, by plain rules on dates: the emulator's own, so that it believes nobody else's.

Intervals count from the calendar day, week (from Sunday) or month of ``startDate``; without one from 1970-01-01, from
Sunday 1970-01-04, and from January 1970. A month without the day has no opening. A period belongs to the day on which
it opens in ``utcOffset`` and may cross midnight; days of ``notAllowedDates`` are closed from midnight to midnight.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NODE_OS_SCHEDULE = "aksManagedNodeOSUpgradeSchedule"
"""The configuration that node images keep to."""

_DAY = timedelta(days=1)
_WEEKDAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_INDEXES = {"First": 0, "Second": 1, "Third": 2, "Fourth": 3, "Last": -1}
_SUNDAY = date(1970, 1, 4)
_FURTHEST_DAYS = 366 * 8 + 31


def is_open(properties: Mapping[str, Any], instant: datetime) -> bool:
    """Whether work may begin at an instant.

    :param properties: of a maintenance configuration, with its ``maintenanceWindow``
    """
    window = properties["maintenanceWindow"]
    local = instant.astimezone(_zone(window))
    if _is_forbidden(window, local.date()):
        return False
    length = timedelta(hours=int(window.get("durationHours") or 24))
    return any(
        _opens_on(window, day) and timedelta(0) <= local - _opening(window, day) < length
        for day in (local.date() - _DAY, local.date())
    )


def next_opening(properties: Mapping[str, Any], instant: datetime) -> datetime | None:
    """The first instant from this one on at which it is open, this one where it is; None where there is none for years."""
    window = properties["maintenanceWindow"]
    if is_open(properties, instant):
        return instant
    zone = _zone(window)
    start = instant.astimezone(zone).date()
    for days in range(_FURTHEST_DAYS):
        day = start + days * _DAY
        # It opens at its time of day, or when a forbidden day is over in its midst.
        for candidate in sorted({datetime.combine(day, time(), zone), _opening(window, day)}):
            if candidate > instant and is_open(properties, candidate):
                return candidate.astimezone(UTC)
    return None


def _zone(window: Mapping[str, Any]) -> timezone:
    text = str(window.get("utcOffset") or "+00:00")
    hours, minutes = text[1:].split(":")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if text[0] == "-" else offset)


def _opening(window: Mapping[str, Any], day: date) -> datetime:
    return datetime.combine(day, time.fromisoformat(window["startTime"]), _zone(window))


def _is_forbidden(window: Mapping[str, Any], day: date) -> bool:
    return any(
        date.fromisoformat(span["start"]) <= day <= date.fromisoformat(span["end"])
        for span in window.get("notAllowedDates") or ()
    )


def _opens_on(window: Mapping[str, Any], day: date) -> bool:
    first = date.fromisoformat(window["startDate"]) if window.get("startDate") else None
    if first is not None and day < first:
        return False
    ((kind, said),) = ((key, value) for key, value in window["schedule"].items() if value is not None)
    return {
        "daily": _is_daily,
        "weekly": _is_weekly,
        "absoluteMonthly": _is_absolute,
        "relativeMonthly": _is_relative,
    }[kind](said, day, first)


def _is_daily(said: Mapping[str, Any], day: date, first: date | None) -> bool:
    return (day - (first or date(1970, 1, 1))).days % int(said["intervalDays"]) == 0


def _is_weekly(said: Mapping[str, Any], day: date, first: date | None) -> bool:
    weeks = (day - _SUNDAY).days // 7 - ((first or _SUNDAY) - _SUNDAY).days // 7
    return _weekday(day) == _day_of(said) and weeks % int(said["intervalWeeks"]) == 0


def _is_absolute(said: Mapping[str, Any], day: date, first: date | None) -> bool:
    return day.day == int(said["dayOfMonth"]) and _is_month(said, day, first)


def _is_relative(said: Mapping[str, Any], day: date, first: date | None) -> bool:
    if _weekday(day) != _day_of(said) or not _is_month(said, day, first):
        return False
    index = _INDEXES[str(said["weekIndex"]).capitalize()]
    return day.day + 7 > monthrange(day.year, day.month)[1] if index < 0 else (day.day - 1) // 7 == index


def _is_month(said: Mapping[str, Any], day: date, first: date | None) -> bool:
    start = first or date(1970, 1, 1)
    months = (day.year - start.year) * 12 + day.month - start.month
    return months % int(said["intervalMonths"]) == 0


def _weekday(day: date) -> str:
    return _WEEKDAYS[(day - _SUNDAY).days % 7]


def _day_of(said: Mapping[str, Any]) -> str:
    return str(said["dayOfWeek"]).capitalize()
