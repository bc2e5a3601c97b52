"""What a phase has shown: in numbers, and in words for logs and for the person who says yes or no to the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from fleetwright.domain.fleets import resource_name
from fleetwright.domain.phase_runs import (
    PROVEN,
    LeftOut,
    PhaseRun,
    PhaseState,
)
from fleetwright.domain.phase_verdicts import MOST_NAMED, fleet_lines
from fleetwright.domain.thresholds import name_ids

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


def results_text(by_result: Counter[str]) -> str:
    """How many fleets came to what.

    >>> results_text(Counter(("held", "completed", "completed")))
    '2 completed, 1 held'
    """
    return ", ".join(f"{count} {result}" for result, count in sorted(by_result.items()))


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
    results = results_text(seen.by_result)
    lines = [run.reason] if run.reason else []
    lines.append(f"fleets: {seen.fleets}" + (f" ({results})" if results else ""))
    lines.append(
        f"instances: {seen.instances}, upgraded {seen.upgraded}, rolled back {seen.rolled_back},"
        f" ill when judged {seen.unhealthy} of {seen.judged}"
    )
    lines.append(f"minutes: {seen.minutes:.1f}")
    return lines


def open_ends(run: PhaseRun) -> list[str]:
    """What the reason does not tell, and a person may have to look at: fleets that are not well, or left out for now."""
    if run.state is PhaseState.WAITING:
        return []
    return [*_unwell(run), *_by_reason(left for left in run.left_out if not left.settled)]


def _failures(run: PhaseRun) -> list[str]:
    if run.state in _TELLS_ALL and run.reason:
        return []
    return _unwell(run) or ["failures: none"]


def _unwell(run: PhaseRun) -> list[str]:
    if run.state in _TELLS_ALL and run.reason:
        return []
    bad = [o for o in run.outcomes.values() if o.is_over and (o.result not in PROVEN or o.unhealthy)]
    return fleet_lines(bad)


def _left_out(run: PhaseRun) -> list[str]:
    if not run.left_out:
        return ["left out: none"]
    return [f"left out: {len(run.left_out)}", *_by_reason(run.left_out)]


def _by_reason(left_out: Iterable[LeftOut]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for left in sorted(left_out, key=lambda one: one.settled):
        by_reason.setdefault(left.reason, []).append(resource_name(left.fleet_id))
    told = list(by_reason.items())[:MOST_NAMED]
    lines = [f"left out, {name_ids(names, 3)}: {reason}" for reason, names in told]
    more = len(by_reason) - MOST_NAMED
    return [*lines, f"and {more} more reasons"] if more > 0 else lines
