"""Rows of rollouts, batches and swaps, made from the folded view; only what changed is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, bindparam, insert, select, update

from fleetwright.domain.records import BatchRecord, RolloutView, SwapRecord
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.ledger.tables import batches, rollouts, swaps
from fleetwright.ledger.values import canonical_json, fleet_key_of

Row = dict[str, Any]
Rows = dict[str, dict[tuple[Any, ...], Row]]

_PROJECTED = (rollouts, batches, swaps)
_KEYS = {table.name: tuple(column.name for column in table.primary_key) for table in _PROJECTED}
_INSERTS = {table.name: insert(table) for table in _PROJECTED}
_UPDATES = {
    table.name: update(table).where(
        *(column == bindparam(f"of_{column.name}") for column in table.primary_key)
    )
    for table in _PROJECTED
}
_SELECTS = {
    table.name: select(table).where(table.c.rollout_id == bindparam("rollout")) for table in _PROJECTED
}
_SWAP_FIELDS = tuple(name for name in SwapRecord.__slots__ if name in swaps.c)
_UNFINISHED = (
    select(rollouts.c.rollout_id)
    .where(
        rollouts.c.fleet_key == bindparam("fleet"),
        rollouts.c.state.notin_(sorted(str(state) for state in TERMINAL_STATES)),
    )
    .order_by(rollouts.c.started_at.desc())
)
_ALL_IDS = select(rollouts.c.rollout_id).order_by(rollouts.c.rollout_id)


def find_unfinished(connection: Connection, fleet_key: str) -> str | None:
    """The id of the fleet's rollout that has not ended; there is at most one."""
    return connection.execute(_UNFINISHED, {"fleet": fleet_key}).scalars().first()


def list_ids(connection: Connection) -> tuple[str, ...]:
    """Every rollout there is."""
    return tuple(connection.execute(_ALL_IDS).scalars())


def write_changes(connection: Connection, old: RolloutView | None, new: RolloutView) -> None:
    """Bring the rows from one view of a rollout to the next."""
    if old is None or old.rollout is not new.rollout:
        _write(connection, rollouts, [_rollout_row(new)], known=old is not None)
    known_batches = () if old is None else old.batches
    count = len(known_batches)
    changed = (batch for was, batch in zip(known_batches, new.batches, strict=False) if batch is not was)
    _write(connection, batches, (_batch_row(new, batch) for batch in changed), known=True)
    _write(connection, batches, (_batch_row(new, batch) for batch in new.batches[count:]), known=False)
    if old is None or old.swaps is not new.swaps:
        _write_swaps(connection, {} if old is None else old.swaps, new)


def _write_swaps(connection: Connection, old: Mapping[str, SwapRecord], new: RolloutView) -> None:
    changed = [swap for instance_id, swap in new.swaps.items() if old.get(instance_id) is not swap]
    for known in (True, False):
        rows = (_swap_row(new, swap) for swap in changed if (swap.instance_id in old) is known)
        _write(connection, swaps, rows, known=known)


def _write(connection: Connection, table: Table, rows: Iterable[Row], *, known: bool) -> None:
    listed = list(rows)
    if not listed:
        return
    if known:
        keys = _KEYS[table.name]
        listed = [{**row, **{f"of_{key}": row[key] for key in keys}} for row in listed]
    connection.execute((_UPDATES if known else _INSERTS)[table.name], listed)


def expected_rows(view: RolloutView) -> Rows:
    """The rows that a view stands for, by table and key."""
    return _by_key(
        {
            rollouts.name: [_rollout_row(view)],
            batches.name: [_batch_row(view, batch) for batch in view.batches],
            swaps.name: [_swap_row(view, swap) for swap in view.swaps.values()],
        }
    )


def read_rows(connection: Connection, rollout_id: str) -> Rows:
    """The rows that are there, by table and key."""
    return _by_key(
        {
            name: [dict(row) for row in connection.execute(query, {"rollout": rollout_id}).mappings()]
            for name, query in _SELECTS.items()
        }
    )


def _by_key(rows: Mapping[str, list[Row]]) -> Rows:
    return {
        name: {tuple(row[key] for key in _KEYS[name]): row for row in listed} for name, listed in rows.items()
    }


def _rollout_row(view: RolloutView) -> Row:
    rollout = view.rollout
    return {
        "rollout_id": rollout.rollout_id,
        "fleet_key": fleet_key_of(rollout.settings.fleet_id),
        "target_version": rollout.settings.target_version,
        "trigger_kind": str(rollout.settings.trigger),
        "settings": canonical_json(rollout.settings.to_dict()),
        "owner": rollout.owner,
        "state": str(rollout.state),
        "started_at": rollout.started_at,
        "ended_at": rollout.ended_at,
        "reason_code": rollout.reason_code,
        "reason_message": rollout.reason_message,
        "plan": canonical_json(dict(rollout.plan)),
        "decided": canonical_json(dict(rollout.decided)),
        "outcome": canonical_json(dict(rollout.outcome)),
        "repairs_suspended": rollout.repairs_suspended,
        "waits": canonical_json([dict(wait) for wait in rollout.waits]),
        "closed": canonical_json({node: since.isoformat() for node, since in rollout.closed.items()}),
        "left_busy": canonical_json(dict(rollout.left_busy)),
    }


def _batch_row(view: RolloutView, batch: BatchRecord) -> Row:
    return {
        "rollout_id": view.rollout.rollout_id,
        "batch_index": batch.index,
        "instance_ids": canonical_json(batch.instance_ids),
        "zone": batch.zone,
        "update_domain": batch.update_domain,
        "reason": batch.reason,
        "operation_urls": canonical_json(batch.operation_urls),
        "operation_members": canonical_json(batch.operation_members),
        "began_at": batch.began_at,
        "settled_at": batch.settled_at,
        "capacity": batch.capacity,
        "known_ids": canonical_json(batch.known_ids),
    }


def _swap_row(view: RolloutView, swap: SwapRecord) -> Row:
    return {
        **{name: getattr(swap, name) for name in _SWAP_FIELDS},
        "rollout_id": view.rollout.rollout_id,
        "state": str(swap.state),
        "data_disk_ids": canonical_json(swap.data_disk_ids),
        "swept_disk_ids": canonical_json(swap.swept_disk_ids),
        "suffered": canonical_json(swap.suffered.to_dict()),
        "after_rollback": canonical_json(swap.after_rollback.to_dict()),
    }
