"""``schedule`` of a maintenance window as ARM writes it: exactly one of four kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance.fields import check_range, read_mapping, read_name
from fleetwright.domain.maintenance.problems import Problems
from fleetwright.domain.maintenance.schedules import (
    AbsoluteMonthly,
    Daily,
    DayOfWeek,
    MaintenanceSchedule,
    RelativeMonthly,
    WeekIndex,
    Weekly,
)

SCHEDULE = "maintenanceWindow.schedule"


def read_schedule(body: object) -> MaintenanceSchedule:
    """Read the value of ``schedule``; a kind that is null is not there.

    :raises ConfigurationError: when it has none or several kinds, or a field of it cannot be used
    """
    told = {kind: value for kind, value in read_mapping(SCHEDULE, body or {}).items() if value is not None}
    if len(told) != 1 or not set(told) <= set(_KINDS):
        raise ConfigurationError(
            f"{SCHEDULE} has {' and '.join(told) or 'none'}; exactly one of {', '.join(_KINDS)} is allowed"
        )
    ((kind, value),) = told.items()
    where = f"{SCHEDULE}.{kind}"
    return _KINDS[kind](where, read_mapping(where, value))


def _daily(where: str, body: Mapping[str, Any]) -> Daily:
    return Daily(check_range(f"{where}.intervalDays", body.get("intervalDays"), 1, 7))


def _weekly(where: str, body: Mapping[str, Any]) -> Weekly:
    problems = Problems()
    weeks = problems.read(lambda: check_range(f"{where}.intervalWeeks", body.get("intervalWeeks"), 1, 4), 1)
    day = _day_of_week(where, body, problems)
    problems.raise_any()
    return Weekly(weeks, day)


def _absolute_monthly(where: str, body: Mapping[str, Any]) -> AbsoluteMonthly:
    problems = Problems()
    months = _months(where, body, problems)
    day = problems.read(lambda: check_range(f"{where}.dayOfMonth", body.get("dayOfMonth"), 1, 31), 1)
    problems.raise_any()
    return AbsoluteMonthly(months, day)


def _relative_monthly(where: str, body: Mapping[str, Any]) -> RelativeMonthly:
    problems = Problems()
    months = _months(where, body, problems)
    week = problems.read(
        lambda: read_name(f"{where}.weekIndex", body.get("weekIndex"), WeekIndex), WeekIndex.FIRST
    )
    day = _day_of_week(where, body, problems)
    problems.raise_any()
    return RelativeMonthly(months, week, day)


def _months(where: str, body: Mapping[str, Any], problems: Problems) -> int:
    return problems.read(lambda: check_range(f"{where}.intervalMonths", body.get("intervalMonths"), 1, 6), 1)


def _day_of_week(where: str, body: Mapping[str, Any], problems: Problems) -> DayOfWeek:
    return problems.read(
        lambda: read_name(f"{where}.dayOfWeek", body.get("dayOfWeek"), DayOfWeek), DayOfWeek.SUNDAY
    )


_KINDS: Mapping[str, Callable[[str, Mapping[str, Any]], MaintenanceSchedule]] = {
    "daily": _daily,
    "weekly": _weekly,
    "absoluteMonthly": _absolute_monthly,
    "relativeMonthly": _relative_monthly,
}
