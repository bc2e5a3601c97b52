"""What a fleet's rollout came to, by the ledger's own account of it."""

from __future__ import annotations

from dataclasses import replace

from fleetwright.domain.phase_runs import FleetOutcome, FleetResult, PhaseRun
from fleetwright.domain.progress import NOTHING_TO_DO, count_by_ledger, count_rollbacks
from fleetwright.domain.quarantine import count_went_bad
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import TERMINAL_STATES, RolloutState
from fleetwright.phases.ports import PhasePorts
from fleetwright.rollout.check import OPTED_OUT

MOST_STARTS = 5  # of one fleet's rollout in one phase; whose runs die more often is not started again

_RESULTS = {
    RolloutState.COMPLETED: FleetResult.COMPLETED,
    RolloutState.FAULTED: FleetResult.FAULTED,
    RolloutState.CANCELLED: FleetResult.CANCELLED,
    RolloutState.HELD: FleetResult.HELD,
}
_NAMED = {
    (RolloutState.COMPLETED, NOTHING_TO_DO): FleetResult.NOTHING_TO_DO,
    (RolloutState.CANCELLED, OPTED_OUT): FleetResult.OPTED_OUT,
}


def find_outcome(ports: PhasePorts, run: PhaseRun, started: FleetOutcome) -> FleetOutcome:
    """What became of a fleet that was started: of the rollout of exactly this version, since then.

    :returns: still STARTED, with the reason, where its rollout has to be started again
    """
    views = _since(ports.ledger.list_rollouts(started.fleet_id.lower()), started)
    ours = next((v for v in views if v.rollout.settings.target_version == run.publication.version), None)
    if ours is not None and ours.rollout.state in TERMINAL_STATES:
        return _of_rollout(run, started, ours)
    if ours is not None:
        return _again(ports, run, started, f"rollout {ours.rollout.rollout_id} is not over", ours)
    return _instead(ports, run, started, views[0]) if views else _without_rollout(ports, run, started)


def _instead(ports: PhasePorts, run: PhaseRun, started: FleetOutcome, view: RolloutView) -> FleetOutcome:
    """Another version's rollout was at work; what was held after its end is this version's own."""
    other = view.rollout
    if other.ended_at is not None:
        held = ports.ledger.find_held(started.fleet_id.lower(), since=other.ended_at)
        if held:
            return _held(ports, run, started, held)
    target = other.settings.target_version
    reason = f"rollout {other.rollout_id} to {target} went on instead of this version's"
    return _again(ports, run, started, reason)


def has_trace(ports: PhasePorts, run: PhaseRun, started: FleetOutcome) -> bool:
    """Whether the ledger knows anything of a start: not of one that was cut off before its run began."""
    found = find_outcome(ports, run, started)
    return found.is_over and not (found.result is FleetResult.LOST and not found.rollout_id)


def _since(views: tuple[RolloutView, ...], started: FleetOutcome) -> tuple[RolloutView, ...]:
    """Those that were at work after the start, newest first."""
    since = started.started_at
    if since is None:
        return ()
    return tuple(view for view in views if view.rollout.ended_at is None or view.rollout.ended_at >= since)


def _of_rollout(run: PhaseRun, started: FleetOutcome, view: RolloutView) -> FleetOutcome:
    rollout, progress = view.rollout, count_by_ledger(view)
    result = _NAMED.get((rollout.state, rollout.reason_code), _RESULTS[rollout.state])
    is_well = result in {FleetResult.COMPLETED, FleetResult.NOTHING_TO_DO}
    told = ": ".join(filter(None, (rollout.reason_code, rollout.reason_message)))
    return replace(
        started,
        result=result,
        rollout_id=rollout.rollout_id,
        instances=_instances(run, started.fleet_id),
        upgraded=len(view.swapped_ids),
        rolled_back=count_rollbacks(view).successful,
        failed=progress.failed,
        went_bad=count_went_bad(view),
        reason="" if is_well else told,
        ended_at=rollout.ended_at,
    )


def _without_rollout(ports: PhasePorts, run: PhaseRun, started: FleetOutcome) -> FleetOutcome:
    if started.started_at is None:
        return _lost(ports, run, started, "its turn never came: look at its task's log")
    held = ports.ledger.find_held(started.fleet_id.lower(), since=started.started_at)
    if held:
        return _held(ports, run, started, held)
    holder = ports.ledger.find_holder(started.fleet_id.lower())
    if holder:
        return _again(ports, run, started, f"the fleet was held by {holder}")
    return _lost(ports, run, started, "its run ended without a rollout in the ledger: look at its log")


def _lost(ports: PhasePorts, run: PhaseRun, started: FleetOutcome, reason: str) -> FleetOutcome:
    lost = replace(started, result=FleetResult.LOST, reason=reason, ended_at=ports.clock.now())
    return replace(lost, instances=_instances(run, started.fleet_id))


def _held(ports: PhasePorts, run: PhaseRun, started: FleetOutcome, reasons: tuple[str, ...]) -> FleetOutcome:
    held = replace(started, result=FleetResult.HELD, reason="; ".join(reasons), ended_at=ports.clock.now())
    return replace(held, instances=_instances(run, started.fleet_id))


def _again(
    ports: PhasePorts, run: PhaseRun, started: FleetOutcome, reason: str, view: RolloutView | None = None
) -> FleetOutcome:
    if started.starts < MOST_STARTS:
        return replace(started, reason=reason)
    told = f"{reason}, {started.starts} times: look at its runs' logs"
    rollout_id = view.rollout.rollout_id if view else ""
    return replace(
        started,
        result=FleetResult.LOST,
        rollout_id=rollout_id,
        instances=_instances(run, started.fleet_id),
        upgraded=len(view.swapped_ids) if view else 0,
        reason=told,
        ended_at=ports.clock.now(),
    )


def _instances(run: PhaseRun, fleet_id: str) -> int:
    return next((s.instances for s in run.starts if s.fleet_id.lower() == fleet_id.lower()), 0)
