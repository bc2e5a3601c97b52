"""What is wrong with a ``maintenanceWindow``, and with the hours of the older ``default`` configuration (R72, N31).

The rules are those of MaintenanceWindow and TimeInWeek of the AKS REST API.
"""

from __future__ import annotations

import re
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from arm_emulator.compute.policy import Problem
from arm_emulator.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
WEEK_INDEXES = ("First", "Second", "Third", "Fourth", "Last")
HOURS = (4, 24)
"""``durationHours``: at least four hours (R72), at most a day."""

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_OFFSET = re.compile(r"[-+](0\d|1[0-4]):[0-5]\d")


class _Field(NamedTuple):
    name: str
    low: int = 0
    high: int = 0
    words: tuple[str, ...] = ()


_SCHEDULES: Mapping[str, tuple[_Field, ...]] = MappingProxyType(
    {
        "daily": (_Field("intervalDays", 1, 7),),
        "weekly": (_Field("intervalWeeks", 1, 4), _Field("dayOfWeek", words=DAYS)),
        "absoluteMonthly": (_Field("intervalMonths", 1, 6), _Field("dayOfMonth", 1, 31)),
        "relativeMonthly": (
            _Field("intervalMonths", 1, 6),
            _Field("weekIndex", words=WEEK_INDEXES),
            _Field("dayOfWeek", words=DAYS),
        ),
    }
)


def window_problems(window: object, *, only_weekly: bool = False) -> Iterator[Problem]:
    """Everything that is wrong with a window, each with its path in it.

    :param only_weekly: it is the one of ``default``
    """
    if not isinstance(window, dict):
        yield Problem("", f"{window!r} is no object")
        return
    yield from _schedule_problems(window.get("schedule"), only_weekly=only_weekly)
    low, high = HOURS
    hours = window.get("durationHours", high)
    if not (type(hours) is int and low <= hours <= high):
        yield Problem("durationHours", f"{hours!r} is not a whole number of hours from {low} to {high}")
    yield from _text_problem(window, "startTime", _TIME, 'a time of day in quotes, such as "22:00"')
    if window.get("utcOffset") is not None:
        yield from _text_problem(window, "utcOffset", _OFFSET, "an offset from UTC such as +02:00")
    if window.get("startDate") is not None:
        yield from _date_problem(window["startDate"], "startDate")
    yield from _list_problems(window, "notAllowedDates", _span_problems)


def _list_problems(
    properties: Mapping[str, Any], name: str, problems: Callable[[object, str], Iterator[Problem]]
) -> Iterator[Problem]:
    """What is wrong with each entry of a list; a key that is not there has none."""
    entries = properties.get(name)
    if not isinstance(entries, list | None):
        yield Problem(name, f"{entries!r} is no list")
        return
    for index, entry in enumerate(entries or ()):
        yield from problems(entry, f"{name}[{index}]")


def _schedule_problems(schedule: object, *, only_weekly: bool) -> Iterator[Problem]:
    known = ", ".join(_SCHEDULES)
    if not isinstance(schedule, dict):
        yield Problem("schedule", f"is missing; it has exactly one of {known}")
        return
    given = [name for name, said in schedule.items() if said is not None]
    for name in given:
        if name not in _SCHEDULES:
            yield Problem(f"schedule.{name}", f"is unknown; there are {known}")
            return
    if len(given) != 1:
        has = " and ".join(given) or "none"
        yield Problem("schedule", f"has {has}; exactly one of {known} is allowed")
        return
    kind = given[0]
    if only_weekly and kind != "weekly":
        yield Problem(
            f"schedule.{kind}", "is not allowed for the configuration default, which is weekly only"
        )
    yield from _field_problems(schedule[kind], kind)


def _field_problems(said: object, kind: str) -> Iterator[Problem]:
    if not isinstance(said, dict):
        yield Problem(f"schedule.{kind}", f"{said!r} is no object")
        return
    for field in _SCHEDULES[kind]:
        path, value = f"schedule.{kind}.{field.name}", said.get(field.name)
        if field.words and value not in field.words:
            yield Problem(path, f"{value!r} is not one of {', '.join(field.words)}")
        elif not field.words and not (type(value) is int and field.low <= value <= field.high):
            yield Problem(path, f"{value!r} is not a whole number from {field.low} to {field.high}")


def _text_problem(
    window: Mapping[str, Any], name: str, form: re.Pattern[str], words: str
) -> Iterator[Problem]:
    said = window.get(name)
    if not isinstance(said, str) or form.fullmatch(said) is None:
        yield Problem(name, "is missing" if said is None else f"{said!r} is not {words}")


def _date_problem(said: object, path: str) -> Iterator[Problem]:
    if as_date(said) is None:
        yield Problem(path, f"{said!r} is not a date such as 2024-06-01")


def as_date(said: object) -> date | None:
    """A date as ARM writes it; None where it is none."""
    try:
        return date.fromisoformat(str(said)[:10])
    except ValueError:
        return None


def _span_problems(span: object, path: str) -> Iterator[Problem]:
    if not isinstance(span, dict) or set(span) - {"start", "end"}:
        yield Problem(path, f"{span!r} is not an object with start and end")
        return
    found = [p for end in ("start", "end") for p in _date_problem(span.get(end), f"{path}.{end}")]
    yield from found
    if not found and str(span["end"])[:10] < str(span["start"])[:10]:
        yield Problem(f"{path}.end", f"{span['end']!r} is before {span['start']!r}")


def hour_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that is wrong with ``timeInWeek`` and ``notAllowedTime`` of ``default``."""
    yield from _list_problems(properties, "timeInWeek", _slot_problems)
    yield from _list_problems(properties, "notAllowedTime", _instant_problems)


def _slot_problems(entry: object, path: str) -> Iterator[Problem]:
    if not isinstance(entry, dict) or entry.get("day") not in DAYS:
        yield Problem(f"{path}.day", f"{entry!r} has no day; days are {', '.join(DAYS)}")
        return
    slots = entry.get("hourSlots")
    if not isinstance(slots, list) or not all(type(slot) is int and 0 <= slot <= 23 for slot in slots):
        yield Problem(f"{path}.hourSlots", f"{slots!r} is not a list of hours from 0 to 23")


def _instant_problems(span: object, path: str) -> Iterator[Problem]:
    try:
        start, end = (parse_instant(span[key]) for key in ("start", "end"))  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        yield Problem(path, f"{span!r} is not an object with the instants start and end")
        return
    if end < start:
        yield Problem(f"{path}.end", "is before its start")
