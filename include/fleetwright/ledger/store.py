"""``SqlLedger``: the ``Ledger`` port over SQL, one transaction a call.

Tried on SQLite, in memory and as a file shared by processes, and on PostgreSQL 15 with psycopg.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, Engine

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.events import Event, EventKind, start_event
from fleetwright.domain.quarantine import Quarantined, Release
from fleetwright.domain.records import RolloutSettings, RolloutView
from fleetwright.ledger import (
    chain,
    control_log,
    event_log,
    leases,
    locks,
    node_rollouts,
    phase_runs,
    projections,
    quarantine,
    refusals,
)
from fleetwright.ledger.database import Database, WallClock
from fleetwright.ledger.engine import create_ledger_engine, sqlite_file
from fleetwright.ledger.event_log import Origin, RecordedEvent
from fleetwright.ledger.holds import HoldsInSql
from fleetwright.ledger.locks import HeldLock, LockClaim, LockScope
from fleetwright.ledger.naming import new_rollout_id
from fleetwright.ledger.node_memory import NodeMemory
from fleetwright.ledger.phase_memory import PhaseMemory
from fleetwright.ledger.rollout_log import differs, write_step
from fleetwright.ledger.schema import ensure_schema
from fleetwright.ledger.turns import TurnsInSql
from fleetwright.ledger.urls import mask_url
from fleetwright.ledger.values import fleet_key_of
from fleetwright.ledger.views import Views
from fleetwright.ledger.watch import WatchInSql
from fleetwright.rollout.ports.controls import Control
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.ports.ledger import Acquired


def open_ledger(url: str, *, label: str = "", wall_clock: WallClock | None = None) -> SqlLedger:
    """Open a ledger, and bring its schema up to date.

    :param url: ``sqlite:////folder/file.db``, ``sqlite://`` (in memory) or a PostgreSQL URL; a file is created,
        its folder never
    :param label: how it is named where people read it, when not by its URL
    :param wall_clock: for tests; without it leases live on the host's time, on PostgreSQL on the database's
    :raises LedgerError: in one line, when the URL cannot be used or the ledger is from a newer schema
    """
    engine = create_ledger_engine(url)
    ledger = SqlLedger(engine, label=label or mask_url(url), wall_clock=wall_clock)
    try:
        ledger.ensure_schema()
    except LedgerError:
        ledger.close()
        raise
    return ledger


def open_existing(url: str) -> SqlLedger:
    """Open a ledger to look into it; a file that is not there yet reads as an empty ledger, and is not made.

    :raises LedgerError: as ``open_ledger``
    """
    path = sqlite_file(url)
    is_absent = path is not None and path.parent.is_dir() and not path.exists()
    return open_absent(url) if is_absent else open_ledger(url)


def open_absent(url: str) -> SqlLedger:
    """An empty ledger with the name of one that is not there yet."""
    return open_ledger("sqlite://", label=f"{mask_url(url)} (not there yet)")


class SqlLedger(HoldsInSql, TurnsInSql, WatchInSql, PhaseMemory, NodeMemory):
    """The memory of intent; see ``rollout.ports.ledger.Ledger`` for what each method promises.

    Safe for several threads and several processes; one made before a fork is not for the child.

    :param label: how the ledger is named in errors: its URL without the password
    """

    def __init__(self, engine: Engine, *, label: str, wall_clock: WallClock | None = None) -> None:
        self._database = Database(engine, label, wall_clock)
        self._views = Views()

    def __str__(self) -> str:
        return self._database.label

    def __repr__(self) -> str:
        return f"SqlLedger({self._database.label!r})"

    def ensure_schema(self) -> None:
        """Run the migrations that are missing.

        :raises LedgerError: when the schema is newer than every one known here
        """
        ensure_schema(self._database)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def begin(self, settings: RolloutSettings, *, owner: str, now: datetime, terms: LeaseTerms) -> Acquired:
        """Take the fleet; start a rollout, or resume its unfinished one.

        :raises HeldError: at once, naming the holder, while another owner's lease is alive
        """
        key = fleet_key_of(settings.fleet_id)
        with self._database.writing() as write:
            unfinished = projections.find_unfinished(write.connection, key)
            lease = leases.begin_fleet(write, key, owner, terms, unfinished)
            if unfinished is None:
                known, rollout_id = None, new_rollout_id(key, now)
                first = start_event(rollout_id, settings, owner, now)
            else:
                known, rollout_id = self._read(write.connection, unfinished), unfinished
                first = Event(EventKind.RESUMED, now, {"owner": owner})
            view = write_step(write, known, [first], rollout_id=rollout_id, actor=owner)
        self._views.keep(write.head.sequence, view)
        return Acquired(view, lease, resumed=known is not None)

    def retake(self, rollout_id: str, *, owner: str, terms: LeaseTerms, is_teardown: bool = False) -> Lease:
        """Take the rollout's own lease back with a new token.

        :raises LeaseLostError: when another owner has the fleet, or the rollout is finished and this is no teardown
        """
        with self._database.writing() as write:
            view = self._read(write.connection, rollout_id)
            return leases.retake_fleet(write, view.rollout, owner, terms, is_teardown=is_teardown)

    def check(self, lease: Lease) -> None:
        """Renew the heartbeat; an expired lease that nobody took is still good.

        :raises LeaseLostError: when the token is not the newest any more
        """
        with self._database.writing() as write:
            leases.renew_lease(write, lease)

    def release(self, rollout_id: str, *, owner: str) -> None:
        """Give the fleet back, and with a rollout that is over its turns; harmless when it is not the owner's."""
        with self._database.writing() as write:
            view = self._views.read(write.connection, rollout_id)
            if view is not None:
                leases.give_fleet_back(write, view.rollout, owner)

    def append(self, rollout_id: str, events: Sequence[Event], *, lease: Lease) -> RolloutView:
        """Write events and return the rollout as they leave it; the heartbeat is renewed with them.

        :raises LeaseLostError: nothing was written: the token is not the newest
        :raises IllegalMoveError: nothing was written: an event contradicts the tables of states
        """
        with self._database.writing() as write:
            leases.renew_lease(write, lease)
            known = self._read(write.connection, rollout_id)
            if fleet_key_of(known.rollout.settings.fleet_id) != lease.fleet_key:
                raise refusals.wrong_fleet(lease, known.rollout)
            view = write_step(write, known, events, rollout_id=rollout_id, actor=lease.holder)
        self._views.keep(write.head.sequence, view)
        return view

    def load(self, rollout_id: str) -> RolloutView:
        """The rollout as its events tell it."""
        with self._database.reading() as connection:
            return self._read(connection, rollout_id)

    def record_held(self, fleet_key: str, reasons: Sequence[str], *, actor: str, now: datetime) -> None:
        """Write down an evaluation that changed nothing: it belongs to the fleet, to no rollout."""
        held = event_log.as_recorded(Event(EventKind.HELD, now, {"reasons": list(reasons)}))
        with self._database.writing() as write:
            event_log.write_events(write, Origin(fleet_key_of(fleet_key), actor), [held])

    def list_rollouts(self, fleet_key: str) -> tuple[RolloutView, ...]:
        """Every rollout of the fleet, newest first."""
        with self._database.reading() as connection:
            ids = event_log.list_started(connection, fleet_key_of(fleet_key))
            return tuple(self._read(connection, rollout_id) for rollout_id in ids)

    def list_events(self, fleet_key: str) -> tuple[RecordedEvent, ...]:
        """Everything written about the fleet, held evaluations included, oldest first."""
        with self._database.reading() as connection:
            return event_log.read_fleet(connection, fleet_key_of(fleet_key))

    def add_control(self, fleet_key: str, control: Control) -> None:
        """Write down what a person said."""
        with self._database.writing() as write:
            control_log.write_control(write, fleet_key_of(fleet_key), control)

    def list_controls(self, fleet_key: str, *, since: datetime) -> tuple[Control, ...]:
        """What was said about the fleet at or after an instant, oldest first."""
        with self._database.reading() as connection:
            return control_log.read_controls(connection, fleet_key_of(fleet_key), since)

    def list_quarantined(self) -> tuple[Quarantined, ...]:
        """Every image version that was ever put away, oldest first, released ones included."""
        with self._database.reading() as connection:
            return quarantine.read_all(connection)

    def release_quarantined(self, image: str, version: str, release: Release) -> int:
        """Let automatic rollouts use a version again; how many open entries that ended."""
        with self._database.writing() as write:
            return quarantine.write_release(write, image, version, release)

    def take_lock(self, scope: str, key: str, holder: str, mode: str, terms: LeaseTerms) -> HeldLock:
        """Take a lock, or one's own back with a new token.

        :param mode: holders of one mode share; a mode of one's own excludes everybody
        :raises HeldError: at once, while a live holder has it in another mode
        """
        with self._database.writing() as write:
            return leases.claim_lock(write, LockClaim(scope, key, holder, mode, terms))

    def release_lock(self, scope: str, key: str, holder: str) -> None:
        """Give a lock back; harmless where it is not held."""
        with self._database.writing() as write:
            locks.delete_lock(write.connection, scope, key, holder)

    def list_locks(self) -> tuple[HeldLock, ...]:
        """Every lock that somebody holds, expired ones included."""
        with self._database.reading() as connection:
            return locks.list_all(connection)

    def find_holder(self, fleet_key: str) -> str:
        """Who has the fleet and is alive; empty where nobody is."""
        with self._database.reading() as connection:
            found = locks.find_locks(connection, LockScope.FLEET, fleet_key_of(fleet_key))
            now = self._database.now(connection)
        return next((lock.holder for lock in found if lock.is_alive(now)), "")

    def find_rollout(self, fleet_key: str) -> str:
        """The id of the fleet's rollout that has not ended; empty where there is none."""
        with self._database.reading() as connection:
            return projections.find_unfinished(connection, fleet_key_of(fleet_key)) or ""

    def verify_chain(self) -> int | None:
        """The first sequence at which the ledger was tampered with, or None."""
        with self._database.reading() as connection:
            return chain.find_break(connection)

    def replay(self) -> tuple[str, ...]:
        """The rollouts and phase runs whose rows are not what their events say: none, as long as nobody edits either."""
        with self._database.reading() as connection:
            ids = {*event_log.list_rollout_ids(connection), *projections.list_ids(connection)}
            rollouts = tuple(sorted(i for i in ids if differs(connection, i)))
            others = (*node_rollouts.list_differing(connection), *phase_runs.list_differing(connection))
            return (*rollouts, *others)

    def _read(self, connection: Connection, rollout_id: str) -> RolloutView:
        view = self._views.read(connection, rollout_id)
        if view is None:
            raise LedgerError(f"ledger {self._database.label} has no rollout {rollout_id!r}")
        return view
