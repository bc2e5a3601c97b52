"""The moves of a phase, as a table, and the fold that turns its events into where it stands.

A fact that is told twice changes nothing, so a task that was cut off between the act and the record can tell it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.phase_documents import read_approval, read_left_out, read_outcome, read_start
from fleetwright.domain.phase_runs import (
    ENDED_PHASES,
    FleetOutcome,
    FleetResult,
    PhaseEvent,
    PhaseEventKind,
    PhaseRun,
    PhaseState,
)
from fleetwright.domain.publications import Publication
from fleetwright.domain.states import IllegalMoveError

# Ended ones but SUCCEEDED lead back to WAITING: a new attempt.
PHASE_TRANSITIONS: dict[PhaseState, frozenset[PhaseState]] = {
    PhaseState.WAITING: frozenset(
        {
            PhaseState.ROLLING,
            PhaseState.SUCCEEDED,  # there is nothing to do
            PhaseState.HELD,
            PhaseState.REJECTED,
            PhaseState.SUPERSEDED,
        }
    ),
    PhaseState.ROLLING: frozenset(
        {
            PhaseState.BAKING,
            PhaseState.SUCCEEDED,
            PhaseState.FAILED,
            PhaseState.HELD,
            PhaseState.SUPERSEDED,
        }
    ),
    PhaseState.BAKING: frozenset({PhaseState.SUCCEEDED, PhaseState.FAILED, PhaseState.HELD}),
    PhaseState.FAILED: frozenset({PhaseState.WAITING}),
    PhaseState.HELD: frozenset({PhaseState.WAITING}),
    PhaseState.REJECTED: frozenset({PhaseState.WAITING}),
    PhaseState.SUPERSEDED: frozenset({PhaseState.WAITING}),
}


def advance_phase(state: PhaseState, to: PhaseState) -> PhaseState:
    """The phase's next state; staying where it is changes nothing.

    :raises IllegalMoveError: when the table has no such transition
    """
    if to is not state and to not in PHASE_TRANSITIONS.get(state, frozenset()):
        raise IllegalMoveError(f"a phase that is {state} cannot become {to}")
    return to


def fold_phase(events: Iterable[PhaseEvent], run: PhaseRun | None = None) -> PhaseRun:
    """Apply events in order, from nothing or onto a run.

    :raises LedgerError: when the first event does not open a phase
    :raises IllegalMoveError: when an event contradicts the table
    """
    for event in events:
        run = advance(run, event)
    if run is None:
        raise LedgerError("there are no events to read a phase from")
    return run


def advance(run: PhaseRun | None, event: PhaseEvent) -> PhaseRun:
    """The run after one event.

    :raises LedgerError: when the first event does not open a phase
    :raises IllegalMoveError: when the event contradicts the table, naming the run
    """
    if event.kind is PhaseEventKind.OPENED:
        return _open(run, event)
    if run is None:
        raise LedgerError(f"a phase's events must begin with '{PhaseEventKind.OPENED}', not '{event.kind}'")
    try:
        return _APPLY[event.kind](run, event)
    except IllegalMoveError as error:
        raise IllegalMoveError(f"phase run {run.key}: {error} by '{event.kind}'") from None


def _open(run: PhaseRun | None, event: PhaseEvent) -> PhaseRun:
    body = event.payload
    if run is not None and run.state not in ENDED_PHASES:
        return replace(run, owner=body["owner"])
    if run is not None:
        advance_phase(run.state, PhaseState.WAITING)
    return PhaseRun(
        phase=body["phase"],
        publication=Publication(body["image"], body["version"], body.get("region", "")),
        state=PhaseState.WAITING,
        attempt=1 if run is None else run.attempt + 1,
        owner=body["owner"],
        opened_at=event.happened_at,
    )


def _wait(run: PhaseRun, event: PhaseEvent) -> PhaseRun:
    body = event.payload
    until, left = body.get("until"), body.get("left_out")
    return replace(
        run,
        state=advance_phase(run.state, PhaseState.WAITING),
        reason=body["reason"],
        look_again_at=datetime.fromisoformat(until) if until else None,
        left_out=run.left_out if left is None else tuple(map(read_left_out, left)),
    )


def _answer(run: PhaseRun, event: PhaseEvent) -> PhaseRun:
    return replace(run, approval=read_approval(event.payload))


def _roll(run: PhaseRun, event: PhaseEvent) -> PhaseRun:
    if run.state is PhaseState.ROLLING:
        return run  # whoever was first has said which fleets are started
    return replace(
        run,
        state=advance_phase(run.state, PhaseState.ROLLING),
        reason="",
        look_again_at=None,
        rolling_since=event.happened_at,
        starts=tuple(read_start(start) for start in event.payload["starts"]),
        left_out=tuple(read_left_out(left) for left in event.payload["left_out"]),
    )


def _start_fleet(run: PhaseRun, event: PhaseEvent) -> PhaseRun:
    if run.state is not PhaseState.ROLLING:
        raise IllegalMoveError(f"it is {run.state}, and a fleet is started only while it is rolling")
    fleet_id = event.payload["fleet_id"]
    known = run.outcome_of(fleet_id)
    if known is not None and known.is_over:
        raise IllegalMoveError(f"fleet {fleet_id} is '{known.result}' already and cannot be started")
    started = known or FleetOutcome(fleet_id, FleetResult.STARTED, started_at=event.happened_at)
    return _with(run, replace(started, starts=started.starts + 1))


def _end_fleet(run: PhaseRun, event: PhaseEvent) -> PhaseRun:
    # A word that comes after the judgement changes nothing of it.
    return _with(run, read_outcome(event.payload)) if run.state is PhaseState.ROLLING else run


def _bake(run: PhaseRun, event: PhaseEvent) -> PhaseRun:
    if run.state is PhaseState.BAKING:
        return run
    return replace(run, state=advance_phase(run.state, PhaseState.BAKING), baking_since=event.happened_at)


def _judge(run: PhaseRun, event: PhaseEvent) -> PhaseRun:
    if run.state in ENDED_PHASES:
        return run
    for body in event.payload["outcomes"]:
        run = _with(run, read_outcome(body))
    return run


def _end(run: PhaseRun, event: PhaseEvent) -> PhaseRun:
    state = advance_phase(run.state, PhaseState(event.payload["state"]))
    if state is run.state:
        return run
    left = event.payload.get("left_out")
    return replace(
        run,
        state=state,
        reason=event.payload["reason"],
        look_again_at=None,
        ended_at=event.happened_at,
        left_out=run.left_out if left is None else tuple(read_left_out(one) for one in left),
    )


def _with(run: PhaseRun, outcome: FleetOutcome) -> PhaseRun:
    return replace(run, outcomes={**run.outcomes, outcome.fleet_id.lower(): outcome})


_APPLY: Mapping[PhaseEventKind, Callable[[PhaseRun, PhaseEvent], PhaseRun]] = {
    PhaseEventKind.WAITED: _wait,
    PhaseEventKind.APPROVAL_ANSWERED: _answer,
    PhaseEventKind.ROLLING_BEGAN: _roll,
    PhaseEventKind.FLEET_STARTED: _start_fleet,
    PhaseEventKind.FLEET_ENDED: _end_fleet,
    PhaseEventKind.BAKING_BEGAN: _bake,
    PhaseEventKind.JUDGED: _judge,
    PhaseEventKind.ENDED: _end,
}
