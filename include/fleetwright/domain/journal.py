"""Events, and the fold that turns them into a rollout's present state.

The ledger only ever appends; replaying its events gives the same state. A fact that is told twice
changes nothing, so a step that was cut off between the act and the record can tell it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from fleetwright.domain import batch_events
from fleetwright.domain.errors import LedgerError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.records import RolloutRecord, RolloutSettings, RolloutView
from fleetwright.domain.states import (
    TERMINAL_STATES,
    IllegalMoveError,
    RolloutState,
    advance_rollout,
)


def fold(events: Iterable[Event], view: RolloutView | None = None) -> RolloutView:
    """Apply events in order, from nothing or onto a view.

    :raises LedgerError: when the first event does not start a rollout
    :raises IllegalMoveError: when an event contradicts the tables in ``states``
    """
    for event in events:
        view = _start(event) if view is None else _apply(view, event)
    if view is None:
        raise LedgerError("there are no events to read a rollout from")
    return view


def _apply(view: RolloutView, event: Event) -> RolloutView:
    if view.rollout.state in TERMINAL_STATES and event.kind not in _HARMLESS_AFTER_THE_END:
        raise IllegalMoveError(
            f"rollout {view.rollout.rollout_id} is {view.rollout.state}: nothing follows, and not '{event.kind}'"
        )
    return _APPLY[event.kind](view, event)


def _start(event: Event) -> RolloutView:
    if event.kind is not EventKind.STARTED:
        raise LedgerError(f"a rollout's events must begin with '{EventKind.STARTED}', not '{event.kind}'")
    body = event.payload
    settings = RolloutSettings.from_dict(body["settings"])
    return RolloutView(
        RolloutRecord(body["rollout_id"], settings, owner=body["owner"], started_at=event.happened_at)
    )


def _start_again(view: RolloutView, event: Event) -> RolloutView:
    if event.payload["rollout_id"] != view.rollout.rollout_id:
        raise IllegalMoveError(
            f"rollout {view.rollout.rollout_id} cannot start as {event.payload['rollout_id']}"
        )
    return view


def _resume(view: RolloutView, event: Event) -> RolloutView:
    return replace(view, rollout=replace(view.rollout, owner=event.payload["owner"]))


def _plan(view: RolloutView, event: Event) -> RolloutView:
    return replace(view, rollout=replace(view.rollout, plan=event.payload))


def _suspend_repairs(view: RolloutView, _event: Event) -> RolloutView:
    return replace(view, rollout=replace(view.rollout, repairs_suspended=True))


def _resume_repairs(view: RolloutView, _event: Event) -> RolloutView:
    return replace(view, rollout=replace(view.rollout, repairs_suspended=False))


def _close_nodes(view: RolloutView, event: Event) -> RolloutView:
    closed = {**dict.fromkeys(event.payload["nodes"], event.happened_at), **view.rollout.closed}
    return replace(view, rollout=replace(view.rollout, closed=closed))


def _open_nodes(view: RolloutView, event: Event) -> RolloutView:
    opened = frozenset(event.payload["nodes"])
    closed = {node: since for node, since in view.rollout.closed.items() if node not in opened}
    return replace(view, rollout=replace(view.rollout, closed=closed))


def _leave_busy(view: RolloutView, event: Event) -> RolloutView:
    left = {**view.rollout.left_busy, **event.payload["reasons"]}
    return replace(view, rollout=replace(view.rollout, left_busy=left))


def _wait(view: RolloutView, event: Event) -> RolloutView:
    waits = (*view.rollout.waits, event.payload)
    return replace(view, rollout=replace(view.rollout, waits=waits))


def _decide(view: RolloutView, event: Event) -> RolloutView:
    return replace(view, rollout=replace(view.rollout, decided=event.payload))


def _finish(view: RolloutView, event: Event) -> RolloutView:
    body = event.payload
    state = advance_rollout(view.rollout.state, RolloutState(body["state"]))
    if state is view.rollout.state:
        return view
    rollout = replace(
        view.rollout,
        state=state,
        ended_at=event.happened_at,
        reason_code=body["code"],
        reason_message=body["message"],
        outcome=body["outcome"],
    )
    return replace(view, rollout=rollout)


def _note(view: RolloutView, _event: Event) -> RolloutView:
    return view


_HARMLESS_AFTER_THE_END = frozenset(
    {
        EventKind.STARTED,
        EventKind.FINISHED,
        EventKind.HELD,
        EventKind.NOTED,
        EventKind.SWEPT,
        EventKind.REPAIRS_RESUMED,
        EventKind.NODES_OPENED,
    }
)
_APPLY: Mapping[EventKind, Callable[[RolloutView, Event], RolloutView]] = {
    EventKind.STARTED: _start_again,
    EventKind.RESUMED: _resume,
    EventKind.PLANNED: _plan,
    EventKind.INTENDED: batch_events.intend,
    EventKind.SENDING: batch_events.send,
    EventKind.ACCEPTED: batch_events.accept,
    EventKind.MOVED: batch_events.move,
    EventKind.SURGED: batch_events.surge,
    EventKind.SWAPPED: batch_events.see_swapped,
    EventKind.REFUSED: batch_events.refuse,
    EventKind.JUDGED: batch_events.judge,
    EventKind.ROLLBACK_INTENDED: batch_events.intend_rollback,
    EventKind.RESTORING_OPENED: batch_events.open_restoring,
    EventKind.REPAIRS_SUSPENDED: _suspend_repairs,
    EventKind.REPAIRS_RESUMED: _resume_repairs,
    EventKind.NODES_CLOSED: _close_nodes,
    EventKind.NODES_OPENED: _open_nodes,
    EventKind.LEFT_BUSY: _leave_busy,
    EventKind.WAITED: _wait,
    EventKind.SETTLED: batch_events.settle,
    EventKind.SWEPT: batch_events.sweep,
    EventKind.DECIDED: _decide,
    EventKind.FINISHED: _finish,
    EventKind.HELD: _note,
    EventKind.NOTED: _note,
}
