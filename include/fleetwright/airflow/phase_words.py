"""A phase run in words, for the grid's note and the tasks' logs, and in numbers for XCom."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fleetwright.domain.phase_runs import STOPPED, PhaseRun
from fleetwright.domain.phase_verdicts import fleet_line

MOST_NAMED = 5


def story(run: PhaseRun) -> str:
    """What became of the publication in the phase so far, in a few lines.

    >>> from fleetwright.domain.phase_runs import PhaseState
    >>> from fleetwright.domain.publications import Publication
    >>> story(PhaseRun("phase_0_canary", Publication("a:b:c", "1.2"), PhaseState.WAITING, reason="held by eve"))
    '1.2 of a:b:c in phase_0_canary: waiting: held by eve'
    """
    began = f"{run.publication} in {run.phase}"
    attempt = f" (attempt {run.attempt})" if run.attempt > 1 else ""
    first = ": ".join(filter(None, (f"{began}{attempt}", str(run.state), run.reason)))
    return "\n".join([first, *_answer(run), *_counts(run), *_troubled(run)])


def summary(run: PhaseRun) -> dict[str, Any]:
    """The same as plain JSON: state, reason, and how many fleets by what they came to."""
    return {
        "phase": run.phase,
        "publication": run.publication.key,
        "attempt": run.attempt,
        "state": str(run.state),
        "reason": run.reason,
        "fleets": dict(_results(run)),
        "left_out": len(run.left_out),
    }


def _answer(run: PhaseRun) -> list[str]:
    answer = run.approval
    if answer is None:
        return []
    said = "approved" if answer.approved else "rejected"
    return [f"{said} by {answer.actor or 'nobody in time'} at {answer.at:%Y-%m-%d %H:%M:%S} UTC"]


def _counts(run: PhaseRun) -> list[str]:
    if not run.starts:
        return []
    counted = ", ".join(f"{count} {result}" for result, count in sorted(_results(run).items()))
    return [f"{len(run.starts)} fleets: {counted}; {len(run.left_out)} left out"]


def _results(run: PhaseRun) -> Counter[str]:
    outcomes = (run.outcome_of(start.fleet_id) for start in run.starts)
    return Counter(str(outcome.result) if outcome else "not started" for outcome in outcomes)


def _troubled(run: PhaseRun) -> list[str]:
    bad = [outcome for outcome in run.outcomes.values() if outcome.result in STOPPED or outcome.unhealthy]
    more = [f"and {len(bad) - MOST_NAMED} more"] if len(bad) > MOST_NAMED else []
    return [*map(fleet_line, bad[:MOST_NAMED]), *more]
