"""The phases in which a new image travels the regions (R45, R46): what a person has laid down about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.regions import Regions, normal_region

REGIONAL = -1  # the index of a phase that stands in no plan
REGIONAL_PREFIX = "gallery_"


@dataclass(frozen=True, slots=True)
class SuccessCondition:
    """When a phase has succeeded (R45, R47).

    :param max_failed_fleets: fleets that may not get through: more that the version harmed fail the phase, more of
        any kind hold it
    :param max_unhealthy_instance_percent: of the instances upgraded in the phase, the share that may be ill, or
        back on their previous version, when the phase is judged; a breach is strict
    """

    max_failed_fleets: int = 0
    max_unhealthy_instance_percent: int = 20


@dataclass(frozen=True, slots=True)
class Approval:
    """A person has to say yes before the phase begins.

    :param deadline: no answer by then means no
    """

    deadline: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class FleetChoice:
    """The fleets that a canary phase is for: those named, and those with any of the tags.

    :param names: ARM ids, or names of scale sets and Batch pools, in lower case
    :param tags: name to value, both in lower case
    """

    names: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)

    def includes(self, fleet: Fleet) -> bool:
        """Whether the phase is for this fleet."""
        if {fleet.key, fleet.name.lower()} & self.names:
            return True
        worn = {name.lower(): value.strip().lower() for name, value in fleet.tags.items()}
        return any(worn.get(name) == value for name, value in self.tags.items())


@dataclass(frozen=True, slots=True)
class Phase:
    """One phase.

    :param index: its place in the order, from 0
    :param name: lower case letters, digits and underscores: part of its DAG's id
    :param bake: how long it is watched after its last rollout, before it is judged for good
    :param concurrency: rollouts at once, at most
    :param only: the fleets that it is for; None for all of its regions
    """

    index: int
    name: str
    regions: tuple[str, ...]
    bake: timedelta = timedelta()
    success: SuccessCondition = field(default_factory=SuccessCondition)
    approval: Approval | None = None
    concurrency: int = 10
    only: FleetChoice | None = None

    @property
    def label(self) -> str:
        """Its name everywhere: DAG, asset, ledger and holds; ``phase_0_canary``, ``gallery_westeurope``."""
        return (
            f"{REGIONAL_PREFIX}{self.name}" if self.index == REGIONAL else f"phase_{self.index}_{self.name}"
        )


def regional_phase(region: str) -> Phase:
    """The phase of a gallery's version in one region, which skips the others (R50): none before it, no bake, no approval.

    >>> regional_phase("West Europe").label
    'gallery_westeurope'
    """
    name = normal_region(region)
    return Phase(REGIONAL, name, (name,))


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """All phases, in order, and the regions that they were made for."""

    phases: tuple[Phase, ...]
    regions: Regions

    def find(self, label: str) -> Phase | None:
        """The phase of a label or a bare name."""
        return next((phase for phase in self.phases if label in {phase.label, phase.name}), None)

    def phase_before(self, phase: Phase) -> Phase | None:
        """The phase that has to succeed first (R45); none for the first one, and for a gallery's (R50)."""
        earlier = (one for one in self.phases if one.index < phase.index)
        return max(earlier, key=lambda one: one.index, default=None) if phase.index > 0 else None
