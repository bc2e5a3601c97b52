"""What keeps a phase as a whole from beginning: asked in this order, before any fleet is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.domain import holds, quarantine
from fleetwright.domain.holds import Holdable
from fleetwright.domain.images import is_older, version_key
from fleetwright.domain.phase_runs import PhaseState, phase_run_key
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.phases.ports import PhaseLedger, PhasePorts

# A newer version that is here in one of these states goes first; one that ended badly is in nobody's way.
_HERE = frozenset({PhaseState.WAITING, PhaseState.ROLLING, PhaseState.BAKING, PhaseState.SUCCEEDED})


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why nothing begins.

    :param state: what becomes of the phase: HELD or SUPERSEDED at once, WAITING where it may pass by itself
    """

    state: PhaseState
    reason: str


def find_obstacle(
    ports: PhasePorts, plan: PhasePlan, phase: Phase, publication: Publication
) -> Obstacle | None:
    """The first obstacle, None where the phase may begin: order (R45), quarantine, holds, a newer version (R2)."""
    ledger = ports.ledger
    missing = why_too_early(ledger, plan, phase, publication)
    if missing:
        return Obstacle(PhaseState.HELD, missing)
    bad = why_put_away(ledger, publication)
    if bad:
        return Obstacle(PhaseState.HELD, bad)
    held = why_on_hold(ledger, phase.label, publication)
    if held:
        return Obstacle(PhaseState.WAITING, held)
    newer = find_newer_here(ledger, phase.label, publication)
    if newer:
        reason = f"version {newer} came to {phase.label} before anything of {publication.version} began here"
        return Obstacle(PhaseState.SUPERSEDED, reason)
    return None


def why_too_early(ledger: PhaseLedger, plan: PhasePlan, phase: Phase, publication: Publication) -> str:
    """Which phase has to succeed first (R45), also for a run that was started by hand; empty where none has to."""
    before = plan.phase_before(phase)
    if before is None:
        return ""
    run = ledger.find_phase_run(phase_run_key(before.label, publication))
    if run is not None and run.state is PhaseState.SUCCEEDED:
        return ""
    stands = f"it is {run.state} there" if run else "it has never come there"
    return (
        f"{phase.label} begins once {before.label} has succeeded for {publication}, and {stands}:"
        f" run {before.label} first (R45)"
    )


def why_put_away(ledger: PhaseLedger, publication: Publication) -> str:
    """Which rollout or phase made the version a bad one, and how it is released; empty where none did."""
    return quarantine.why_put_away(ledger.list_quarantined(), publication.image, publication.version)


def why_on_hold(ledger: PhaseLedger, label: str, publication: Publication, fleet_key: str = "") -> str:
    """Who holds the version, the phase or the fleet; empty where nobody does."""
    about = Holdable(fleet_key, publication.image, publication.version, label)
    return holds.why_on_hold(ledger.list_holds(), about)


def find_newer_here(ledger: PhaseLedger, label: str, publication: Publication) -> str:
    """The newest version of the image that has come to the phase and did not end badly; empty where none is newer (R2, C15)."""
    states = ledger.list_phase_states(label, publication.image)
    newer = [
        version
        for version, state in states.items()
        if state in _HERE and version != publication.version and is_older(publication.version, version)
    ]
    return max(newer, key=version_key, default="")
