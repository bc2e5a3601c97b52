"""Quarantined image versions as rows: written with the event that ended their rollout, never deleted."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from fleetwright.domain.quarantine import Quarantined, Release, judge_version
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.ledger.database import Write
from fleetwright.ledger.tables import quarantine
from fleetwright.ledger.values import fleet_key_of

_INSERT = insert(quarantine)
_ALL = select(quarantine).order_by(quarantine.c.since, quarantine.c.rollout_id)
_OF = select(quarantine.c.rollout_id).where(quarantine.c.rollout_id == bindparam("of_rollout"))
_RELEASE = (
    update(quarantine)
    .where(
        quarantine.c.image == bindparam("of_image"),
        quarantine.c.version == bindparam("of_version"),
        quarantine.c.released_at.is_(None),
    )
    .values(
        released_by=bindparam("by"),
        released_reason=bindparam("because"),
        released_at=bindparam("at"),
    )
)


def write_ending(connection: Connection, known: RolloutView | None, view: RolloutView) -> None:
    """Put the version away where the rollout's end, written in this transaction, was its fault.

    An end is written once: whoever repeats it finds the rollout ended already, and nothing happens.
    """
    if known is None or known.rollout.state in TERMINAL_STATES:
        return
    entry = judge_version(view)
    if entry is not None:
        connection.execute(_INSERT, _values(entry))


def write_entry(connection: Connection, entry: Quarantined) -> None:
    """Put a version away; harmless where whoever put it away has done so before, be it released by now or not."""
    if connection.execute(_OF, {"of_rollout": entry.rollout_id}).first() is None:
        connection.execute(_INSERT, _values(entry))


def _values(entry: Quarantined) -> dict[str, Any]:
    return {
        "rollout_id": entry.rollout_id,
        "image": entry.image,
        "version": entry.version,
        "since": entry.since,
        "fleet_key": fleet_key_of(entry.fleet_key),
        "code": entry.code,
        "reason": entry.reason,
    }


def read_all(connection: Connection) -> tuple[Quarantined, ...]:
    """Every version that was ever put away, oldest first."""
    return tuple(_entry(row) for row in connection.execute(_ALL).mappings())


def write_release(write: Write, image: str, version: str, release: Release) -> int:
    """Write a release to every open row of the version; how many there were."""
    values = {
        "of_image": image,
        "of_version": version,
        "by": release.actor,
        "because": release.reason,
        "at": release.at,
    }
    return write.connection.execute(_RELEASE, values).rowcount


def _entry(row: RowMapping) -> Quarantined:
    release = None
    if row["released_at"] is not None:
        release = Release(row["released_by"], row["released_reason"], row["released_at"])
    return Quarantined(
        image=row["image"],
        version=row["version"],
        since=row["since"],
        rollout_id=row["rollout_id"],
        fleet_key=row["fleet_key"],
        code=row["code"],
        reason=row["reason"],
        release=release,
    )
