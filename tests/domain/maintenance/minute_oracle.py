"""A window as one finds it with a wall calendar and a clock: ten years of minutes, each of them open or closed.

It shares nothing with the product, not even how a body is read: it walks day by day, month by month, and paints minutes.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
NAMES = ["First", "Second", "Third", "Fourth"]


def minutes_of(text: str) -> int:
    """A clock time or an offset in minutes."""
    sign = -1 if text.startswith("-") else 1
    hours, minutes = text.lstrip("+-").split(":")
    return sign * (60 * int(hours) + int(minutes))


def months_walked(start: date, step: int, last: date) -> Iterator[list[date]]:
    """All days of each month that counts, from the month of the start on, walked month by month."""
    year, month = start.year, start.month
    while (year, month) <= (last.year, last.month):
        yield [date(year, month, day) for day in range(1, calendar.monthrange(year, month)[1] + 1)]
        for _ in range(step):
            year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def days_by_rule(body: dict[str, Any], last: date) -> Iterator[date]:
    """The days on which it opens, as if nothing were forbidden, walked from the day that intervals count from."""
    ((kind, rule),) = body["schedule"].items()
    told = date.fromisoformat(body["startDate"]) if "startDate" in body else None
    if kind == "daily":
        day = told or date(1970, 1, 1)
        while day <= last:
            yield day
            day += rule["intervalDays"] * DAY
    elif kind == "weekly":
        sunday = told or date(1970, 1, 4)
        while sunday.strftime("%A") != "Sunday":
            sunday -= DAY
        while sunday <= last:
            yield from (d for d in (sunday + n * DAY for n in range(7)) if f"{d:%A}" == rule["dayOfWeek"])
            sunday += 7 * rule["intervalWeeks"] * DAY
    else:
        for month in months_walked(told or date(1970, 1, 1), rule["intervalMonths"], last):
            if kind == "absoluteMonthly":
                yield from (day for day in month if day.day == rule["dayOfMonth"])
            else:
                named = [day for day in month if f"{day:%A}" == rule["dayOfWeek"]]
                yield named[-1 if rule["weekIndex"] == "Last" else NAMES.index(rule["weekIndex"])]


@dataclass
class Oracle:
    """Ten years and some days of minutes from the origin on, as one byte each, and where each occurrence lies."""

    origin: datetime
    minutes: bytearray
    occurrences: list[tuple[int, int]]

    def at(self, minute: int) -> datetime:
        """The instant of a minute."""
        return self.origin + minute * MINUTE

    def next_open(self, minute: int) -> int:
        """The first open minute from this one on, -1 where there is none."""
        return self.minutes.find(1, minute)

    def next_closed(self, minute: int) -> int:
        """The first closed minute from this one on, -1 where there is none."""
        return self.minutes.find(0, minute)

    def boundaries(self) -> Iterator[int]:
        """Every minute at which it opens or closes."""
        minute = self.next_open(0)
        while minute != -1:
            yield minute
            minute = self.next_closed(minute) if self.minutes[minute] else self.next_open(minute)

    def pieces(self) -> Iterator[tuple[int, int]]:
        """What the forbidden days leave of each occurrence, as its first open and its next closed minute."""
        for first, end in self.occurrences:
            opens = self.minutes.find(1, first, end)
            while opens != -1:
                closes = self.minutes.find(0, opens, end)
                closes = end if closes == -1 else closes
                yield opens, closes
                opens = self.minutes.find(1, closes, end)


def paint(body: dict[str, Any], first: date, years: int = 10) -> Oracle:
    """Paint the minutes of the years from a day on, in UTC."""
    origin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    last = first.replace(year=first.year + years)
    minutes, occurrences = bytearray((last - first).days * 1440), []
    start, offset = minutes_of(body["startTime"]), minutes_of(body.get("utcOffset", "+00:00"))
    for day in days_by_rule(body, last + 2 * DAY):
        opens = (day - first).days * 1440 + start - offset
        closes = opens + body.get("durationHours", 24) * 60
        began = "startDate" not in body or day >= date.fromisoformat(body["startDate"])
        if began and opens >= 0 and closes <= len(minutes):
            occurrences.append((opens, closes))
            for minute in range(opens, closes):
                minutes[minute] = 1
    for dates in body.get("notAllowedDates", []):
        day, end = date.fromisoformat(dates["start"]), date.fromisoformat(dates["end"])
        while day <= end:
            midnight = (day - first).days * 1440 - offset
            for minute in range(max(0, midnight), min(len(minutes), midnight + 1440)):
                minutes[minute] = 0
            day += DAY
    return Oracle(origin, minutes, occurrences)
