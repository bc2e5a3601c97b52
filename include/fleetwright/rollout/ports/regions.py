"""The regions that there are."""

from __future__ import annotations

from typing import Protocol

from fleetwright.domain.regions import Regions


class RegionDirectory(Protocol):
    """Azure's own account of its regions; raises ``ProviderError`` when it cannot be asked."""

    def fetch_regions(self, subscription: str) -> Regions:
        """The regions that a subscription has, with their pairs and zones (R46); read once."""
        ...
