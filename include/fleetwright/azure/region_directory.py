"""Azure's regions, from the Subscriptions - List Locations API."""

from __future__ import annotations

from fleetwright.azure.bodies import Body, bodies_at, text_at, texts_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.urls import SUBSCRIPTIONS, arm_url, segment
from fleetwright.domain.regions import Region, Regions, normal_region


class AzureRegionDirectory:
    """A ``RegionDirectory``; a subscription's regions are read once."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._known: dict[str, Regions] = {}

    def fetch_regions(self, subscription: str) -> Regions:
        """The regions that the subscription has, with their pairs and zones (R46).

        :raises ProviderError: when they cannot be read
        """
        if subscription not in self._known:
            url = arm_url(
                self._client.url, f"/subscriptions/{segment(subscription)}/locations", SUBSCRIPTIONS
            )
            self._known[subscription] = Regions.of(
                parse_region(item) for item in self._client.list_items(url)
            )
        return self._known[subscription]


def parse_region(body: Body) -> Region:
    """Read one location."""
    mappings = bodies_at(body, "availabilityZoneMappings")
    return Region(
        name=normal_region(text_at(body, "name")),
        display_name=text_at(body, "displayName"),
        paired=tuple(
            normal_region(text_at(pair, "name"))
            for pair in bodies_at(body, "metadata", "pairedRegion")
            if text_at(pair, "name")
        ),
        zones=tuple(text_at(mapping, "logicalZone") for mapping in mappings) or texts_at(body, "zones"),
    )
