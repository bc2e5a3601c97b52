"""Locks as rows: many holders of one mode, none of another; a fleet's lease is a lock whose mode is its holder.

A token is drawn anew at every taking and outlives release and expiry, so an older one is refused for ever.
A lock that expired counts as good until somebody takes it: only then it was needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from fleetwright.ledger.database import Write
from fleetwright.ledger.tables import locks
from fleetwright.rollout.ports.leases import Lease, LeaseTerms


class LockScope(StrEnum):
    """What a lock is about."""

    FLEET = "fleet"


@dataclass(frozen=True, slots=True)
class LockClaim:
    """Who wants what.

    :param mode: holders of the same mode share; a mode of one's own excludes everybody
    """

    scope: str
    key: str
    holder: str
    mode: str
    terms: LeaseTerms


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that somebody holds.

    :param taken_at: when this holder first took it; taking it back does not change that
    :param turn: the token with which its turn was opened, 0 for a lease
    """

    scope: str
    key: str
    holder: str
    mode: str
    token: int
    taken_at: datetime
    heartbeat_at: datetime
    expires_at: datetime
    turn: int = 0

    def is_alive(self, now: datetime) -> bool:
        """Whether the holder was heard of in time."""
        return self.expires_at > now


_ALL = select(locks).order_by(locks.c.scope, locks.c.key, locks.c.token)
_THING = (locks.c.scope == bindparam("in_scope"), locks.c.key == bindparam("of_key"))
_MINE = (*_THING, locks.c.holder == bindparam("of_holder"))
_OF_THING = select(locks).where(*_THING).order_by(locks.c.token)
_INSERT = insert(locks)
_DELETE = delete(locks).where(*_MINE)
_RENEW = update(locks).where(*_MINE, locks.c.token == bindparam("of_token"))


def find_locks(connection: Connection, scope: str, key: str) -> tuple[HeldLock, ...]:
    """Who holds a thing now, alive or expired, the newest token last."""
    rows = connection.execute(_OF_THING, {"in_scope": scope, "of_key": key})
    return tuple(HeldLock(**row) for row in rows.mappings())


def list_all(connection: Connection) -> tuple[HeldLock, ...]:
    """Every lock that is held, by scope and key."""
    return tuple(HeldLock(**row) for row in connection.execute(_ALL).mappings())


def find_blocker(present: Sequence[HeldLock], claim: LockClaim, now: datetime) -> HeldLock | None:
    """A live holder of another mode, if there is one."""
    others = (lock for lock in present if lock.holder != claim.holder and lock.mode != claim.mode)
    return next((lock for lock in others if lock.is_alive(now)), None)


def write_lock(write: Write, present: Sequence[HeldLock], claim: LockClaim) -> HeldLock:
    """Take a lock that nobody blocks; what stands in its way has expired, and goes."""
    mine = next((lock for lock in present if lock.holder == claim.holder), None)
    for lock in present:
        if lock is mine or lock.mode != claim.mode:
            delete_lock(write.connection, lock.scope, lock.key, lock.holder)
    taken = HeldLock(
        scope=claim.scope,
        key=claim.key,
        holder=claim.holder,
        mode=claim.mode,
        token=write.head.next_token(),
        taken_at=write.now if mine is None else mine.taken_at,
        heartbeat_at=write.now,
        expires_at=write.now + claim.terms.expiry,
    )
    write.connection.execute(_INSERT, {name: getattr(taken, name) for name in HeldLock.__slots__})
    return taken


def renew_lock(write: Write, scope: str, lease: Lease) -> bool:
    """Renew the heartbeat where the token is still the newest; False where it is not."""
    where = {
        "in_scope": scope,
        "of_key": lease.fleet_key,
        "of_holder": lease.holder,
        "of_token": lease.token,
    }
    fresh = {"heartbeat_at": write.now, "expires_at": write.now + lease.terms.expiry}
    return write.connection.execute(_RENEW, {**where, **fresh}).rowcount == 1


def delete_lock(connection: Connection, scope: str, key: str, holder: str) -> bool:
    """Give a lock back; False, and harmless, where it was not held."""
    return connection.execute(_DELETE, {"in_scope": scope, "of_key": key, "of_holder": holder}).rowcount == 1
