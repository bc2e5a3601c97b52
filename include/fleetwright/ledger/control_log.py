"""What people say to a rollout between batches, as rows."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select

from fleetwright.ledger.database import Write
from fleetwright.ledger.tables import controls
from fleetwright.rollout.ports.controls import Control, ControlKind

_INSERT = insert(controls)
_SINCE = (
    select(
        controls.c.kind,
        controls.c.actor,
        controls.c.reason,
        controls.c.at,
        controls.c.rollout_id,
        controls.c.owner,
    )
    .where(controls.c.fleet_key == bindparam("fleet"), controls.c.at >= bindparam("since"))
    .order_by(controls.c.at, controls.c.id)
)


def write_control(write: Write, fleet_key: str, control: Control) -> None:
    """Write down who said what, when and why."""
    row = {
        "fleet_key": fleet_key,
        "kind": str(control.kind),
        "actor": control.actor,
        "reason": control.reason,
        "at": control.at,
        "recorded_at": write.now,
        "rollout_id": control.rollout_id,
        "owner": control.owner,
    }
    write.connection.execute(_INSERT, row)


def read_controls(connection: Connection, fleet_key: str, since: datetime) -> tuple[Control, ...]:
    """What was said at or after an instant, oldest first."""
    rows = connection.execute(_SINCE, {"fleet": fleet_key, "since": since})
    return tuple(
        Control(ControlKind(row.kind), row.actor, row.reason, row.at, row.rollout_id, row.owner)
        for row in rows
    )
