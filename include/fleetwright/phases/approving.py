"""A person's yes before a phase: the evidence with which it is asked for, and the answer in the ledger."""

from __future__ import annotations

from datetime import datetime

from fleetwright.domain.phase_documents import write_approval
from fleetwright.domain.phase_runs import (
    ApprovalAnswer,
    PhaseEvent,
    PhaseEventKind,
    PhaseRun,
    PhaseState,
    phase_run_key,
)
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.phases.evidence import phase_evidence
from fleetwright.phases.finding import find_run
from fleetwright.phases.ports import PhasePorts


def evidence_before(
    ports: PhasePorts, plan: PhasePlan, phase: Phase, publication: Publication, *, markdown: bool = False
) -> str:
    """What the phase before has shown of a publication; the first phase has none before it."""
    before = plan.phase_before(phase)
    run = ports.ledger.find_phase_run(phase_run_key(before.label, publication)) if before else None
    return phase_evidence(run, markdown=markdown) if run else f"{phase.label} is the first phase"


def record_answer(
    ports: PhasePorts,
    run_key: str,
    approved: bool | None,  # noqa: FBT001 - it is the answer itself
    actor: str,
    at: datetime,
) -> PhaseRun:
    """Write down who answered, and when; a no ends the phase, and so does no answer by the deadline.

    :param approved: None where nobody answered in time
    """
    run = find_run(ports.ledger, run_key)
    if run.state is not PhaseState.WAITING or run.approval is not None:
        return run
    answer = ApprovalAnswer(bool(approved), "" if approved is None else actor, at)
    events = [PhaseEvent(PhaseEventKind.APPROVAL_ANSWERED, ports.clock.now(), write_approval(answer))]
    if not answer.approved:
        why = "nobody answered by the deadline" if approved is None else f"{actor or 'somebody'} said no"
        body = {"state": str(PhaseState.REJECTED), "reason": f"{why} ({at:%Y-%m-%d %H:%M} UTC)"}
        events.append(PhaseEvent(PhaseEventKind.ENDED, ports.clock.now(), body))
    return ports.ledger.append_phase_events(run_key, events, actor=actor or run.owner)


def answer_text(answer: ApprovalAnswer) -> str:
    """Who answered what, and when, in words."""
    at = f"{answer.at:%Y-%m-%d %H:%M} UTC"
    if not answer.actor and not answer.approved:
        return f"nobody answered by {at}"
    return f"{'approved' if answer.approved else 'rejected'} by {answer.actor or 'somebody'} at {at}"
