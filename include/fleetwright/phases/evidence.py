"""What a phase has shown, for the person who says yes or no to the next one, and for logs; and that person's answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleetwright.domain.fleets import resource_name
from fleetwright.domain.phase_documents import write_approval
from fleetwright.domain.phase_runs import (
    PROVEN,
    ApprovalAnswer,
    PhaseEvent,
    PhaseEventKind,
    PhaseRun,
    PhaseState,
)
from fleetwright.domain.phase_verdicts import MOST_NAMED, fleet_line
from fleetwright.domain.thresholds import name_ids
from fleetwright.phases.finding import find_run
from fleetwright.phases.ports import PhasePorts

# States whose reason names every fleet that is not well.
_TELLS_ALL = frozenset({PhaseState.FAILED, PhaseState.HELD})


@dataclass(frozen=True, slots=True)
class Figures:
    """A phase in numbers.

    :param minutes: from its first rollout's start to its last one's end
    """

    fleets: int
    by_result: Counter[str]
    instances: int
    upgraded: int
    rolled_back: int
    unhealthy: int
    judged: int
    minutes: float


def figures(run: PhaseRun) -> Figures:
    """Count what became of a phase's fleets."""
    outcomes = run.outcomes.values()
    begun = [outcome.started_at for outcome in outcomes if outcome.started_at]
    ended = [outcome.ended_at for outcome in outcomes if outcome.ended_at and outcome.started_at]
    took = max(ended) - min(begun) if begun and ended else timedelta(0)
    return Figures(
        fleets=len(run.starts),
        by_result=Counter(str(outcome.result) for outcome in outcomes),
        instances=sum(start.instances for start in run.starts),
        upgraded=sum(outcome.upgraded for outcome in outcomes),
        rolled_back=sum(outcome.rolled_back for outcome in outcomes),
        unhealthy=sum(outcome.unhealthy for outcome in outcomes),
        judged=sum(outcome.judged for outcome in outcomes),
        minutes=took.total_seconds() / 60,
    )


def phase_evidence(run: PhaseRun, *, markdown: bool = False) -> str:
    """What the phase has shown: fleets, instances, rolled back, minutes, failures, and who was left out and why.

    :param markdown: for a form that renders it; else plain lines for a log
    """
    bullet = "- " if markdown else "  "
    strong = "**" if markdown else ""
    lines = [f"{strong}{run.phase}: {run.publication} {run.state}{strong}", *([""] if markdown else [])]
    lines += [bullet + line for line in (*_numbers(run), *_failures(run), *_left_out(run))]
    return "\n".join(lines)


def _numbers(run: PhaseRun) -> list[str]:
    seen = figures(run)
    results = ", ".join(f"{count} {result}" for result, count in sorted(seen.by_result.items()))
    lines = [run.reason] if run.reason else []
    lines.append(f"fleets: {seen.fleets}" + (f" ({results})" if results else ""))
    lines.append(
        f"instances: {seen.instances}, upgraded {seen.upgraded}, rolled back {seen.rolled_back},"
        f" ill when judged {seen.unhealthy} of {seen.judged}"
    )
    lines.append(f"minutes: {seen.minutes:.1f}")
    return lines


def _failures(run: PhaseRun) -> list[str]:
    if run.state in _TELLS_ALL and run.reason:
        return []
    bad = [o for o in run.outcomes.values() if o.is_over and (o.result not in PROVEN or o.unhealthy)]
    more = [f"and {len(bad) - MOST_NAMED} more"] if len(bad) > MOST_NAMED else []
    return [*map(fleet_line, bad[:MOST_NAMED]), *more] or ["failures: none"]


def _left_out(run: PhaseRun) -> list[str]:
    if not run.left_out:
        return ["left out: none"]
    by_reason: dict[str, list[str]] = {}
    for left in sorted(run.left_out, key=lambda one: one.settled):
        by_reason.setdefault(left.reason, []).append(resource_name(left.fleet_id))
    lines = [f"left out: {len(run.left_out)}"]
    for reason, names in list(by_reason.items())[:MOST_NAMED]:
        lines.append(f"left out, {name_ids(names, 3)}: {reason}")
    more = len(by_reason) - MOST_NAMED
    return [*lines, f"and {more} more reasons"] if more > 0 else lines


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
