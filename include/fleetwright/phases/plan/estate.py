"""What stands where: the fleets that are ours, by region."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from fleetwright.domain.eligibility.ownership import opted_out
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.regions import Region, Regions, normal_region


@dataclass(frozen=True, slots=True)
class RegionLoad:
    """What of ours stands in a region."""

    region: str
    fleets: tuple[Fleet, ...] = ()

    @property
    def instances(self) -> int:
        """The capacities of its fleets together: what a bad version could harm there."""
        return sum(fleet.capacity for fleet in self.fleets)

    def __str__(self) -> str:
        return f"{counted(self.instances, 'instance')} in {counted(len(self.fleets), 'fleet')}"


def survey(fleets: Iterable[Fleet]) -> dict[str, RegionLoad]:
    """The regions in which fleets stand that are ours: opted in by tag or flag (O1)."""
    loads: dict[str, RegionLoad] = {}
    for fleet in sorted(fleets, key=lambda fleet: fleet.key):
        if not opted_out(fleet):
            name = normal_region(fleet.location)
            load = loads.get(name, RegionLoad(name))
            loads[name] = replace(load, fleets=(*load.fleets, fleet))
    return loads


def merge_regions(several: Iterable[Regions]) -> Regions:
    """The regions of several subscriptions as one list; a pair that any of them names counts."""
    merged: dict[str, Region] = {}
    for regions in several:
        for region in regions.by_name.values():
            known = merged.get(region.name, region)
            merged[region.name] = replace(known, paired=tuple(dict.fromkeys((*known.paired, *region.paired))))
    return Regions.of(merged.values())


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 fleet``, ``2 fleets``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
