"""Turns as rows: a lock without a heartbeat, alive as long as its fleet's lease is, and a queue before it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, delete, insert, select

from fleetwright.domain import turns
from fleetwright.ledger.locks import HeldLock, LockScope
from fleetwright.ledger.tables import lock_queue, locks
from fleetwright.ledger.values import canonical_json
from fleetwright.rollout.ports.turns import TurnHolder, TurnScope

# A turn does not end by itself, so that nobody takes it for an expired lock.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)

_SCOPES = tuple(str(scope) for scope in TurnScope)
_LEASES = (
    select(locks)
    .where(locks.c.scope == LockScope.FLEET, locks.c.key.in_(bindparam("fleets", expanding=True)))
    .order_by(locks.c.token)
)
_TAKE = insert(locks)
_QUEUE = insert(lock_queue)
_GIVE_BACK = delete(locks).where(
    locks.c.holder == bindparam("of_holder"), locks.c.scope.in_(bindparam("scopes", expanding=True))
)
_LEAVE = delete(lock_queue).where(
    lock_queue.c.holder == bindparam("of_holder"),
    lock_queue.c.scope.in_(bindparam("scopes", expanding=True)),
)
_LEAVE_OTHERS = _LEAVE.where(lock_queue.c.key.not_in(bindparam("keys", expanding=True)))
_LEAVE_ONE = delete(lock_queue).where(
    lock_queue.c.scope == bindparam("in_scope"),
    lock_queue.c.key == bindparam("of_key"),
    lock_queue.c.holder == bindparam("of_holder"),
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a queue."""

    scope: str
    key: str
    holder: str
    modes: tuple[str, ...]
    ticket: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Register:
    """Everybody who holds or waits, and the leases that tell who is alive.

    :param leases: by fleet key, expired ones included
    """

    held: tuple[HeldLock, ...]
    queue: tuple[Place, ...]
    leases: Mapping[str, HeldLock]
    now: datetime

    def is_alive(self, fleet_key: str) -> bool:
        """Whether the fleet's run was heard of in time."""
        lease = self.leases.get(fleet_key)
        return lease is not None and lease.is_alive(self.now)

    def table(self, thing: turns.Thing) -> turns.Table:
        """Everybody at one thing, as the rules see them."""
        held = (
            turns.Held(one.holder, one.mode, one.turn, self.is_alive(one.holder))
            for one in self.held
            if (one.scope, one.key) == thing
        )
        queue = (
            turns.Waiting(one.holder, one.modes, one.ticket, self.is_alive(one.holder))
            for one in self.queue
            if (one.scope, one.key) == thing
        )
        return turns.Table(tuple(held), tuple(queue))

    def waits_since(self, thing: turns.Thing, fleet_key: str) -> datetime | None:
        """Since when a fleet stands in a queue; None where it does not."""
        mine = (one for one in self.queue if (one.scope, one.key, one.holder) == (*thing, fleet_key))
        return next((one.since for one in mine), None)

    def list_holders(self) -> tuple[TurnHolder, ...]:
        """Everybody by scope, key and age: those who have their turn before those who wait."""
        held = [self._told(one, one.mode, one.taken_at) for one in self.held]
        waiting = [self._told(one, one.modes[0], one.since, is_waiting=True) for one in self.queue]
        return tuple(sorted((*held, *waiting), key=lambda one: (one.scope, one.key, one.is_waiting)))

    def _told(
        self, row: HeldLock | Place, mode: str, since: datetime, *, is_waiting: bool = False
    ) -> TurnHolder:
        lease = self.leases.get(row.holder)
        return TurnHolder(
            scope=TurnScope(row.scope),
            key=row.key,
            fleet_key=row.holder,
            mode=mode,
            run="" if lease is None else lease.holder,
            since=since,
            is_alive=self.is_alive(row.holder),
            is_waiting=is_waiting,
        )


def read_register(connection: Connection, now: datetime, keys: Iterable[str] | None = None) -> Register:
    """Everybody at the things with these keys, or at all things."""
    wanted = None if keys is None else tuple(keys)
    held = connection.execute(_select(locks, wanted).order_by(locks.c.token)).mappings()
    queued = connection.execute(_select(lock_queue, wanted).order_by(lock_queue.c.ticket)).mappings()
    rows = tuple(HeldLock(**row) for row in held)
    places = tuple(Place(**{**row, "modes": tuple(json.loads(row["modes"]))}) for row in queued)
    fleets = {row.holder for row in rows} | {place.holder for place in places}
    return Register(rows, places, _read_leases(connection, fleets), now)


def _select(table: Table, keys: tuple[str, ...] | None) -> Select[Any]:
    query = select(table).where(table.c.scope.in_(_SCOPES))
    return query if keys is None else query.where(table.c.key.in_(keys))


def _read_leases(connection: Connection, fleet_keys: Iterable[str]) -> dict[str, HeldLock]:
    rows = connection.execute(_LEASES, {"fleets": tuple(fleet_keys)}).mappings()
    return {row["key"]: HeldLock(**row) for row in rows}


def write_turn(connection: Connection, row: HeldLock) -> None:
    """Write down that a fleet has its turn."""
    connection.execute(_TAKE, {name: getattr(row, name) for name in HeldLock.__slots__})


def write_place(connection: Connection, place: Place) -> None:
    """Write down that a fleet waits."""
    values = {name: getattr(place, name) for name in Place.__slots__}
    connection.execute(_QUEUE, {**values, "modes": canonical_json(place.modes)})


def delete_turns(connection: Connection, fleet_key: str, scopes: Iterable[str] = _SCOPES) -> None:
    """Take a fleet's turns away."""
    connection.execute(_GIVE_BACK, {"of_holder": fleet_key, "scopes": tuple(scopes)})


def delete_places(connection: Connection, fleet_key: str, scopes: Iterable[str] = _SCOPES) -> None:
    """Take a fleet out of queues."""
    connection.execute(_LEAVE, {"of_holder": fleet_key, "scopes": tuple(scopes)})


def delete_place(connection: Connection, thing: turns.Thing, fleet_key: str) -> None:
    """Take a fleet out of one queue; harmless where it is in none."""
    connection.execute(_LEAVE_ONE, {"in_scope": thing[0], "of_key": thing[1], "of_holder": fleet_key})


def delete_other_places(connection: Connection, fleet_key: str, things: Collection[turns.Thing]) -> None:
    """Take a fleet out of the queues that it does not stand in any more, of the scopes that it asks for."""
    scopes, keys = {scope for scope, _ in things}, {key for _, key in things}
    connection.execute(_LEAVE_OTHERS, {"of_holder": fleet_key, "scopes": tuple(scopes), "keys": tuple(keys)})
