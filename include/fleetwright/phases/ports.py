"""What phases need from the world beside a rollout's own ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.phase_runs import PhaseEvent, PhaseRun, PhaseState
from fleetwright.domain.quarantine import Quarantined
from fleetwright.rollout.ports.catalogue import ImageCatalogue
from fleetwright.rollout.ports.clock import Clock
from fleetwright.rollout.ports.driver import FleetDriver
from fleetwright.rollout.ports.ledger import Ledger
from fleetwright.rollout.ports.regions import RegionDirectory


class FleetDirectory(Protocol):
    """All fleets that we can see; raises ``ProviderError`` when they cannot be listed."""

    def list_fleets(self) -> tuple[Fleet, ...]:
        """Every scale set and Batch pool of our subscriptions, by the fewest calls; ours or not."""
        ...


class PhaseLedger(Ledger, Protocol):
    """The ledger as phases use it."""

    def find_phase_run(self, key: str) -> PhaseRun | None:
        """One publication in one phase; None where it has never come there."""
        ...

    def append_phase_events(self, key: str, events: Sequence[PhaseEvent], *, actor: str) -> PhaseRun:
        """Write events and return the run as they leave it; one transaction, so that many tasks may write."""
        ...

    def list_phase_runs(self) -> tuple[PhaseRun, ...]:
        """Every publication in every phase, oldest first."""
        ...

    def list_phase_states(self, phase: str, image: str) -> Mapping[str, PhaseState]:
        """Where each version of an image stands in a phase, by version."""
        ...

    def find_holder(self, fleet_key: str) -> str:
        """The run that has a fleet and is alive; empty where nobody has it."""
        ...

    def find_held(self, fleet_key: str, *, since: datetime) -> tuple[str, ...]:
        """Why the newest evaluation of a fleet since an instant was held; empty where none was."""
        ...

    def quarantine(self, entry: Quarantined) -> None:
        """Put a version away; harmless where the same entry was put away before."""
        ...


@dataclass(frozen=True, slots=True)
class PhasePorts:
    """Everything outside of a phase: made once by a composition root and handed to the steps.

    :param close: gives connections back
    """

    clock: Clock
    fleets: FleetDirectory
    regions: RegionDirectory
    driver: FleetDriver
    catalogue: ImageCatalogue
    ledger: PhaseLedger
    close: Callable[[], None] = lambda: None
