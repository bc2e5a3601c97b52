"""A phase run in words, for the grid's note and the tasks' logs, and in numbers for XCom."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fleetwright.domain.phase_runs import STOPPED, PhaseRun
from fleetwright.domain.phase_verdicts import fleet_lines
from fleetwright.phases.approving import answer_text
from fleetwright.phases.evidence import results_text

_MOST_NAMED = 5  # of the fleets that are in trouble: a note has room for a few lines
LONGEST_NOTE = 1000  # Airflow's own limit
_CUT = " … "


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


def note(run: PhaseRun, *more: str) -> str:
    """The story where room is short: of a long one both ends stay, why it is so and what now.

    :param more: lines that follow it
    """
    text = "\n".join((story(run), *more))
    if len(text) <= LONGEST_NOTE:
        return text
    first = story(run).partition("\n")[0]
    rest = "\n".join(["", *_answer(run), *_counts(run), *more])
    room = LONGEST_NOTE - len(rest)
    if len(first) > room:
        half = (room - len(_CUT)) // 2
        first = f"{first[:half]}{_CUT}{first[-half:]}"
    return first + rest


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
    return [answer_text(run.approval)] if run.approval else []


def _counts(run: PhaseRun) -> list[str]:
    if not run.starts:
        return []
    fleets = "1 fleet" if len(run.starts) == 1 else f"{len(run.starts)} fleets"
    return [f"{fleets}: {results_text(_results(run))}; {len(run.left_out)} left out"]


def _results(run: PhaseRun) -> Counter[str]:
    outcomes = (run.outcome_of(start.fleet_id) for start in run.starts)
    return Counter(str(outcome.result) if outcome else "not started" for outcome in outcomes)


def _troubled(run: PhaseRun) -> list[str]:
    bad = [outcome for outcome in run.outcomes.values() if outcome.result in STOPPED or outcome.unhealthy]
    return fleet_lines(bad, _MOST_NAMED)
