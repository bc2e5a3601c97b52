"""The first step of a phase: whether it begins, waits, or ends before it has begun, and with which fleets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fleetwright.domain.fleets import resource_name
from fleetwright.domain.phase_documents import write_left_out, write_start
from fleetwright.domain.phase_runs import (
    FleetStart,
    LeftOut,
    PhaseEvent,
    PhaseEventKind,
    PhaseRun,
    PhaseState,
    phase_run_key,
)
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.phases.eligibility import Eligibility
from fleetwright.phases.obstacles import Obstacle, find_obstacle, why_put_away
from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.preview import read_eligibility

LOOK_AGAIN = timedelta(minutes=30)
DEADLINE = timedelta(days=7)  # from its opening; a phase that could not begin by then is held
AWAITS_APPROVAL = "waits for a person's approval"


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening a phase came to.

    :param look_again_at: while it waits: when to open it again; None where a person's answer is waited for
    :param reasons: why it waits, or ended
    :param needs_approval: everything else is well: ask a person, ``record_answer``, and open it again
    """

    run: PhaseRun
    look_again_at: datetime | None = None
    reasons: tuple[str, ...] = ()
    needs_approval: bool = False


@dataclass(frozen=True, slots=True)
class _Decision:
    state: PhaseState
    reason: str = ""
    until: datetime | None = None
    starts: tuple[FleetStart, ...] = ()
    left_out: tuple[LeftOut, ...] | None = None
    needs_approval: bool = False


def open_phase(
    ports: PhasePorts, plan: PhasePlan, phase: Phase, publication: Publication, *, owner: str
) -> Opened:
    """Open a publication's phase, or look at it again (R45, R51); a phase that rolls or succeeded stays as it is.

    One that failed, was held, rejected or superseded begins a new attempt, unless what ended it still stands.

    :param owner: who runs it, in words that lead there
    :raises ProviderError: when fleets or versions cannot be listed: nothing is decided then
    """
    key = phase_run_key(phase.label, publication)
    run = ports.ledger.find_phase_run(key)
    if run is not None and _stays(ports, run, owner):
        return _told(run)
    is_anew = run is None or run.is_ended
    opened_at = ports.clock.now() if run is None or is_anew else run.opened_at or ports.clock.now()
    decision = _in_time(ports, opened_at, _decide(ports, plan, phase, publication, run))
    if run is not None and is_anew and (decision.state, decision.reason) == (run.state, run.reason):
        return _told(run)
    events = _events(ports, phase, publication, owner, run, decision)
    if run is None or events:
        run = ports.ledger.append_phase_events(key, events, actor=owner)
    return _told(run, decision)


def _stays(ports: PhasePorts, run: PhaseRun, owner: str) -> bool:
    """Whether there is nothing to decide: it is under way, it succeeded, or what ended it still stands."""
    match run.state:
        case PhaseState.ROLLING | PhaseState.BAKING | PhaseState.SUCCEEDED:
            return True
        case PhaseState.FAILED:
            return bool(why_put_away(ports.ledger, run.publication))
        case PhaseState.REJECTED:
            return run.owner == owner
    return False


def _decide(
    ports: PhasePorts, plan: PhasePlan, phase: Phase, publication: Publication, run: PhaseRun | None
) -> _Decision:
    obstacle = find_obstacle(ports, plan, phase, publication)
    if obstacle is not None:
        return _stopped(obstacle, ports.clock.now())
    found = read_eligibility(ports, phase, publication)
    if not found.starts:
        return _without_fleets(phase, publication, found, ports.clock.now())
    is_answered = run is not None and not run.is_ended and run.approval is not None
    if phase.approval is not None and not is_answered:
        return _Decision(PhaseState.WAITING, AWAITS_APPROVAL, left_out=found.left_out, needs_approval=True)
    return _Decision(PhaseState.ROLLING, starts=found.starts, left_out=found.left_out)


def _stopped(obstacle: Obstacle, now: datetime) -> _Decision:
    until = now + LOOK_AGAIN if obstacle.state is PhaseState.WAITING else None
    return _Decision(obstacle.state, obstacle.reason, until)


def _without_fleets(phase: Phase, publication: Publication, found: Eligibility, now: datetime) -> _Decision:
    waiting = found.waiting
    if not waiting:
        reason = f"no fleet of ours in {phase.label} takes {publication}: nothing to do"
        return _Decision(PhaseState.SUCCEEDED, reason, left_out=found.left_out)
    until = min(filter(None, (found.next_opening, now + LOOK_AGAIN)))
    names = "; ".join(f"{resource_name(left.fleet_id)}: {left.reason}" for left in waiting[:3])
    more = f"; and {len(waiting) - 3} more" if len(waiting) > 3 else ""
    reason = f"none of its {len(waiting)} fleets can begin now: {names}{more}"
    return _Decision(PhaseState.WAITING, reason, until, left_out=found.left_out)


def _in_time(ports: PhasePorts, opened_at: datetime, decision: _Decision) -> _Decision:
    """What waits ends at its deadline."""
    if decision.state is not PhaseState.WAITING or decision.needs_approval:
        return decision
    deadline = opened_at + DEADLINE
    if ports.clock.now() >= deadline:
        reason = f"it could not begin within {DEADLINE.days} days: {decision.reason}"
        return _Decision(PhaseState.HELD, reason, left_out=decision.left_out)
    until = min(decision.until or deadline, deadline)
    return _Decision(PhaseState.WAITING, decision.reason, until, left_out=decision.left_out)


def _events(
    ports: PhasePorts,
    phase: Phase,
    publication: Publication,
    owner: str,
    run: PhaseRun | None,
    decision: _Decision,
) -> list[PhaseEvent]:
    now = ports.clock.now()
    events: list[PhaseEvent] = []
    if run is None or run.is_ended or run.owner != owner:
        events.append(PhaseEvent(PhaseEventKind.OPENED, now, _opening(phase, publication, owner)))
    if decision.state is PhaseState.WAITING:
        waits = _waiting(run, decision)
        return [*events, PhaseEvent(PhaseEventKind.WAITED, now, waits)] if waits else events
    left_out = None if decision.left_out is None else [write_left_out(left) for left in decision.left_out]
    if decision.state is PhaseState.ROLLING:
        body = {"starts": [write_start(start) for start in decision.starts], "left_out": left_out}
        return [*events, PhaseEvent(PhaseEventKind.ROLLING_BEGAN, now, body)]
    ending = {"state": str(decision.state), "reason": decision.reason, "left_out": left_out}
    return [*events, PhaseEvent(PhaseEventKind.ENDED, now, ending)]


def _opening(phase: Phase, publication: Publication, owner: str) -> dict[str, Any]:
    return {
        "phase": phase.label,
        "image": publication.image,
        "version": publication.version,
        "region": publication.region,
        "owner": owner,
    }


def _waiting(run: PhaseRun | None, decision: _Decision) -> dict[str, Any]:
    """What is new about the wait; empty where nothing is. Who is left out is written only where that has changed."""
    body: dict[str, Any] = {
        "reason": decision.reason,
        "until": decision.until.isoformat() if decision.until else None,
    }
    known = run if run is not None and not run.is_ended else None
    left_out = decision.left_out or ()
    if known is None or known.left_out != left_out:
        return {**body, "left_out": [write_left_out(left) for left in left_out]}
    is_known = (known.reason, known.look_again_at) == (decision.reason, decision.until)
    return {} if is_known else body


def _told(run: PhaseRun, decision: _Decision | None = None) -> Opened:
    if run.state is not PhaseState.WAITING:
        return Opened(run, reasons=(run.reason,) if run.reason else ())
    until = decision.until if decision else run.look_again_at
    return Opened(run, until, (run.reason,), decision is not None and decision.needs_approval)
