"""The health of what a phase upgraded in one fleet, as its provider shows it right now (R47)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.health import is_ready, why_not_ready
from fleetwright.domain.instances import Instance
from fleetwright.domain.phase_runs import FleetOutcome, FleetResult, PhaseRun
from fleetwright.domain.progress import failed_ids, serving_id
from fleetwright.domain.records import RolloutView, SwapRecord
from fleetwright.domain.states import SwapState
from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.presence import fetch_if_there, why_gone

MOST_SIGNS = 10  # instances of a fleet that are named

# Nothing was upgraded there by the phase, and nothing is judged.
_UNTOUCHED = frozenset({FleetResult.HELD, FleetResult.SUPERSEDED, FleetResult.STARTED, FleetResult.GONE})


def look_at_fleet(ports: PhasePorts, run: PhaseRun, outcome: FleetOutcome) -> FleetOutcome:
    """The outcome with the health of the instances that the phase upgraded; where it had none to, of those on the version.

    Instances that a later rollout has touched say nothing about this version any more, nor do those that are gone.

    :raises ProviderError: when the fleet cannot be read
    """
    if outcome.result in _UNTOUCHED:
        return outcome
    fleet = fetch_if_there(ports.driver, outcome.fleet_id)
    if fleet is None:
        return replace(
            outcome,
            result=FleetResult.GONE,
            reason=why_gone(outcome.fleet_id),
            judged=0,
            unhealthy=0,
            signs=(),
        )
    instances = ports.driver.list_instances(fleet)
    views = ports.ledger.list_rollouts(fleet.key)
    view, later = _split(views, outcome.rollout_id)
    signs = _signs(fleet, instances, run.publication.version, view, later)
    unhealthy = [sign for sign in signs.values() if sign]
    return replace(outcome, judged=len(signs), unhealthy=len(unhealthy), signs=tuple(unhealthy[:MOST_SIGNS]))


def _split(views: Iterable[RolloutView], rollout_id: str) -> tuple[RolloutView | None, frozenset[str]]:
    """The phase's own rollout, and every instance that a later one has touched."""
    later: set[str] = set()
    for view in views:
        if view.rollout.rollout_id == rollout_id:
            return view, frozenset(later)
        later |= set(view.swaps)
    return None, frozenset()


def _signs(
    fleet: Fleet,
    instances: tuple[Instance, ...],
    version: str,
    view: RolloutView | None,
    later: frozenset[str],
) -> dict[str, str]:
    """What each judged instance shows, by id; empty where it is well. One that never ran the version shows nothing."""
    present = {i.instance_id: i for i in instances if i.instance_id not in later}
    if view is None or not view.swapped_ids:
        return {i.instance_id: _sign(fleet, i) for i in present.values() if i.version == version}
    failed = set(failed_ids(view, instances, fleet.health_source))
    swaps = ((view.swaps[i], present.get(serving_id(view.swaps[i]))) for i in view.swapped_ids)
    return {
        swap.instance_id: _failure(fleet, swap, instance)
        if swap.instance_id in failed
        else _sign(fleet, instance)
        for swap, instance in sorted(swaps, key=lambda one: one[0].instance_id)
        if instance is not None and (swap.new_disk_id or instance.version == swap.new_version)
    }


def _sign(fleet: Fleet, instance: Instance) -> str:
    if is_ready(instance, fleet.health_source):
        return ""
    return f"{instance.instance_id} {why_not_ready(instance, fleet.health_source)}"


def _failure(fleet: Fleet, swap: SwapRecord, instance: Instance) -> str:
    if swap.state is SwapState.ROLLED_BACK:
        return f"{swap.instance_id} is back on {instance.version}: {swap.verdict_reason}"
    serves = f"runs {instance.version or 'no version'}: {swap.verdict_reason}"
    return f"{swap.instance_id} {why_not_ready(instance, fleet.health_source) or serves}"
