"""Judges a journey: the referee's findings first, then what each rule says about the ledger and the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

from fleetwright.domain.states import TERMINAL_STATES
from fleetwright_demo.journeys.evidence import Evidence
from fleetwright_demo.journeys.harm import harm_overlooked
from fleetwright_demo.journeys.holding import unheeded
from fleetwright_demo.journeys.order import out_of_order
from fleetwright_demo.journeys.reach import not_reached
from fleetwright_demo.journeys.referee import objections
from fleetwright_demo.journeys.truth import untrue

Judge = Callable[[Evidence], Iterator[str]]


def judge(evidence: Evidence) -> tuple[str, ...]:
    """Everything that is broken, one line each; empty when all is well."""
    judges: tuple[Judge, ...] = (
        objections,
        _unfinished,
        _beside_each_other,
        out_of_order,
        harm_overlooked,
        unheeded,
        untrue,
        not_reached,
    )
    return tuple(line for check in judges for line in check(evidence))


def _unfinished(evidence: Evidence) -> Iterator[str]:
    """Whatever was begun has ended."""
    for name, views in evidence.rollouts.items():
        for view in views:
            if view.rollout.state not in TERMINAL_STATES:
                yield f"rollout {view.rollout.rollout_id} of {name} has not ended: {view.rollout.state}"
    for run in evidence.phase_runs:
        if run.ended_at is None:
            yield f"{run.key} has not ended: {run.state}, {run.reason}"


def _beside_each_other(evidence: Evidence) -> Iterator[str]:
    """Never two rollouts on one fleet, by leases and by times."""
    for fleet in evidence.doubled:
        yield f"two processes had {fleet} at once"
    for name, views in evidence.rollouts.items():
        for first, second in pairwise(views):
            ended, began = first.rollout.ended_at, second.rollout.started_at
            if ended is None or began is None or began < ended:
                yield f"{name}: {second.rollout.rollout_id} began at {began}, before {first.rollout.rollout_id} ended at {ended}"
