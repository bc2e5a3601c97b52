"""Rollouts of node images in the ledger: events in the one chain, and a row each with what they come to."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from fleetwright.domain.errors import FleetwrightError, LedgerError
from fleetwright.domain.node_pools.documents import read_rollout, write_rollout
from fleetwright.domain.node_pools.evaluations import Evaluation
from fleetwright.domain.node_pools.journal import fold_nodes
from fleetwright.domain.node_pools.rollouts import (
    ENDED_NODE_ROLLOUTS,
    NodeEvent,
    NodeEventKind,
    NodeRollout,
)
from fleetwright.ledger.database import Write
from fleetwright.ledger.event_log import Origin
from fleetwright.ledger.tables import events, node_rollouts
from fleetwright.ledger.values import canonical_json, fleet_key_of, to_utc

_INSERT_EVENTS = insert(events)
_INSERT = insert(node_rollouts)
_DELETE = delete(node_rollouts).where(node_rollouts.c.rollout_id == bindparam("of_rollout"))
_BODY = select(node_rollouts.c.body).where(node_rollouts.c.rollout_id == bindparam("of_rollout"))
_OF_CLUSTER = (
    select(node_rollouts.c.body)
    .where(node_rollouts.c.fleet_key == bindparam("fleet"))
    .order_by(node_rollouts.c.started_at.desc(), node_rollouts.c.rollout_id.desc())
)
_UNFINISHED = (
    select(node_rollouts.c.rollout_id)
    .where(
        node_rollouts.c.fleet_key == bindparam("fleet"),
        node_rollouts.c.state.notin_(sorted(str(state) for state in ENDED_NODE_ROLLOUTS)),
    )
    .order_by(node_rollouts.c.started_at.desc())
)
_EVALUATIONS = (
    select(events.c.payload)
    .where(events.c.fleet_key == bindparam("fleet"), events.c.kind == str(NodeEventKind.EVALUATED))
    .order_by(events.c.sequence.desc())
)
_ROWS = select(node_rollouts)
_KINDS = [str(kind) for kind in NodeEventKind]
_EVENTS = (
    select(events.c.kind, events.c.happened_at, events.c.payload)
    .where(events.c.rollout_id == bindparam("of_rollout"), events.c.kind.in_(_KINDS))
    .order_by(events.c.sequence)
)
_IDS = (
    select(events.c.rollout_id).where(events.c.rollout_id.is_not(None), events.c.kind.in_(_KINDS)).distinct()
)


def find(connection: Connection, rollout_id: str) -> NodeRollout | None:
    """One rollout; None where there is none of that id."""
    body = connection.execute(_BODY, {"of_rollout": rollout_id}).scalar_one_or_none()
    return None if body is None else _read(body)


def find_unfinished(connection: Connection, cluster_key: str) -> str | None:
    """The id of the cluster's rollout that has not ended; there is at most one."""
    return connection.execute(_UNFINISHED, {"fleet": cluster_key}).scalars().first()


def list_of_cluster(
    connection: Connection, cluster_key: str, newest: int | None = None
) -> tuple[NodeRollout, ...]:
    """The rollouts of a cluster, newest first.

    :param newest: at most so many; None for all
    """
    rows = connection.execute(_OF_CLUSTER.limit(newest), {"fleet": cluster_key}).scalars()
    return tuple(_read(body) for body in rows)


def list_evaluations(connection: Connection, cluster_key: str) -> tuple[Evaluation, ...]:
    """How each schedule's look at a cluster ended, newest first."""
    rows = connection.execute(_EVALUATIONS, {"fleet": cluster_key}).scalars()
    return tuple(Evaluation.from_dict(json.loads(payload)) for payload in rows)


def write_step(
    write: Write, known: NodeRollout | None, new: Sequence[NodeEvent], *, rollout_id: str, actor: str
) -> NodeRollout:
    """Write what happened, and return the rollout as it is now.

    :raises IllegalMoveError: nothing was written: an event contradicts the table of moves
    :raises LedgerError: nothing was written: an event does not fit what is known
    """
    recorded = tuple(_as_recorded(event) for event in new)
    rollout = _fold_onto(known, recorded, rollout_id) if recorded or known is None else known
    append_events(write, Origin(fleet_key_of(rollout.settings.fleet_id), actor, rollout.rollout_id), recorded)
    write.connection.execute(_DELETE, {"of_rollout": rollout_id})
    write.connection.execute(_INSERT, _row(rollout))
    return rollout


def append_events(write: Write, origin: Origin, new: Sequence[NodeEvent]) -> None:
    """Append events to the one chain; an evaluation belongs to a cluster and to no rollout."""
    about = {"rollout_id": origin.rollout_id, "fleet_key": origin.fleet_key, "actor": origin.actor}
    rows = [write.head.chain({**about, **_body(event), "recorded_at": write.now}) for event in new]
    if rows:
        write.connection.execute(_INSERT_EVENTS, rows)


def list_differing(connection: Connection) -> tuple[str, ...]:
    """The rollouts whose rows are not what their events say."""
    rows = {row["rollout_id"]: dict(row) for row in connection.execute(_ROWS).mappings()}
    ids = {*rows, *connection.execute(_IDS).scalars()}
    return tuple(sorted(i for i in ids if rows.get(i) != _expected(connection, i)))


def _expected(connection: Connection, rollout_id: str) -> dict[str, Any] | None:
    rows = connection.execute(_EVENTS, {"of_rollout": rollout_id}).mappings()
    told = [
        NodeEvent(NodeEventKind(row["kind"]), row["happened_at"], json.loads(row["payload"])) for row in rows
    ]
    return _row(_fold_onto(None, told, rollout_id)) if told else None


# What is over is read again before every later rollout of its cluster, and is the same text each time.
@lru_cache(maxsize=1024)
def _read(body: str) -> NodeRollout:
    return read_rollout(json.loads(body))


def _as_recorded(event: NodeEvent) -> NodeEvent:
    # As it will be read back, so that a rollout folded now equals one folded later.
    payload = json.loads(canonical_json(dict(event.payload)))
    return NodeEvent(event.kind, to_utc(event.happened_at), payload)


def _body(event: NodeEvent) -> dict[str, Any]:
    return {
        "kind": str(event.kind),
        "payload": canonical_json(dict(event.payload)),
        "happened_at": to_utc(event.happened_at),
    }


def _row(rollout: NodeRollout) -> dict[str, Any]:
    return {
        "rollout_id": rollout.rollout_id,
        "fleet_key": fleet_key_of(rollout.settings.fleet_id),
        "state": str(rollout.state),
        "started_at": rollout.started_at,
        "ended_at": rollout.ended_at,
        "body": canonical_json(write_rollout(rollout)),
    }


def _fold_onto(known: NodeRollout | None, new: Sequence[NodeEvent], rollout_id: str) -> NodeRollout:
    try:
        return fold_nodes(new, known)
    except FleetwrightError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError(f"rollout {rollout_id}: an event does not fit it: {error!r}") from error
