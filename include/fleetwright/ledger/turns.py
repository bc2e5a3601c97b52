"""``TurnsInSql``: the ``Turns`` port over SQL, one transaction a claim; the rules stand in ``domain.turns``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from fleetwright.domain import turns
from fleetwright.domain.errors import LedgerError
from fleetwright.ledger import locks, turn_rows
from fleetwright.ledger.database import Database, Write
from fleetwright.ledger.leases import renew_lease
from fleetwright.ledger.locks import HeldLock
from fleetwright.ledger.turn_rows import Place, Register, read_register
from fleetwright.ledger.values import fleet_key_of
from fleetwright.rollout.ports.leases import Lease
from fleetwright.rollout.ports.turns import TurnAnswer, TurnHolder, TurnScope, Want

_Row = TypeVar("_Row", turns.Held, turns.Waiting)


class TurnsInSql:
    """What several fleets share, in a ledger (R46, R48); see ``rollout.ports.turns.Turns``."""

    _database: Database

    def claim_turns(self, lease: Lease, wants: tuple[Want, ...], *, over: tuple[str, ...] = ()) -> TurnAnswer:
        """Take all that is wanted, or nothing and a place in the queue; renews the lease.

        :raises LeaseLostError: when the lease is not the newest any more: nothing was taken
        :raises LedgerError: when a want names no mode
        """
        nameless = next((want for want in wants if not all(want.modes) or not want.modes), None)
        if nameless is not None:
            raise LedgerError(
                f"{nameless.scope} {nameless.key} cannot be claimed in no mode: name one at least"
            )
        with self._database.writing() as write:
            renew_lease(write, lease)
            return _claim(write, lease, wants, frozenset(map(fleet_key_of, over)))

    def give_turns_back(self, lease: Lease, scope: TurnScope | None = None) -> None:
        """Give back what the fleet holds and waits for, of one scope or of all.

        :raises LeaseLostError: when the lease is not the newest any more: nothing was given back
        """
        scopes = tuple(TurnScope) if scope is None else (scope,)
        with self._database.writing() as write:
            renew_lease(write, lease)
            turn_rows.delete_turns(write.connection, lease.fleet_key, scopes)
            turn_rows.delete_places(write.connection, lease.fleet_key, scopes)

    def why_not_my_turn(self, lease: Lease, wants: tuple[Want, ...]) -> str:
        """Why a swap may not be sent; empty where all that is wanted is held."""
        register = self._read_register(tuple(want.key for want in wants))
        missing = (want for want in wants if not _has(register, lease.fleet_key, want))
        return "; ".join(_told_missing(register, want) for want in missing)

    def list_turns(self) -> tuple[TurnHolder, ...]:
        """Everybody who holds or waits, by scope, key and age."""
        return self._read_register().list_holders()

    def wall_now(self) -> datetime:
        """The wall time that leases, and with them turns, live on."""
        with self._database.reading() as connection:
            return self._database.now(connection)

    def _read_register(self, keys: tuple[str, ...] | None = None) -> Register:
        with self._database.reading() as connection:
            return read_register(connection, self._database.now(connection), keys)


def _claim(write: Write, lease: Lease, wants: tuple[Want, ...], over: frozenset[str]) -> TurnAnswer:
    register = read_register(write.connection, write.now, {want.key for want in wants})
    modes = {(str(want.scope), want.key): want.modes for want in wants}
    tables = {thing: register.table(thing) for thing in modes}
    # The number is drawn whether it is used or not: a gap between tokens means nothing.
    claim = turns.Claim(lease.fleet_key, modes, write.head.next_token(), over)
    decision = turns.decide_claim(tables, claim)
    turn_rows.delete_other_places(write.connection, lease.fleet_key, modes)
    for thing, after in decision.tables.items():
        _write_changes(write, register, thing, after, lease.fleet_key)
    blockers = {(*blocker.thing, blocker.fleet_key) for blocker in decision.blockers}
    return TurnAnswer(
        tuple((key, mode) for (_, key), mode in decision.granted.items()),
        tuple(one for one in register.list_holders() if (one.scope, one.key, one.fleet_key) in blockers),
    )


def _write_changes(
    write: Write, register: Register, thing: turns.Thing, after: turns.Table, claimant: str
) -> None:
    """Bring the rows of one thing to what was decided."""
    before = register.table(thing)
    for gone in _added(after.held, before.held):
        _take_away(write, thing, gone, claimant)
    for left in _added(after.queue, before.queue):
        turn_rows.delete_place(write.connection, thing, left.fleet_key)
    for one in _added(before.held, after.held):
        turn_rows.write_turn(write.connection, _turn_row(write, thing, one))
    for place in _added(before.queue, after.queue):
        since = register.waits_since(thing, place.fleet_key) or write.now
        turn_rows.write_place(
            write.connection, Place(*thing, place.fleet_key, place.modes, place.ticket, since)
        )


def _take_away(write: Write, thing: turns.Thing, gone: turns.Held, claimant: str) -> None:
    if gone.fleet_key == claimant:
        locks.delete_lock(write.connection, *thing, claimant)
    else:
        # Of whom nothing is in flight nothing stays: a zone without its pair would be waiting in the wrong order.
        turn_rows.delete_turns(write.connection, gone.fleet_key)


def _added(before: Sequence[_Row], after: Sequence[_Row]) -> list[_Row]:
    return [one for one in after if one not in before]


def _turn_row(write: Write, thing: turns.Thing, held: turns.Held) -> HeldLock:
    scope, key = thing
    return HeldLock(
        scope=scope,
        key=key,
        holder=held.fleet_key,
        mode=held.mode,
        token=write.head.token,
        taken_at=write.now,
        heartbeat_at=write.now,
        expires_at=turn_rows.NEVER,
        turn=held.turn,
    )


def _has(register: Register, fleet_key: str, want: Want) -> bool:
    thing = (str(want.scope), want.key)
    return any(one.fleet_key == fleet_key and one.mode in want.modes for one in register.table(thing).held)


def _told_missing(register: Register, want: Want) -> str:
    held = register.table((str(want.scope), want.key)).held
    now = ", ".join(f"{one.fleet_key} has it for {one.mode}" for one in held) or "nobody has it"
    return f"the turn at {want.scope} {want.key} is not held any more for {' or '.join(want.modes)}: {now}"
