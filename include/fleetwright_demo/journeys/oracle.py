"""Judges a journey: the referee's findings first, then what each rule says about the ledger and the world."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from itertools import pairwise

from fleetwright.domain.records import TriggerKind
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright_demo.journeys.evidence import Evidence
from fleetwright_demo.journeys.order import out_of_order
from fleetwright_demo.journeys.reach import not_reached
from fleetwright_demo.journeys.truth import untrue

Judge = Callable[[Evidence], Iterator[str]]


def judge(evidence: Evidence) -> tuple[str, ...]:
    """Everything that is broken, one line each; empty when all is well."""
    judges: tuple[Judge, ...] = (
        _objections,
        _unfinished,
        _beside_each_other,
        out_of_order,
        untrue,
        not_reached,
    )
    return tuple(line for check in judges for line in check(evidence))


def _objections(evidence: Evidence) -> Iterator[str]:
    """The referee: no violation, pairs never overlap (R46), one zone at a time (R48, C8 inside a set that crosses)."""
    audit = evidence.audit
    for violation in audit["violations"]:
        if _is_a_persons_word(evidence, violation):
            continue
        yield f"{violation['rule']} at {violation['at']}: {violation['detail']} ({violation['resource']})"
    if audit["pairs"]["overlapSeconds"]:
        yield f"R46: paired regions were in flight together for {audit['pairs']['overlapSeconds']} s"
    crossing = {fleet.region for fleet in evidence.world.fleets if fleet.crosses_zones}
    for region, found in audit["regions"].items():
        if found["maxZonesInFlightPerImage"] > 1 and region not in crossing:
            yield f"R48: {found['maxZonesInFlightPerImage']} zones of {region} were in flight for one image version"


def _is_a_persons_word(evidence: Evidence, violation: Mapping[str, str]) -> bool:
    """Whether a person, and no schedule, swapped an instance again to a version from which it had been rolled back (R42)."""
    if violation["rule"] != "R44":
        return False
    at = datetime.fromisoformat(violation["at"])
    fleet = next(fleet for fleet in evidence.world.fleets if fleet.fleet_id == violation["resource"])
    rollouts = (view.rollout for view in evidence.rollouts[fleet.name])
    return any(
        one.settings.trigger is TriggerKind.MANUAL
        and one.started_at is not None
        and one.started_at <= at <= (one.ended_at or at)
        for one in rollouts
    )


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
