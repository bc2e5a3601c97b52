"""Maintenance windows: when an automatic rollout of a fleet may begin batches, as the fleet's own tag says it.

::

    Sat,Sun 22:00-04:00 +02:00; daily 01:00-05:00 UTC

A schedule tells its periods; ``Windows`` only joins them, so that another kind of schedule needs no more than ``periods``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet

WINDOW_TAG = "fleetwright-window"
"""The tag of a fleet that has maintenance windows; its name in whatever case."""

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAILY = "daily"
_EXAMPLE = "Sat,Sun 22:00-04:00 +02:00; daily 01:00-05:00 UTC"
_DAY = timedelta(days=1)
# How far is looked, one after the other until something is found: every week is the rule, every six months and years
# of forbidden dates are possible. What does not open within the last of them counts as never open.
_HORIZONS = tuple(timedelta(days=days) for days in (8, 64, 512, 4096))
_WINDOW = re.compile(
    r"(?P<days>\S+)\s+(?P<opens>\d\d:\d\d)\s*-\s*(?P<closes>\d\d:\d\d)\s+(?P<zone>\S+)",
)
_OFFSET = re.compile(r"(?P<sign>[+-])(?P<hours>0\d|1[0-4]):(?P<minutes>[0-5]\d)")


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One time at which a window is open: from its opening on, until right before its closing; both aware."""

    opens: datetime
    closes: datetime

    def contains(self, now: datetime) -> bool:
        """Whether the instant is in it."""
        return self.opens <= now < self.closes


class Schedule(Protocol):
    """Something that opens and closes again and again."""

    def periods(self, since: datetime, until: datetime) -> Iterator[Period]:
        """Every period that is open at some instant between the two, both included; in any order."""
        ...


@dataclass(frozen=True, slots=True)
class WeeklySchedule:
    """The same hours on some days of every week.

    :param days: 0 for Monday; the days on which it opens
    :param opens: since midnight
    :param closes: since midnight of the day on which it opened; more than 24 hours where it crosses midnight
    :param zone: a fixed offset: it knows no summer time
    """

    days: frozenset[int]
    opens: timedelta
    closes: timedelta
    zone: timezone = UTC

    def periods(self, since: datetime, until: datetime) -> Iterator[Period]:
        """Every period that is open at some instant between the two, both included."""
        first = since.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        # What opened yesterday, or the day before in another zone, may still be open.
        # By seconds: the difference of two instants of a virtual clock cannot be divided by a plain one.
        whole_days = int((until - since).total_seconds() // _DAY.total_seconds())
        for count in range(-2, whole_days + 3):
            midnight = first + count * _DAY
            period = Period(midnight + self.opens, midnight + self.closes)
            if midnight.weekday() in self.days and period.closes > since and period.opens <= until:
                yield period

    def __str__(self) -> str:
        days = ",".join(DAYS[day] for day in sorted(self.days))
        closes = self.closes if self.closes <= _DAY else self.closes - _DAY
        name = "UTC" if self.zone == UTC else str(self.zone)[3:]
        return (
            f"{_DAILY if len(self.days) == len(DAYS) else days} {_clock(self.opens)}-{_clock(closes)} {name}"
        )


@dataclass(frozen=True, slots=True)
class Windows:
    """The maintenance windows of one fleet, as one.

    :param problem: why they cannot be read, empty where they can; such windows are never open
    """

    schedules: tuple[Schedule, ...] = ()
    problem: str = ""

    def contains(self, now: datetime) -> bool:
        """Whether a batch may begin at this instant."""
        return any(period.contains(now) for period in self._periods(now, now))

    def next_opening(self, now: datetime) -> datetime | None:
        """The first instant from now on at which a batch may begin, now itself included; None where there is none."""
        if self.contains(now):
            return plain_utc(now)
        for horizon in _HORIZONS:
            later = [p.opens for p in self._periods(now, now + horizon) if p.opens > now]
            if later:
                return plain_utc(min(later))
        return None

    def closed_since(self, now: datetime) -> datetime | None:
        """When it was open last; None where it is open now, or was not open for years."""
        if self.contains(now):
            return None
        for horizon in _HORIZONS:
            closings = [p.closes for p in self._periods(now - horizon, now)]
            if closings:
                return plain_utc(max(closings))
        return None

    def why_closed(self, now: datetime) -> str:
        """Why no batch may begin now, and from when on one may; empty while it is open."""
        if self.problem:
            return f"its maintenance window is never open: {self.problem}"
        if self.contains(now):
            return ""
        closed, opens = self.closed_since(now), self.next_opening(now)
        since = f" closed at {_instant(closed)}" if closed else " is closed"
        return f"its maintenance window ({self}){since}" + (f", opens {_instant(opens)}" if opens else "")

    def __str__(self) -> str:
        return "; ".join(map(str, self.schedules)) or "never"

    def _periods(self, since: datetime, until: datetime) -> Iterator[Period]:
        for schedule in self.schedules:
            yield from schedule.periods(plain_utc(since), plain_utc(until))


def plain_utc(instant: datetime) -> datetime:
    """The same instant as a plain one in UTC: a clock may hand out pendulum's, whose differences do not divide alike."""
    utc = instant.astimezone(UTC)
    return datetime.combine(utc.date(), utc.time(), UTC)


def window_of(fleet: Fleet) -> Windows | None:
    """The windows of a fleet's tag; None where it has none, and never open where the tag cannot be read."""
    worn = {name.lower(): value for name, value in fleet.tags.items()}
    if WINDOW_TAG not in worn:
        return None
    try:
        return parse_windows(worn[WINDOW_TAG])
    except ConfigurationError as error:
        return Windows(problem=f"tag {WINDOW_TAG}: {error}")


def why_window_closed(fleet: Fleet, now: datetime) -> str:
    """Why no batch of the fleet may begin now, by its windows; empty where one may, and where it has none (N6)."""
    windows = window_of(fleet)
    return windows.why_closed(now) if windows else ""


def parse_windows(text: str) -> Windows:
    """Read windows, several of them separated by ``;``.

    >>> str(parse_windows("sat,SUN 22:00-04:00 +02:00;daily 01:00-05:00 utc"))
    'Sat,Sun 22:00-04:00 +02:00; daily 01:00-05:00 UTC'

    :raises ConfigurationError: naming the part that cannot be read, and what would be right
    """
    parts = [part.strip() for part in text.split(";")]
    return Windows(tuple(map(_schedule, [part for part in parts if part] or parts[:1])))


def _schedule(text: str) -> WeeklySchedule:
    match = _WINDOW.fullmatch(text)
    if match is None:
        raise ConfigurationError(f"{text!r} is no maintenance window, such as {_EXAMPLE}")
    opens, closes = _time(match["opens"], text), _time(match["closes"], text)
    if opens in {closes, _DAY}:
        raise ConfigurationError(f"{text!r} opens when it closes: 00:00-24:00 is the whole day")
    until = closes if closes > opens else closes + _DAY
    return WeeklySchedule(frozenset(_days(match["days"], text)), opens, until, _zone(match["zone"], text))


def _days(words: str, text: str) -> Iterable[int]:
    if words.lower() == _DAILY:
        return range(len(DAYS))
    return [day for word in words.split(",") for day in _span(word, text)]


def _span(word: str, text: str) -> Iterator[int]:
    """One day, or ``Mon-Fri``, which may go over the week's end."""
    first, _, last = word.partition("-")
    start, end = _day(first, text), _day(last or first, text)
    return (day % len(DAYS) for day in range(start, end + 1 + (len(DAYS) if end < start else 0)))


def _day(word: str, text: str) -> int:
    try:
        return DAYS.index(word.capitalize())
    except ValueError:
        raise ConfigurationError(
            f"{text!r}: {word!r} is no day; days are {_DAILY} or {', '.join(DAYS)}, such as Sat,Sun"
        ) from None


def _time(word: str, text: str) -> timedelta:
    hours, minutes = map(int, word.split(":"))
    since_midnight = timedelta(hours=hours, minutes=minutes)
    if minutes >= 60 or since_midnight > _DAY:
        raise ConfigurationError(f"{text!r}: {word!r} is no time of day between 00:00 and 24:00")
    return since_midnight


def _zone(word: str, text: str) -> timezone:
    if word.upper() in {"UTC", "Z"}:
        return UTC
    match = _OFFSET.fullmatch(word)
    if match is None:
        raise ConfigurationError(
            f"{text!r}: {word!r} is no offset from UTC: write UTC, or one such as +02:00"
        )
    offset = timedelta(hours=int(match["hours"]), minutes=int(match["minutes"]))
    return timezone(-offset if match["sign"] == "-" else offset) if offset else UTC


def _clock(since_midnight: timedelta) -> str:
    minutes = since_midnight // timedelta(minutes=1)
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _instant(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC"
