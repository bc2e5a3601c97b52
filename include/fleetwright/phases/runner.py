"""A whole phase in one process: the same steps that Airflow runs as tasks, over the clock port."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeAlias

from fleetwright.domain.phase_runs import FleetOutcome, PhaseRun, PhaseState
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.phases.approving import evidence_before, record_answer
from fleetwright.phases.baking import bake_until, conclude_phase
from fleetwright.phases.ending import record_end
from fleetwright.phases.evidence import phase_evidence
from fleetwright.phases.judging import judge_phase
from fleetwright.phases.opening import open_phase
from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.starting import StartAnswer, may_start

log = logging.getLogger(__name__)

# Carries out the rollouts of ``run.starts``, within the phase's limit: ``carry_fleet`` for each; returns when all are over.
RollOutFleets: TypeAlias = Callable[[PhaseRun, Phase], None]
# One fleet's rollout, begun as the answer says; an error of it is the caller's to tell, and no end of the phase.
RollOut: TypeAlias = Callable[[StartAnswer], object]
# A person's answer before a phase, from the evidence of the one before it; None where nobody answers.
Approve: TypeAlias = Callable[[Phase, str], bool | None]


def run_phase(
    ports: PhasePorts,
    plan: PhasePlan,
    phase: Phase,
    publication: Publication,
    *,
    owner: str,
    roll_out_fleets: RollOutFleets,
    approve: Approve | None = None,
) -> PhaseRun:
    """Take a publication through one phase, from wherever the ledger says that it stands."""
    run = _wait_until_open(ports, plan, phase, publication, owner, approve)
    if run.state is PhaseState.ROLLING:
        roll_out_fleets(run, phase)
        run = judge_phase(ports, plan, run.key)
    until = bake_until(run, phase)
    if until is not None:
        ports.clock.wait_until(until)
        run = conclude_phase(ports, plan, run.key)
    log.info("%s", phase_evidence(run))
    return run


def travel(
    ports: PhasePorts,
    plan: PhasePlan,
    publication: Publication,
    *,
    owner: str,
    roll_out_fleets: RollOutFleets,
    approve: Approve | None = None,
) -> tuple[PhaseRun, ...]:
    """Take a publication from phase to phase until one does not succeed (R45); the runs that there were."""
    runs: list[PhaseRun] = []
    for phase in sorted(plan.phases, key=lambda one: one.index):
        runs.append(
            run_phase(
                ports,
                plan,
                phase,
                publication,
                owner=owner,
                roll_out_fleets=roll_out_fleets,
                approve=approve,
            )
        )
        if runs[-1].state is not PhaseState.SUCCEEDED:
            break
    return tuple(runs)


def carry_fleet(
    ports: PhasePorts, plan: PhasePlan, run_key: str, fleet_id: str, roll_out: RollOut
) -> FleetOutcome:
    """One fleet of a phase: wait until it may begin, roll out, write down what it came to; again where it has to be."""
    while True:
        answer = may_start(ports, plan, run_key, fleet_id)
        if answer.outcome is not None:
            return answer.outcome
        if answer.wait_until is not None:
            ports.clock.wait_until(answer.wait_until)
            continue
        roll_out(answer)
        outcome = record_end(ports, run_key, fleet_id)
        if outcome.is_over:
            return outcome
        log.info("%s: %s", fleet_id, outcome.reason)


def _wait_until_open(
    ports: PhasePorts,
    plan: PhasePlan,
    phase: Phase,
    publication: Publication,
    owner: str,
    approve: Approve | None,
) -> PhaseRun:
    while True:
        opened = open_phase(ports, plan, phase, publication, owner=owner)
        if opened.needs_approval:
            answer = approve(phase, evidence_before(ports, plan, phase, publication)) if approve else None
            run = record_answer(ports, opened.run.key, answer, owner, ports.clock.now())
            if run.is_ended:
                return run
        elif opened.look_again_at is None:
            return opened.run
        else:
            ports.clock.wait_until(opened.look_again_at)
