"""A plan against what Azure says: pairs, fleets without a phase, canary fleets that do not exist (R45, R46)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from fleetwright.domain.eligibility.ownership import opted_out
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.phase_checks import Place, PlanProblem, nearest
from fleetwright.domain.phases import FleetChoice, Phase, PhasePlan
from fleetwright.domain.regions import Regions, normal_region
from fleetwright.domain.thresholds import name_ids

_NAMED = 3  # fleets that a line names; the others it counts


def compare_plan(plan: PhasePlan, fleets: tuple[Fleet, ...], azure: Regions) -> tuple[PlanProblem, ...]:
    """Where the plan and Azure do not agree.

    :param fleets: every fleet that can be seen, ours or not
    """
    return (
        *_pairs(plan, azure),
        *_without_phase(plan, fleets),
        *(problem for phase in plan.phases if phase.only for problem in _canaries(phase, phase.only, fleets)),
    )


def _pairs(plan: PhasePlan, azure: Regions) -> Iterator[PlanProblem]:
    for name in plan.regions.by_name:
        place: Place = ("regions", name)
        listed = azure.by_name.get(name)
        if listed is None:
            advice = nearest(name, azure.by_name)
            yield PlanProblem(f"region {name} is not among the regions that Azure lists{advice}", place)
            continue
        ours, theirs = plan.regions.pairs_of(name), azure.pairs_of(name)
        # What only the other side names matters where both regions are in the plan, and is told there.
        if not set(listed.paired) - {name} <= ours or not ours <= theirs:
            yield PlanProblem(
                f"region {name}: Azure pairs it with {_listed(theirs)}, the file with {_listed(ours)} (R46)",
                place,
            )


def _without_phase(plan: PhasePlan, fleets: Iterable[Fleet]) -> Iterator[PlanProblem]:
    missing = [fleet for fleet in fleets if not opted_out(fleet) and not _has_phase(fleet, plan)]
    missing.sort(key=lambda fleet: (normal_region(fleet.location), fleet.key))
    for name, group in groupby(missing, key=lambda fleet: normal_region(fleet.location)):
        names = [fleet.name for fleet in group]
        yield PlanProblem(
            f"region {name}: fleets of ours are in no phase: {name_ids(names, _NAMED)}; add the region"
            " to a phase (R45)",
            ("regions", name),
        )


def _has_phase(fleet: Fleet, plan: PhasePlan) -> bool:
    region = normal_region(fleet.location)
    return any(
        region in phase.regions and (phase.only is None or phase.only.includes(fleet))
        for phase in plan.phases
    )


def _canaries(phase: Phase, only: FleetChoice, fleets: tuple[Fleet, ...]) -> Iterator[PlanProblem]:
    for name in sorted(only.names):
        place: Place = ("phases", phase.index, "fleets", name)
        found = [fleet for fleet in fleets if name in {fleet.key, fleet.name.lower()}]
        here = [fleet for fleet in found if normal_region(fleet.location) in phase.regions]
        if not found:
            yield PlanProblem(f"phase {phase.name}: fleet {name} does not exist", place)
        elif not here:
            where = _listed({normal_region(fleet.location) for fleet in found})
            yield PlanProblem(
                f"phase {phase.name}: fleet {name} stands in {where}, which is none of the phase's regions",
                place,
            )
        elif all(opted_out(fleet) for fleet in here):
            yield PlanProblem(f"phase {phase.name}: fleet {name} is opted out (O3)", place, is_warning=True)
    tagged = FleetChoice(tags=only.tags)
    if only.tags and not any(
        tagged.includes(fleet) for fleet in fleets if normal_region(fleet.location) in phase.regions
    ):
        yield PlanProblem(
            f"phase {phase.name}: no fleet in its regions has one of its tags",
            ("phases", phase.index, "tags"),
            is_warning=True,
        )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
