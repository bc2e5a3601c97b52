"""A plan of phases for the fleets that there are: valid, smallest risk first (R45, R46)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.regions import Region, Regions
from fleetwright.phases.plan.colouring import group_regions, least_phases
from fleetwright.phases.plan.estate import RegionLoad, counted

USUAL_PHASES = 3


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A plan to look at before it is used.

    :param regions: every region of the plan, with the pairs that Azure names
    :param phases: the regions of each phase
    :param notes: where it differs from what was asked for, and what nobody could know
    """

    regions: Regions
    phases: tuple[tuple[str, ...], ...]
    loads: Mapping[str, RegionLoad]
    notes: tuple[str, ...] = ()


def suggest_phases(
    loads: Mapping[str, RegionLoad], azure: Regions, wanted: int = USUAL_PHASES, *, all_regions: bool = False
) -> Suggestion:
    """Plan the phases; a region's risk is the number of its instances.

    :param loads: what of ours stands where
    :param wanted: how many phases; more where the pairs need them, fewer where there are fewer regions
    :param all_regions: take every region that Azure lists, not only those with fleets
    :raises ConfigurationError: when there is no region to plan
    """
    names = frozenset(loads) | (frozenset(azure.by_name) if all_regions else frozenset())
    if not names:
        raise ConfigurationError(_why_nothing(all_regions=all_regions))
    taken = Regions.of(azure.by_name.get(name, Region(name)) for name in sorted(names))
    risks = {name: loads[name].instances if name in loads else 0 for name in sorted(names)}
    least = least_phases(names, taken)
    count = min(max(wanted, least), len(names))
    phases = group_regions(risks, taken, count)
    notes = (
        *_unknown(names, azure),
        *_other_count(wanted, count, least, len(names)),
        *_without_fleets(phases, loads),
    )
    return Suggestion(taken, phases, loads, notes)


def _why_nothing(*, all_regions: bool) -> str:
    if all_regions:
        return "there is nothing to plan: Azure lists no region for the subscriptions that can be seen"
    return (
        "there is nothing to plan: no scale set or Batch pool that can be seen is ours, by the tag"
        " `fleetwright: enabled` or by enableAutomaticOSUpgrade; hand some over first, or take --all-regions"
    )


def _unknown(names: frozenset[str], azure: Regions) -> tuple[str, ...]:
    return tuple(
        f"region {name} has fleets, but Azure does not list it: its pair is not known"
        for name in sorted(names)
        if name not in azure.by_name
    )


def _other_count(wanted: int, count: int, least: int, regions: int) -> tuple[str, ...]:
    if count > wanted:
        return (f"{count} phases instead of {wanted}: the pairs need at least {least} (R46)",)
    if count < wanted:
        return (
            f"{counted(count, 'phase')} instead of {wanted}: there {'is' if regions == 1 else 'are'} {counted(regions, 'region')}, and no phase may be empty",
        )
    return ()


def _without_fleets(phases: tuple[tuple[str, ...], ...], loads: Mapping[str, RegionLoad]) -> tuple[str, ...]:
    return tuple(
        f"phase {index} has no fleet of yours: a version passes it without any proof"
        for index, regions in enumerate(phases)
        if not loads.keys() & set(regions)
    )
