"""The older body of ``default``: ``timeInWeek`` and ``notAllowedTime``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.maintenance.fields import (
    check_range,
    read_instant,
    read_list,
    read_mapping,
    read_name,
)
from fleetwright.domain.maintenance.hour_slots import HourSlots
from fleetwright.domain.maintenance.problems import Problems
from fleetwright.domain.maintenance.schedules import DayOfWeek
from fleetwright.domain.windows import Period

_SOMETIME = datetime(1970, 1, 1, tzinfo=UTC)
_NO_HOURS: frozenset[int] = frozenset()
_NO_TIME = Period(_SOMETIME, _SOMETIME)


def read_hour_slots(properties: Mapping[str, Any]) -> HourSlots:
    """Read ``properties`` of a configuration without ``maintenanceWindow``; several entries of a day add up.

    :raises ConfigurationError: naming each field that cannot be used; also when hours that touch are under 4 (R72)
    """
    problems = Problems()
    nothing: Sequence[Any] = ()
    days = problems.read(lambda: read_list("timeInWeek", properties.get("timeInWeek")), nothing)
    forbidden = problems.read(lambda: read_list("notAllowedTime", properties.get("notAllowedTime")), nothing)
    hours = {
        hour
        for index, day in enumerate(days)
        for hour in problems.read(partial(_hours, f"timeInWeek[{index}]", day), _NO_HOURS)
    }
    times = [
        problems.read(partial(_period, f"notAllowedTime[{index}]", value), _NO_TIME)
        for index, value in enumerate(forbidden)
    ]
    problems.raise_any()
    return HourSlots(frozenset(hours), tuple(times))


def _hours(where: str, value: object) -> frozenset[int]:
    problems, body = Problems(), read_mapping(where, value)
    nothing: Sequence[Any] = ()
    day = problems.read(lambda: read_name(f"{where}.day", body.get("day"), DayOfWeek), DayOfWeek.SUNDAY)
    slots = problems.read(lambda: read_list(f"{where}.hourSlots", body.get("hourSlots")), nothing)
    hours = {problems.read(partial(check_range, f"{where}.hourSlots", slot, 0, 23), 0) for slot in slots}
    problems.raise_any()
    return frozenset(day.number * 24 + hour for hour in hours)


def _period(where: str, value: object) -> Period:
    problems, body = Problems(), read_mapping(where, value)
    opens = problems.read(lambda: read_instant(f"{where}.start", body.get("start")), _SOMETIME)
    closes = problems.read(lambda: read_instant(f"{where}.end", body.get("end")), _SOMETIME)
    problems.raise_any()
    if closes < opens:
        raise ConfigurationError(
            f"{where} ends at {closes:%Y-%m-%dT%H:%MZ}, before it starts at {opens:%Y-%m-%dT%H:%MZ}; "
            "its end must be later"
        )
    return Period(opens, closes)
