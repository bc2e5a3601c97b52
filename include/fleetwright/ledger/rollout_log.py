"""One step of a rollout's record: events appended, folded and projected, all in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.records import RolloutView
from fleetwright.ledger import event_log, projections, quarantine
from fleetwright.ledger.database import Write
from fleetwright.ledger.event_log import Origin
from fleetwright.ledger.values import fleet_key_of
from fleetwright.ledger.views import fold_onto


def write_step(
    write: Write, known: RolloutView | None, events: Sequence[Event], *, rollout_id: str, actor: str
) -> RolloutView:
    """Write what happened and return the rollout as it is now.

    :param known: the rollout so far; None for one that starts here
    :raises IllegalMoveError: when an event contradicts the tables of states
    """
    if known is not None and any(event.kind is EventKind.STARTED for event in events):
        raise LedgerError(f"rollout {rollout_id} has started already: it starts only once")
    recorded = tuple(event_log.as_recorded(event) for event in events)
    view = fold_onto(known, recorded, rollout_id) if recorded or known is None else known
    origin = Origin(fleet_key_of(view.rollout.settings.fleet_id), actor, rollout_id)
    event_log.write_events(write, origin, recorded)
    projections.write_changes(write.connection, known, view)
    quarantine.write_ending(write.connection, known, view)
    return view


def differs(connection: Connection, rollout_id: str) -> bool:
    """Whether a rollout's rows are not what its events say, folded from the very first one."""
    _, events = event_log.read_newer(connection, rollout_id, 0)
    rows = projections.read_rows(connection, rollout_id)
    return not events or projections.expected_rows(fold_onto(None, events, rollout_id)) != rows
