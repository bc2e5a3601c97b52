"""Values of a maintenance configuration, each refused by its field's name, its value, and what would be right."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Any, TypeVar

from fleetwright.domain.errors import ConfigurationError

Name = TypeVar("Name", bound=StrEnum)

SHORTEST, LONGEST = timedelta(hours=4), timedelta(hours=24)
_TIME = re.compile(r"(?P<hours>[01]\d|2[0-3]):(?P<minutes>[0-5]\d)")
_OFFSET = re.compile(r"(?P<sign>[-+])(?P<hours>\d\d):(?P<minutes>[0-5]\d)")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_FURTHEST = timedelta(hours=14)


def refusal(where: str, value: object, right: str) -> ConfigurationError:
    """One line: the field, its value, and what would be right."""
    text = "missing" if value is None else json.dumps(value, default=str)
    return ConfigurationError(f"{where} is {text}; it must be {right}")


def check_range(where: str, value: object, least: int, most: int) -> int:
    """A whole number between the two, both included.

    :raises ConfigurationError: when it is none, or not between them
    """
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise refusal(where, value, f"a whole number from {least} to {most}")
    return value


def check_duration(where: str, duration: timedelta) -> None:
    """4 to 24 whole hours (R72, N31).

    :raises ConfigurationError: for any other
    """
    hours = duration / timedelta(hours=1)
    if not SHORTEST <= duration <= LONGEST or hours % 1:
        raise refusal(where, int(hours) if hours % 1 == 0 else hours, "4 to 24 hours (R72)")


def read_hours(where: str, value: object) -> timedelta:
    """``durationHours``: 24 where it is not told.

    :raises ConfigurationError: unless it is 4 to 24 (R72, N31)
    """
    if value is None:
        return LONGEST
    if not isinstance(value, int) or isinstance(value, bool) or not 4 <= value <= 24:
        raise refusal(where, value, "4 to 24 hours (R72)")
    return timedelta(hours=value)


def read_time(where: str, value: object) -> time:
    """``startTime``, such as 22:00.

    :raises ConfigurationError: when it is no time of day
    """
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise refusal(where, value, "a time of day from 00:00 to 23:59, such as 22:00")
    return time(int(match["hours"]), int(match["minutes"]))


def read_offset(where: str, value: object) -> timezone:
    """``utcOffset``, such as +05:45; UTC where it is not told.

    :raises ConfigurationError: when it is no such offset, or further from UTC than 14 hours
    """
    if value is None:
        return UTC
    match = _OFFSET.fullmatch(value) if isinstance(value, str) else None
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"])) if match else None
    if match is None or offset is None or offset > _FURTHEST:
        raise refusal(where, value, "an offset from -14:00 to +14:00, such as +02:00")
    return timezone(-offset if match["sign"] == "-" else offset) if offset else UTC


def read_date(where: str, value: object) -> date:
    """A day, such as 2026-12-24.

    :raises ConfigurationError: when there is no such day
    """
    try:
        if isinstance(value, str) and _DATE.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    raise refusal(where, value, "a date such as 2026-12-24")


def read_instant(where: str, value: object) -> datetime:
    """An instant with its offset, such as 2026-12-24T00:00:00Z.

    :raises ConfigurationError: when it is none
    """
    try:
        instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        if instant is not None and instant.tzinfo is not None:
            return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise refusal(where, value, "an instant such as 2026-12-24T00:00:00Z")


def read_name(where: str, value: object, names: type[Name]) -> Name:
    """One of the names of an enumeration, in whatever case.

    :raises ConfigurationError: when it is none of them
    """
    for name in names:
        if isinstance(value, str) and value.lower() == name.lower():
            return name
    raise refusal(where, value, f"one of {', '.join(names)}")


def read_mapping(where: str, value: object) -> Mapping[str, Any]:
    """An object of JSON.

    :raises ConfigurationError: when it is none
    """
    if not isinstance(value, Mapping):
        raise refusal(where, value, "an object")
    return value


def read_list(where: str, value: object) -> Sequence[Any]:
    """A list of JSON, empty where it is not told.

    :raises ConfigurationError: when it is none
    """
    if value is None:
        return ()
    if not isinstance(value, (list, tuple)):
        raise refusal(where, value, "a list")
    return value
