"""The judgement of a phase: every fleet's instances are read anew, and their health decides (R47)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from fleetwright.domain.phase_documents import write_outcome
from fleetwright.domain.phase_runs import (
    FleetOutcome,
    FleetResult,
    PhaseEvent,
    PhaseEventKind,
    PhaseRun,
    PhaseState,
)
from fleetwright.domain.phase_verdicts import PhaseVerdict, judge_outcomes
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.quarantine import PHASE_PREFIX, Quarantined, release_command
from fleetwright.phases.finding import find_phase, find_run
from fleetwright.phases.health import look_at_fleet
from fleetwright.phases.outcomes import find_outcome
from fleetwright.phases.ports import PhasePorts

_SHOWN = 40  # characters of a name in the id of a quarantine's entry, which has room for 128


def judge_phase(ports: PhasePorts, plan: PhasePlan, run_key: str) -> PhaseRun:
    """Judge a phase whose fleets are over: it fails, is held, bakes, or succeeds (R45, R47).

    A phase that fails puts its version away first, so that whoever comes next finds that, whatever happens to this run.

    :raises ProviderError: when instances cannot be read: an error means no
    """
    run = find_run(ports.ledger, run_key)
    if run.state is not PhaseState.ROLLING:
        return run
    phase = find_phase(plan, run.phase)
    outcomes = tuple(look_at_fleet(ports, run, one) for one in settle_outcomes(ports, run))
    verdict = judge_outcomes(phase.success, outcomes)
    if verdict.state is PhaseState.SUCCEEDED and phase.bake:
        baking = PhaseEvent(PhaseEventKind.BAKING_BEGAN, ports.clock.now())
        return write_judgement(ports, run, outcomes, baking)
    return end_judged(ports, run, phase, outcomes, verdict)


def settle_outcomes(ports: PhasePorts, run: PhaseRun) -> tuple[FleetOutcome, ...]:
    """What became of every fleet that the phase was to start; one whose task never told is asked for in the ledger."""
    settled = []
    for start in run.starts:
        known = run.outcome_of(start.fleet_id) or FleetOutcome(start.fleet_id, FleetResult.STARTED)
        found = known if known.is_over else find_outcome(ports, run, known)
        settled.append(found if found.is_over else _lost(ports, found))
    return tuple(settled)


def _lost(ports: PhasePorts, outcome: FleetOutcome) -> FleetOutcome:
    reason = f"{outcome.reason}, and nobody carried it on: look at its run's log"
    return replace(outcome, result=FleetResult.LOST, reason=reason, ended_at=ports.clock.now())


def end_judged(
    ports: PhasePorts,
    run: PhaseRun,
    phase: Phase,
    outcomes: Sequence[FleetOutcome],
    verdict: PhaseVerdict,
) -> PhaseRun:
    """End the phase by a verdict; a version that failed is quarantined before that is written."""
    reason = verdict.reason
    if verdict.state is PhaseState.FAILED:
        reason = f"{phase.label} failed for {run.publication}: {verdict.reason}"
        ports.ledger.quarantine(_entry(ports, run, verdict.code, reason))
        reason = f"{reason}; {_what_now(run)}"
    if verdict.state is PhaseState.HELD:
        reason = f"{reason}; {_mend(run)}"
    ending = {"state": str(verdict.state), "reason": reason}
    return write_judgement(ports, run, outcomes, PhaseEvent(PhaseEventKind.ENDED, ports.clock.now(), ending))


def write_judgement(
    ports: PhasePorts, run: PhaseRun, outcomes: Sequence[FleetOutcome], after: PhaseEvent
) -> PhaseRun:
    """Write down what was seen, and what follows from it, at once."""
    seen = {"outcomes": [write_outcome(outcome) for outcome in outcomes]}
    judged = PhaseEvent(PhaseEventKind.JUDGED, ports.clock.now(), seen)
    return ports.ledger.append_phase_events(run.key, [judged, after], actor=run.owner)


def _what_now(run: PhaseRun) -> str:
    image, version = run.publication.image, run.publication.version
    return (
        "the version is quarantined and goes no further: publish a newer one, or, once it is known to be good: "
        f"{release_command(image, version)}, then run {run.phase} again"
    )


def _mend(run: PhaseRun) -> str:
    return (
        "the version is not quarantined, and later phases wait: mend what is named, "
        f"then run {run.phase} again; what is on the version already is left as it is"
    )


def _entry(ports: PhasePorts, run: PhaseRun, code: str, reason: str) -> Quarantined:
    publication = run.publication
    digest = sha256(run.key.encode()).hexdigest()[:12]
    return Quarantined(
        image=publication.image,
        version=publication.version,
        since=ports.clock.now(),
        rollout_id=f"{PHASE_PREFIX}{run.phase[:_SHOWN]} {publication.version[:_SHOWN]} {digest} attempt {run.attempt}",
        fleet_key=run.phase,
        code=code,
        reason=reason,
    )
