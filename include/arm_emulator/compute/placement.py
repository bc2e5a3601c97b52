"""Where an instance stands: zone, update domain and fault domain follow from its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.compute.scale_set import ScaleSet

DEFAULT_UPDATE_DOMAINS = 5
DEFAULT_FAULT_DOMAINS = 5


@dataclass(frozen=True, slots=True)
class Place:
    """A zone (None in a regional set) and the domains within."""

    zone: str | None
    update_domain: int
    fault_domain: int


def place_of(scale_set: ScaleSet, number: int) -> Place:
    """The place of the instance with this number.

    Instance ``i`` of a set with ``z`` zones stands in ``zones[i mod z]``. A regional set counts its update domains
    through; in a zonal one all instances are in domain 0 unless the world says how many domains there are.
    """
    zones = scale_set.zones
    zone = zones[number % len(zones)] if zones else None
    domains = scale_set.update_domains or (1 if zones else DEFAULT_UPDATE_DOMAINS)
    fault_domains = (scale_set.resource.get("properties") or {}).get("platformFaultDomainCount") or (
        1 if zones else DEFAULT_FAULT_DOMAINS
    )
    return Place(zone, number % domains, number % fault_domains)
