"""Holds as rows: one for each word, kept when it is released."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.ledger import control_log
from fleetwright.ledger.database import Database, Write
from fleetwright.ledger.tables import holds
from fleetwright.ledger.values import fleet_key_of
from fleetwright.rollout.ports.controls import Control

_INSERT = insert(holds)
_ALL = select(holds).order_by(holds.c.at, holds.c.id)
_OPEN = _ALL.where(holds.c.released_at.is_(None))
_RELEASE = (
    update(holds)
    .where(
        holds.c.subject == bindparam("of_subject"),
        holds.c.name == bindparam("of_name"),
        holds.c.released_at.is_(None),
    )
    .values(
        released_by=bindparam("by"),
        released_reason=bindparam("because"),
        released_at=bindparam("when"),
    )
)


class HoldsInSql:
    """The ``Holds`` port, as a part of the ledger."""

    _database: Database

    def add_hold(self, hold: Hold) -> Hold:
        """Write down what a person said; return the hold in force, which may be one from before."""
        with self._database.writing() as write:
            known = (
                h for h in read_holds(write.connection) if (h.subject, h.name) == (hold.subject, hold.name)
            )
            in_force = next(known, None)
            if in_force is None:
                _write_hold(write, hold)
            return in_force or hold

    def release_holds(self, subject: HoldSubject, name: str, *, actor: str, reason: str, at: datetime) -> int:
        """Release what is held; how many holds that ended."""
        values = {"of_subject": str(subject), "of_name": name, "by": actor, "because": reason, "when": at}
        with self._database.writing() as write:
            return write.connection.execute(_RELEASE, values).rowcount

    def list_holds(self, *, with_released: bool = False) -> tuple[Hold, ...]:
        """What is held now, or ever was, oldest first."""
        with self._database.reading() as connection:
            return read_holds(connection, with_released=with_released)

    def read_words(self, fleet_key: str, *, since: datetime) -> tuple[tuple[Control, ...], tuple[Hold, ...]]:
        """What was said about the fleet since an instant, and every hold in force; one read."""
        with self._database.reading() as connection:
            said = control_log.read_controls(connection, fleet_key_of(fleet_key), since)
            return said, read_holds(connection)


def read_holds(connection: Connection, *, with_released: bool = False) -> tuple[Hold, ...]:
    """Holds in force, or all that ever were, oldest first."""
    rows = connection.execute(_ALL if with_released else _OPEN)
    return tuple(_hold(row) for row in rows.mappings())


def _write_hold(write: Write, hold: Hold) -> None:
    row = {
        "subject": str(hold.subject),
        "name": hold.name,
        "actor": hold.actor,
        "reason": hold.reason,
        "at": hold.at,
        "recorded_at": write.now,
    }
    write.connection.execute(_INSERT, row)


def _hold(row: RowMapping) -> Hold:
    return Hold(
        HoldSubject(row["subject"]),
        row["name"],
        row["actor"],
        row["reason"],
        row["at"],
        row["released_by"],
        row["released_reason"],
        row["released_at"],
    )
