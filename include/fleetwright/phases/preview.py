"""What a phase would do with a version if it were opened now: reads only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from fleetwright.domain.phase_runs import FleetStart, LeftOut
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.phases.eligibility import Circumstances, Eligibility, find_missing, judge_fleets
from fleetwright.phases.obstacles import find_obstacle
from fleetwright.phases.ports import PhasePorts


@dataclass(frozen=True, slots=True)
class PhasePreview:
    """Eligibility and plan of a phase.

    :param obstacle: why the phase as a whole may not begin now; empty where it may
    :param duration: predicted, with as many rollouts at once as the phase allows
    """

    starts: tuple[FleetStart, ...]
    left_out: tuple[LeftOut, ...]
    obstacle: str
    duration: timedelta


def preview_phase(ports: PhasePorts, plan: PhasePlan, phase: Phase, publication: Publication) -> PhasePreview:
    """The fleets of the phase and their predicted batches; instances are not read (R51).

    :raises ProviderError: when fleets or versions cannot be listed
    """
    obstacle = find_obstacle(ports, plan, phase, publication)
    found = read_eligibility(ports, phase, publication)
    return PhasePreview(
        found.starts,
        found.left_out,
        obstacle.reason if obstacle else "",
        predict_duration(found.starts, phase.concurrency),
    )


def read_eligibility(ports: PhasePorts, phase: Phase, publication: Publication) -> Eligibility:
    """Every fleet, started or left out: one listing, and one question for each region (R51).

    :raises ProviderError: when fleets or versions cannot be listed
    """
    fleets = ports.fleets.list_fleets()
    ports.catalogue.forget()
    given = Circumstances(phase, publication, ports.clock.now(), ports.ledger.list_holds())
    missing = find_missing(ports.catalogue, given, fleets)
    return judge_fleets(Circumstances(phase, publication, given.now, given.holds, missing), fleets)


def predict_duration(starts: tuple[FleetStart, ...], concurrency: int) -> timedelta:
    """How long the rollouts take when each begins as soon as one before it is over.

    >>> starts = tuple(FleetStart(f"f{i}", "westeurope", 5, 1, 300.0) for i in range(3))
    >>> predict_duration(starts, 2).total_seconds()
    600.0
    """
    busy_until = [0.0] * max(1, concurrency)
    for start in starts:
        first = busy_until.index(min(busy_until))
        busy_until[first] += start.predicted_seconds
    return timedelta(seconds=max(busy_until))
