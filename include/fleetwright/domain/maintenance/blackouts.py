"""Stretches of time in which nothing is open."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone

from fleetwright.domain.windows import Period

# What an instant can be told of in every zone.
_FIRST, _LAST = date(1, 1, 3), date(9999, 12, 29)


@dataclass(frozen=True, slots=True)
class Blackouts:
    """Some of them, in order, none touching another: ``starts[i]`` to ``ends[i]``, the end not included."""

    starts: tuple[datetime, ...] = ()
    ends: tuple[datetime, ...] = ()

    def ending_after(self, instant: datetime) -> Iterator[Period]:
        """Those that are not over at the instant, in order."""
        for index in range(bisect_right(self.ends, instant), len(self.ends)):
            yield Period(self.starts[index], self.ends[index])

    def over(self, period: Period) -> Period | None:
        """The one that holds the whole period; None where some of it is left."""
        if not self.ends:
            return None
        found = next(self.ending_after(period.opens), None)
        return found if found and found.opens <= period.opens and found.closes >= period.closes else None

    def cut(self, period: Period) -> Iterator[Period]:
        """What is left of the period, in order: none, one, or several."""
        opens = period.opens
        for blackout in self.ending_after(period.opens):
            if blackout.opens >= period.closes:
                break
            if blackout.opens > opens:
                yield Period(opens, blackout.opens)
            opens = blackout.closes
        if opens < period.closes:
            yield Period(opens, period.closes)


def blackouts_of(periods: Iterable[Period]) -> Blackouts:
    """Any stretches of time, joined where they touch or overlap."""
    joined: list[Period] = []
    for period in sorted(periods):
        if joined and period.opens <= joined[-1].closes:
            joined[-1] = Period(joined[-1].opens, max(joined[-1].closes, period.closes))
        elif period.opens < period.closes:
            joined.append(period)
    return Blackouts(tuple(p.opens for p in joined), tuple(p.closes for p in joined))


def whole_days(first: date, last: date, zone: timezone) -> Period:
    """Both days and all between them, from midnight to midnight of the zone (AKS: ``notAllowedDates``)."""
    return Period(_midnight(first, zone), _midnight(min(last, _LAST) + timedelta(days=1), zone))


def _midnight(day: date, zone: timezone) -> datetime:
    within = max(_FIRST, min(day, _LAST))
    return datetime.combine(within, time(), zone).astimezone(UTC)
