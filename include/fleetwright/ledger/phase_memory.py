"""What the ledger remembers for phases: a part of ``SqlLedger``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, select

from fleetwright.domain.events import EventKind
from fleetwright.domain.phase_runs import PhaseEvent, PhaseRun, PhaseState
from fleetwright.domain.quarantine import Quarantined
from fleetwright.ledger import phase_runs, quarantine
from fleetwright.ledger.database import Database
from fleetwright.ledger.tables import events
from fleetwright.ledger.values import fleet_key_of

_NEWEST_HELD = (
    select(events.c.payload)
    .where(
        events.c.fleet_key == bindparam("fleet"),
        events.c.kind == str(EventKind.HELD),
        events.c.happened_at >= bindparam("since"),
    )
    .order_by(events.c.sequence.desc())
    .limit(1)
)


class PhaseMemory:
    """See ``phases.ports.PhaseLedger`` for what each method promises."""

    _database: Database

    def find_phase_run(self, key: str) -> PhaseRun | None:
        """One publication in one phase; None where it has never come there."""
        with self._database.reading() as connection:
            return phase_runs.find(connection, key)

    def append_phase_events(self, key: str, events: Sequence[PhaseEvent], *, actor: str) -> PhaseRun:
        """Write events and return the run as they leave it; folded inside, so that many tasks may write.

        :raises IllegalMoveError: nothing was written: an event contradicts the table of moves
        """
        with self._database.writing() as write:
            return phase_runs.write_step(write, key, events, actor=actor)

    def list_phase_runs(self) -> tuple[PhaseRun, ...]:
        """Every publication in every phase, oldest first."""
        with self._database.reading() as connection:
            return phase_runs.list_all(connection)

    def list_phase_states(self, phase: str, image: str) -> Mapping[str, PhaseState]:
        """Where each version of an image stands in a phase, by version."""
        with self._database.reading() as connection:
            return phase_runs.list_states(connection, phase, image)

    def find_held(self, fleet_key: str, *, since: datetime) -> tuple[str, ...]:
        """Why the newest evaluation of a fleet since an instant was held; empty where none was."""
        with self._database.reading() as connection:
            values = {"fleet": fleet_key_of(fleet_key), "since": since}
            payload = connection.execute(_NEWEST_HELD, values).scalar_one_or_none()
        return tuple(json.loads(payload)["reasons"]) if payload else ()

    def quarantine(self, entry: Quarantined) -> None:
        """Put a version away; harmless where the same entry was put away before."""
        with self._database.writing() as write:
            quarantine.write_entry(write.connection, entry)
