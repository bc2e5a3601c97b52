"""The quotas of a region (Microsoft.Compute, Usage - List; N16, N32)."""

from __future__ import annotations

from fleetwright.azure.bodies import Body, number_at, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.urls import USAGES, arm_url, segment
from fleetwright.domain.quotas import Usage


def list_usages(client: ArmClient, subscription: str, location: str) -> tuple[Usage, ...]:
    """Read what is used of a region's quotas."""
    region = f"/subscriptions/{subscription}/providers/Microsoft.Compute/locations/{segment(location)}"
    url = arm_url(client.url, f"{region}/usages", USAGES)
    return tuple(_usage(item) for item in client.list_items(url))


def _usage(item: Body) -> Usage:
    return Usage(text_at(item, "name", "value"), number_at(item, "currentValue"), number_at(item, "limit"))
