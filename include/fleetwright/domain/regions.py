"""Azure's regions: their pairs and their zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Region:
    """One region, as the Subscriptions - List Locations API tells it.

    :param name: as ARM writes it in ids: ``westeurope``
    :param paired: the regions that it names as its pair; may be empty, and need not name it back
    """

    name: str
    display_name: str = ""
    paired: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Regions:
    """The regions that there are, and who is paired with whom.

    >>> known = Regions.of([Region("westus3", paired=("eastus",)), Region("eastus")])
    >>> sorted(known.pairs_of("East US"))
    ['westus3']
    """

    by_name: Mapping[str, Region] = field(default_factory=lambda: MappingProxyType({}))
    pairs: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    @classmethod
    def of(cls, regions: Iterable[Region]) -> Regions:
        """Know the regions; pairs are the symmetric closure of what they name (R46)."""
        by_name = {region.name: region for region in regions}
        pairs: dict[str, set[str]] = {name: set() for name in by_name}
        for region in by_name.values():
            for other in map(normal_region, region.paired):
                if other != region.name:
                    pairs[region.name].add(other)
                    pairs.setdefault(other, set()).add(region.name)
        frozen = {name: frozenset(others) for name, others in pairs.items()}
        return cls(MappingProxyType(by_name), MappingProxyType(frozen))

    def pairs_of(self, name: str) -> frozenset[str]:
        """The regions that are never upgraded together with this one; empty for one without a pair."""
        return self.pairs.get(normal_region(name), frozenset())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and normal_region(name) in self.by_name


def normal_region(text: str) -> str:
    """A region's name, however it is written.

    >>> normal_region("West Europe")
    'westeurope'
    """
    return "".join(text.split()).lower()
