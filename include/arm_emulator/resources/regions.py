"""Regions: names in two spellings, pairs, and zones."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable


def region_name(text: str) -> str:
    """``westeurope``, however it is written: ``West Europe`` means the same."""
    return text.replace(" ", "").lower()


@dataclass(frozen=True, slots=True)
class Region:
    """One region.

    :param paired_region: the name of its pair; None where there is none.
    """

    name: str
    display_name: str
    paired_region: str | None = None
    zones: tuple[str, ...] = ()
    geography: str | None = None
    geography_group: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    physical_location: str | None = None


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions of a world.

    :param given: whether the world document lists them itself.
    """

    by_name: dict[str, Region] = field(default_factory=dict)
    given: bool = False

    @classmethod
    def of(cls, regions: Iterable[Region], *, given: bool) -> Regions:
        """A table of these regions."""
        return cls({region.name: region for region in regions}, given)

    def pairs(self) -> dict[str, frozenset[str]]:
        """Each region's pairs: those it names, and those that name it."""
        paired: dict[str, set[str]] = {}
        for region in self.by_name.values():
            if region.paired_region is not None:
                paired.setdefault(region.name, set()).add(region.paired_region)
                paired.setdefault(region.paired_region, set()).add(region.name)
        return {name: frozenset(others) for name, others in paired.items()}


@cache
def public_regions() -> Regions:
    """The built-in table of public regions."""
    entries = yaml.safe_load(files("arm_emulator.resources").joinpath("regions.yaml").read_text("utf-8"))
    return Regions.of((_region(entry) for entry in entries), given=False)


def _region(entry: dict[str, str]) -> Region:
    return Region(
        name=entry["name"],
        display_name=entry["displayName"],
        paired_region=entry["pairedRegion"],
        zones=tuple(entry["zones"]),
        geography=entry["geography"],
        geography_group=entry["geographyGroup"],
        latitude=entry["latitude"],
        longitude=entry["longitude"],
        physical_location=entry["physicalLocation"],
    )
