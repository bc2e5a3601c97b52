"""Maintenance configurations as ARM writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, time
from enum import StrEnum
from functools import partial
from typing import Any

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance.fields import (
    LONGEST,
    read_date,
    read_hours,
    read_list,
    read_mapping,
    read_name,
    read_offset,
    read_time,
)
from fleetwright.domain.maintenance.hour_slot_bodies import read_hour_slots
from fleetwright.domain.maintenance.hour_slots import HourSlots
from fleetwright.domain.maintenance.problems import Problems
from fleetwright.domain.maintenance.schedule_bodies import SCHEDULE, read_schedule
from fleetwright.domain.maintenance.schedules import Daily, MaintenanceSchedule, Weekly
from fleetwright.domain.maintenance.windows import MaintenanceWindow, check_order

_WINDOW = "maintenanceWindow"
_SOME_DAY = date(1970, 1, 1)


class ConfigurationName(StrEnum):
    """The names that a cluster's maintenance configurations may have."""

    DEFAULT = "default"
    AUTO_UPGRADE = "aksManagedAutoUpgradeSchedule"
    NODE_OS_UPGRADE = "aksManagedNodeOSUpgradeSchedule"


def read_maintenance_configuration(name: str, resource: Mapping[str, Any]) -> MaintenanceWindow | HourSlots:
    """Read a maintenance configuration of a cluster; only ``default`` may have the older body.

    :param name: its name: one of ``ConfigurationName``
    :param resource: ARM's body, with ``properties``
    :raises ConfigurationError: naming each field that cannot be used, its value, and what would be right
    """
    known = read_name("name of the maintenance configuration", name, ConfigurationName)
    properties = read_mapping("properties", resource.get("properties"))
    is_default = known is ConfigurationName.DEFAULT
    if is_default and properties.get(_WINDOW) is None:
        return read_hour_slots(properties)
    window = read_maintenance_window(read_mapping(_WINDOW, properties.get(_WINDOW)))
    if is_default and not isinstance(window.schedule, Weekly):
        raise ConfigurationError(f"{SCHEDULE} is {window.schedule}; it must be weekly in default")
    return window


def read_maintenance_window(body: Mapping[str, Any]) -> MaintenanceWindow:
    """Read the value of ``maintenanceWindow``.

    :raises ConfigurationError: naming each field that cannot be used, its value, and what would be right
    """
    problems = Problems()
    some_schedule: MaintenanceSchedule = Daily(1)
    schedule = problems.read(lambda: read_schedule(body.get("schedule")), some_schedule)
    duration = problems.read(
        lambda: read_hours(f"{_WINDOW}.durationHours", body.get("durationHours")), LONGEST
    )
    opens = problems.read(lambda: read_time(f"{_WINDOW}.startTime", body.get("startTime")), time())
    offset = problems.read(lambda: read_offset(f"{_WINDOW}.utcOffset", body.get("utcOffset")), UTC)
    first = problems.read(lambda: _start_date(body.get("startDate")), None)
    forbidden = tuple(_not_allowed_dates(body.get("notAllowedDates"), problems))
    problems.raise_any()
    return MaintenanceWindow(schedule, duration, opens, offset, first, forbidden)


def _start_date(value: object) -> date | None:
    return None if value is None else read_date(f"{_WINDOW}.startDate", value)


def _not_allowed_dates(value: object, problems: Problems) -> Iterator[tuple[date, date]]:
    where = f"{_WINDOW}.notAllowedDates"
    nothing: Sequence[Any] = ()
    for index, dates in enumerate(problems.read(lambda: read_list(where, value), nothing)):
        yield problems.read(partial(_dates, f"{where}[{index}]", dates), (_SOME_DAY, _SOME_DAY))


def _dates(where: str, value: object) -> tuple[date, date]:
    problems, body = Problems(), read_mapping(where, value)
    first = problems.read(lambda: read_date(f"{where}.start", body.get("start")), _SOME_DAY)
    last = problems.read(lambda: read_date(f"{where}.end", body.get("end")), _SOME_DAY)
    problems.raise_any()
    check_order(where, first, last)
    return first, last
