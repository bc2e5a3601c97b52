"""The bake: a phase is watched after its last rollout, and judged once more at the end (R47)."""

from __future__ import annotations

from datetime import datetime

from fleetwright.domain.phase_runs import PhaseRun, PhaseState
from fleetwright.domain.phase_verdicts import judge_outcomes
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.phases.finding import find_phase, find_run
from fleetwright.phases.health import look_at_fleet
from fleetwright.phases.judging import end_judged
from fleetwright.phases.ports import PhasePorts


def bake_until(run: PhaseRun, phase: Phase) -> datetime | None:
    """Until when the phase bakes; None where it does not."""
    if run.state is not PhaseState.BAKING or run.baking_since is None:
        return None
    return run.baking_since + phase.bake


def conclude_phase(ports: PhasePorts, plan: PhasePlan, run_key: str) -> PhaseRun:
    """End a phase whose bake is over, by the health that its fleets have now (R47); else it stays as it is.

    :raises ProviderError: when instances cannot be read: an error means no
    """
    run = find_run(ports.ledger, run_key)
    phase = find_phase(plan, run.phase)
    until = bake_until(run, phase)
    if until is None or ports.clock.now() < until:
        return run
    known = (run.outcome_of(start.fleet_id) for start in run.starts)
    outcomes = tuple(look_at_fleet(ports, run, outcome) for outcome in known if outcome is not None)
    return end_judged(ports, run, phase, outcomes, judge_outcomes(phase.success, outcomes))
