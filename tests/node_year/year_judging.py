"""Who judges a year: by the emulator's own calendar and records, and by nothing that the product says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from year_worlds import START, DrawnCluster, DrawnYear

from arm_emulator.aks.calendar import is_open, next_opening

# Windows and blackout dates begin and end at half hours.
_GRAIN = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Accepted:
    """A call that upgrades a pool, accepted at an instant."""

    pool: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Looked:
    """How many nodes of each pool were on which image at an instant."""

    at: datetime
    images: Mapping[str, Mapping[str, int]]


def as_open(cluster: DrawnCluster, until: datetime) -> Iterator[tuple[datetime, datetime]]:
    """The periods in which a cluster's window is open, cut short where a blackout date begins."""
    instant = START
    while (opens := next_opening(cluster.maintenance, instant)) is not None and opens < until:
        closes = opens + _GRAIN
        while is_open(cluster.maintenance, closes):
            closes += _GRAIN
        if closes > until:
            return
        yield opens, closes
        instant = closes


@dataclass(frozen=True, slots=True)
class Judge:
    """The four sentences about a year.

    :param looked: at the end of each window at least
    :param audit: of the emulator, at the end
    """

    year: DrawnYear
    accepted: Sequence[Accepted]
    looked: Sequence[Looked]
    audit: Mapping[str, Any]

    def violations(self) -> Iterator[str]:
        """Everything that is not as it should be."""
        for cluster in self.year.clusters:
            yield from self._behind(cluster)
            for call in self._calls(cluster):
                yield from _misplaced(cluster, call)
        yield from self._repeated()
        yield from (f"referee: {violation}" for violation in self.audit["violations"])

    def _behind(self, cluster: DrawnCluster) -> Iterator[str]:
        """After each window every pool is on the newest image that was published before it opened."""
        looks = {look.at: look.images for look in self.looked}
        for opens, closes in as_open(cluster, self.year.until):
            wanted = self._newest(cluster, opens)
            allowed = {wanted, self._newest(cluster, closes)}
            for pool in cluster.pool_ids():
                found = looks[closes][pool]
                if not set(found) <= allowed:
                    yield f"{pool} at {closes:%F %H:%M} is on {dict(found)}, and {wanted} was there before {opens:%F %H:%M}"

    def _newest(self, cluster: DrawnCluster, instant: datetime) -> str:
        there = (
            r.version for r in self.year.releases if r.region == cluster.region and r.published_at <= instant
        )
        return max(there)  # the versions of the year sort as their dates

    def _calls(self, cluster: DrawnCluster) -> Iterator[Accepted]:
        ids = {pool.lower() for pool in cluster.pool_ids()}
        return (call for call in self.accepted if call.pool.lower() in ids)

    def _repeated(self) -> Iterator[str]:
        """At most one upgrade per image, and none that is counted nowhere."""
        pools = self.audit["nodePools"]
        for pool, told in pools.items():
            for image, times in told["upgradesPerImage"].items():
                if times > 1:
                    yield f"{pool} was upgraded {times} times to {image}"
        counted = sum(told["upgrades"] + told["resumes"] for told in pools.values())
        if counted != len(self.accepted):
            yield f"{len(self.accepted)} calls were accepted, and the emulator counts {counted} upgrades"


def _misplaced(cluster: DrawnCluster, call: Accepted) -> Iterator[str]:
    """Never outside its window, and never on a blackout date."""
    if not is_open(cluster.maintenance, call.at):
        yield f"{call.pool} was begun at {call.at:%F %H:%M}, outside its window"
    if _is_blackout(cluster.maintenance["maintenanceWindow"], call.at):
        yield f"{call.pool} was begun at {call.at:%F %H:%M}, on a blackout date"


def _is_blackout(window: Mapping[str, Any], instant: datetime) -> bool:
    hours, minutes = map(int, window["utcOffset"][1:].split(":"))
    ahead = timedelta(hours=hours, minutes=minutes)
    zone = timezone(-ahead if window["utcOffset"][0] == "-" else ahead)
    day = instant.astimezone(UTC).astimezone(zone).date()
    spans = window.get("notAllowedDates", ())
    return any(date.fromisoformat(s["start"]) <= day <= date.fromisoformat(s["end"]) for s in spans)
