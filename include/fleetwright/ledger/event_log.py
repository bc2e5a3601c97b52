"""Events as they are written and read: only ever appended."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, insert, select

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.node_pools.rollouts import NodeEventKind
from fleetwright.ledger.database import Write
from fleetwright.ledger.tables import events
from fleetwright.ledger.values import canonical_json, to_utc

_INSERT = insert(events)
_NEWER = (
    select(events.c.sequence, events.c.kind, events.c.happened_at, events.c.payload)
    .where(events.c.rollout_id == bindparam("rollout"), events.c.sequence > bindparam("after"))
    .order_by(events.c.sequence)
)
_OF_FLEET = select(events).where(events.c.fleet_key == bindparam("fleet")).order_by(events.c.sequence)
_STARTED = (
    select(events.c.rollout_id)
    .where(events.c.fleet_key == bindparam("fleet"), events.c.kind == str(EventKind.STARTED))
    .order_by(events.c.sequence.desc())
)
_ALL_IDS = (
    select(events.c.rollout_id)
    .where(
        events.c.rollout_id.is_not(None),
        events.c.kind.notin_([str(kind) for kind in NodeEventKind]),
    )
    .distinct()
)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose events these are.

    :param rollout_id: None for what belongs to a fleet alone
    :param actor: who wrote them, in words a person can follow
    """

    fleet_key: str
    actor: str
    rollout_id: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """One line of the ledger.

    :param happened_at: on the rollout's clock
    :param recorded_at: wall time
    """

    sequence: int
    rollout_id: str | None
    fleet_key: str
    kind: EventKind | NodeEventKind
    payload: Mapping[str, Any]
    happened_at: datetime
    recorded_at: datetime
    actor: str
    previous_hash: str
    hash: str


def as_recorded(event: Event) -> Event:
    """The event as it will be read back, so that a view folded now equals one folded later."""
    payload = json.loads(canonical_json(dict(event.payload)))
    return Event(event.kind, to_utc(event.happened_at), payload)


def write_events(write: Write, origin: Origin, new: Sequence[Event]) -> None:
    """Append events, made by ``as_recorded``, at the head."""
    about = {"rollout_id": origin.rollout_id, "fleet_key": origin.fleet_key, "actor": origin.actor}
    rows = [write.head.chain({**about, **_body(event), "recorded_at": write.now}) for event in new]
    if rows:
        write.connection.execute(_INSERT, rows)


def _body(event: Event) -> dict[str, Any]:
    return {
        "kind": str(event.kind),
        "payload": canonical_json(event.payload),
        "happened_at": event.happened_at,
    }


def read_newer(connection: Connection, rollout_id: str, after: int) -> tuple[int, tuple[Event, ...]]:
    """A rollout's events after a sequence, and the sequence they reach."""
    rows = connection.execute(_NEWER, {"rollout": rollout_id, "after": after}).mappings().all()
    last = rows[-1]["sequence"] if rows else after
    return last, tuple(Event(_kind(row), row["happened_at"], json.loads(row["payload"])) for row in rows)


def read_fleet(connection: Connection, fleet_key: str) -> tuple[RecordedEvent, ...]:
    """Everything that was written about a fleet, oldest first."""
    return tuple(_recorded(row) for row in connection.execute(_OF_FLEET, {"fleet": fleet_key}).mappings())


def list_rollout_ids(connection: Connection) -> tuple[str, ...]:
    """Every rollout of a fleet that events speak of; those of node images stand in ``node_rollouts``."""
    return tuple(connection.execute(_ALL_IDS).scalars())


def list_started(connection: Connection, fleet_key: str) -> tuple[str, ...]:
    """The ids of the fleet's rollouts, newest first."""
    return tuple(connection.execute(_STARTED, {"fleet": fleet_key}).scalars())


def _recorded(row: RowMapping) -> RecordedEvent:
    return RecordedEvent(**{**row, "kind": _any_kind(row), "payload": json.loads(row["payload"])})


def _any_kind(row: RowMapping) -> EventKind | NodeEventKind:
    try:
        return NodeEventKind(row["kind"])
    except ValueError:
        return _kind(row)


def _kind(row: RowMapping) -> EventKind:
    try:
        return EventKind(row["kind"])
    except ValueError:
        raise LedgerError(
            f"event {row['sequence']} is of a kind not known here, {row['kind']!r}: use the newer Fleetwright"
        ) from None
