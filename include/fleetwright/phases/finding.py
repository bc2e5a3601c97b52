"""A phase and its run, by their keys."""

from __future__ import annotations

from fleetwright.domain.errors import ConfigurationError, LedgerError
from fleetwright.domain.phase_runs import PhaseRun
from fleetwright.domain.phases import REGIONAL_PREFIX, Phase, PhasePlan, regional_phase
from fleetwright.phases.ports import PhaseLedger


def find_run(ledger: PhaseLedger, run_key: str) -> PhaseRun:
    """The phase run of a key.

    :raises LedgerError: where there is none
    """
    run = ledger.find_phase_run(run_key)
    if run is None:
        raise LedgerError(f"the ledger has no phase run {run_key!r}: the phase has to be opened first")
    return run


def find_phase(plan: PhasePlan, label: str) -> Phase:
    """The phase of a label, one of a gallery's region included (R50).

    :raises ConfigurationError: when the plan has no such phase
    """
    if label.startswith(REGIONAL_PREFIX):
        return regional_phase(label.removeprefix(REGIONAL_PREFIX))
    phase = plan.find(label)
    if phase is None:
        known = ", ".join(one.label for one in plan.phases) or "none"
        raise ConfigurationError(f"phase {label!r} is not in the plan; there are: {known}")
    return phase
