"""Phase runs in the ledger: events in the one chain, and a row each with what they come to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from fleetwright.domain.errors import FleetwrightError, LedgerError
from fleetwright.domain.phase_documents import read_run, write_run
from fleetwright.domain.phase_journal import fold_phase
from fleetwright.domain.phase_runs import PhaseEvent, PhaseEventKind, PhaseRun, PhaseState
from fleetwright.ledger.database import Write
from fleetwright.ledger.tables import events, phase_runs
from fleetwright.ledger.values import canonical_json, to_utc

_INSERT_EVENTS = insert(events)
_INSERT = insert(phase_runs)
_DELETE = delete(phase_runs).where(phase_runs.c.key == bindparam("of_key"))
_BODY = select(phase_runs.c.body).where(phase_runs.c.key == bindparam("of_key"))
_BODIES = select(phase_runs.c.body).order_by(phase_runs.c.opened_at, phase_runs.c.key)
_STATES = select(phase_runs.c.version, phase_runs.c.state).where(
    phase_runs.c.phase == bindparam("of_phase"), phase_runs.c.image == bindparam("of_image")
)
_ROWS = select(phase_runs)
_EVENTS = (
    select(events.c.kind, events.c.happened_at, events.c.payload)
    .where(
        events.c.rollout_id.is_(None),
        events.c.fleet_key == bindparam("of_key"),
        events.c.kind.in_([str(kind) for kind in PhaseEventKind]),
    )
    .order_by(events.c.sequence)
)
_KEYS = (
    select(events.c.fleet_key)
    .where(events.c.rollout_id.is_(None), events.c.kind == str(PhaseEventKind.OPENED))
    .distinct()
)


def find(connection: Connection, key: str) -> PhaseRun | None:
    """One publication in one phase; None where it has never come there."""
    body = connection.execute(_BODY, {"of_key": key}).scalar_one_or_none()
    return None if body is None else read_run(json.loads(body))


def list_all(connection: Connection) -> tuple[PhaseRun, ...]:
    """Every publication in every phase, oldest first."""
    return tuple(read_run(json.loads(body)) for body in connection.execute(_BODIES).scalars())


def list_states(connection: Connection, phase: str, image: str) -> dict[str, PhaseState]:
    """Where each version of an image stands in a phase, by version."""
    rows = connection.execute(_STATES, {"of_phase": phase, "of_image": image})
    return {row.version: PhaseState(row.state) for row in rows}


def write_step(write: Write, key: str, new: Sequence[PhaseEvent], *, actor: str) -> PhaseRun:
    """Write what happened, and return the run as it is now.

    :raises IllegalMoveError: nothing was written: an event contradicts the table of moves
    :raises LedgerError: nothing was written: an event does not fit what is known
    """
    recorded = tuple(_as_recorded(event) for event in new)
    run = _fold_onto(find(write.connection, key), recorded, key)
    if run.key != key:
        raise LedgerError(f"phase run {key} cannot be opened as {run.key}")
    _append(write, key, recorded, actor)
    write.connection.execute(_DELETE, {"of_key": key})
    write.connection.execute(_INSERT, _row(run))
    return run


def list_differing(connection: Connection) -> tuple[str, ...]:
    """The runs whose rows are not what their events say."""
    rows = {row["key"]: dict(row) for row in connection.execute(_ROWS).mappings()}
    keys = {*rows, *connection.execute(_KEYS).scalars()}
    return tuple(sorted(key for key in keys if rows.get(key) != _expected(connection, key)))


def _expected(connection: Connection, key: str) -> dict[str, Any] | None:
    rows = connection.execute(_EVENTS, {"of_key": key}).mappings()
    told = [
        PhaseEvent(PhaseEventKind(row["kind"]), row["happened_at"], json.loads(row["payload"]))
        for row in rows
    ]
    return _row(_fold_onto(None, told, key)) if told else None


def _as_recorded(event: PhaseEvent) -> PhaseEvent:
    # As it will be read back, so that a run folded now equals one folded later.
    payload = json.loads(canonical_json(dict(event.payload)))
    return PhaseEvent(event.kind, to_utc(event.happened_at), payload)


def _append(write: Write, key: str, new: Sequence[PhaseEvent], actor: str) -> None:
    about = {"rollout_id": None, "fleet_key": key, "actor": actor, "recorded_at": write.now}
    rows = [
        write.head.chain(
            {
                **about,
                "kind": str(event.kind),
                "payload": canonical_json(event.payload),
                "happened_at": event.happened_at,
            }
        )
        for event in new
    ]
    if rows:
        write.connection.execute(_INSERT_EVENTS, rows)


def _row(run: PhaseRun) -> dict[str, Any]:
    return {
        "key": run.key,
        "phase": run.phase,
        "image": run.publication.image,
        "version": run.publication.version,
        "state": str(run.state),
        "opened_at": run.opened_at,
        "ended_at": run.ended_at,
        "body": canonical_json(write_run(run)),
    }


def _fold_onto(run: PhaseRun | None, new: Sequence[PhaseEvent], key: str) -> PhaseRun:
    try:
        return fold_phase(new, run)
    except FleetwrightError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError(f"phase run {key}: an event does not fit it: {error!r}") from error
