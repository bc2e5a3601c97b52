"""Right after each fleet's rollout: what it came to is written down, once."""

from __future__ import annotations

from fleetwright.domain.phase_documents import write_outcome
from fleetwright.domain.phase_runs import FleetOutcome, FleetResult, PhaseEvent, PhaseEventKind, PhaseRun
from fleetwright.phases.finding import find_run
from fleetwright.phases.outcomes import find_outcome
from fleetwright.phases.ports import PhasePorts


def record_end(ports: PhasePorts, run_key: str, fleet_id: str) -> FleetOutcome:
    """Read from the ledger what a fleet's rollout came to, and write it down where it is over.

    Where the outcome is not over (``is_over``), its reason says why the rollout has to be started again: ask
    ``may_start`` once more.
    """
    run = find_run(ports.ledger, run_key)
    known = run.outcome_of(fleet_id)
    if known is not None and known.is_over:
        return known
    outcome = find_outcome(ports, run, known or FleetOutcome(fleet_id, FleetResult.STARTED))
    if outcome.is_over:
        write_end(ports, run, outcome)
    return outcome


def write_end(ports: PhasePorts, run: PhaseRun, outcome: FleetOutcome) -> None:
    """Write down what the phase came to on a fleet."""
    ended = PhaseEvent(PhaseEventKind.FLEET_ENDED, ports.clock.now(), write_outcome(outcome))
    ports.ledger.append_phase_events(run.key, [ended], actor=run.owner)
