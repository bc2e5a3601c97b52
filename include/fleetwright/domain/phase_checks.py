"""What can be wrong with a plan of phases; told all at once, as values (R45, R46)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from fleetwright.domain.phases import Phase, PhasePlan

Place = tuple[str | int, ...]

_NAME = re.compile(r"[a-z0-9_]{1,60}")


@dataclass(frozen=True, slots=True)
class PlanProblem:
    """Something wrong with a plan.

    :param text: one line that names phase and region and what would be right
    :param place: the way to it through the plan: ``("phases", 1, "regions", "westeurope")``
    :param is_warning: the plan can be used as it is
    """

    text: str
    place: Place = ()
    is_warning: bool = False


def check_plan(plan: PhasePlan) -> tuple[PlanProblem, ...]:
    """Everything that is wrong with a plan; without errors every region has its one full phase.

    A phase for some fleets only (``Phase.only``) is a *canary* phase; all others are *full*.
    """
    if not plan.phases:
        return (PlanProblem("phases is empty: name at least one phase with its regions", ("phases",)),)
    return (
        *(problem for phase in plan.phases for problem in _of_phase(phase, plan)),
        *(problem for name in plan.regions.by_name for problem in _of_region(name, plan)),
    )


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that was probably meant, as the end of a sentence; empty where none is near."""
    found = get_close_matches(word, list(known), n=1, cutoff=0.7)
    return f"; did you mean {found[0]}?" if found else ""


def _of_phase(phase: Phase, plan: PhasePlan) -> Iterator[PlanProblem]:
    yield from _names(phase, plan)
    yield from _known_regions(phase, plan)
    yield from _pairs(phase, plan)


def _names(phase: Phase, plan: PhasePlan) -> Iterator[PlanProblem]:
    place: Place = ("phases", phase.index, "name")
    earlier = [other for other in plan.phases if other.index < phase.index]
    if not _NAME.fullmatch(phase.name):
        yield PlanProblem(
            f"phase {phase.name!r}: a name is 1 to 60 lower case letters, digits and underscores", place
        )
    for other in earlier:
        if phase.name == other.name:
            yield PlanProblem(f"phase {phase.name}: an earlier phase has this name already", place)
            return
    for other in plan.phases:
        if phase.name == other.label:
            yield PlanProblem(f"phase {phase.name}: phase {other.name} is known by this name", place)


def _known_regions(phase: Phase, plan: PhasePlan) -> Iterator[PlanProblem]:
    place: Place = ("phases", phase.index, "regions")
    if not phase.regions:
        yield PlanProblem(f"phase {phase.name}: it has no region; name at least one", place)
    for name in dict.fromkeys(phase.regions):
        if phase.regions.count(name) > 1:
            yield PlanProblem(f"phase {phase.name}: region {name} is named twice", (*place, name))
        if plan.regions.by_name and name not in plan.regions:
            advice = nearest(name, plan.regions.by_name) or "; add it there, with its pair"
            yield PlanProblem(
                f"phase {phase.name}: region {name} is unknown: it is not among regions{advice}",
                (*place, name),
            )


def _pairs(phase: Phase, plan: PhasePlan) -> Iterator[PlanProblem]:
    for name in dict.fromkeys(phase.regions):
        for other in sorted(plan.regions.pairs_of(name) & set(phase.regions)):
            if name < other:
                yield PlanProblem(
                    f"phase {phase.name}: regions {name} and {other} are a pair; move one of them to another phase (R46)",
                    ("phases", phase.index, "regions", other),
                )


def _of_region(name: str, plan: PhasePlan) -> Iterator[PlanProblem]:
    mine = [phase for phase in plan.phases if name in phase.regions]
    full = [phase for phase in mine if phase.only is None]
    if not mine:
        yield PlanProblem(f"region {name} is in no phase; add it to one (R45)", ("regions", name))
    elif not full:
        names = ", ".join(phase.name for phase in mine)
        yield PlanProblem(
            f"region {name} is in canary phases only ({names}): its other fleets are in no phase",
            ("regions", name),
            is_warning=True,
        )
    for phase in full[1:]:
        yield PlanProblem(
            f"phase {phase.name}: region {name} is in phase {full[0].name} already; keep one, or give the earlier one"
            " fleets or tags",
            ("phases", phase.index, "regions", name),
        )
    for phase in mine:
        if phase.only is not None and full and phase.index > full[0].index:
            yield PlanProblem(
                f"phase {phase.name}: region {name} has had its phase {full[0].name} before;"
                " a phase with fleets or tags goes first",
                ("phases", phase.index, "regions", name),
            )
