"""Routes of Microsoft.Resources: subscriptions, locations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import SUBSCRIPTION, Route

if TYPE_CHECKING:
    from arm_emulator.resources.regions import Region
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import Subscription, World


def resource_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", "/subscriptions", list_subscriptions),
        Route("GET", SUBSCRIPTION, get_subscription),
        Route("GET", f"{SUBSCRIPTION}/locations", list_locations),
    )


def list_subscriptions(world: World, _call: ArmCall) -> ArmReply:
    """All subscriptions."""
    value = [_subscription(subscription) for subscription in world.subscriptions.values()]
    return ArmReply.of({"value": value, "count": {"type": "Total", "value": len(value)}})


def get_subscription(world: World, call: ArmCall) -> ArmReply:
    """One subscription."""
    return ArmReply.of(_subscription(world.subscription(call.parameters["subscriptionId"])))


def list_locations(world: World, call: ArmCall) -> ArmReply:
    """The regions, with their pairs and zones."""
    subscription = world.subscription(call.parameters["subscriptionId"])
    return ArmReply.of(
        {"value": [_location(subscription, region) for region in world.regions.by_name.values()]}
    )


def _subscription(subscription: Subscription) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{subscription.id}",
        "subscriptionId": subscription.id,
        "displayName": subscription.display_name,
        "state": "Enabled",
        "authorizationSource": "RoleBased",
    }


def _location(subscription: Subscription, region: Region) -> dict[str, Any]:
    where = f"/subscriptions/{subscription.id}/locations"
    geography = region.geography
    location: dict[str, Any] = {
        "id": f"{where}/{region.name}",
        "name": region.name,
        "type": "Region",
        "displayName": region.display_name,
        "regionalDisplayName": f"({geography}) {region.display_name}" if geography else region.display_name,
        "metadata": {"regionType": "Physical", "regionCategory": "Recommended", **_place(region)},
    }
    pair = region.paired_region
    location["metadata"]["pairedRegion"] = [] if pair is None else [{"name": pair, "id": f"{where}/{pair}"}]
    if region.zones:
        location["availabilityZoneMappings"] = [
            {"logicalZone": zone, "physicalZone": f"{region.name}-az{zone}"} for zone in region.zones
        ]
    return location


def _place(region: Region) -> dict[str, str]:
    place = {
        "geography": region.geography,
        "geographyGroup": region.geography_group,
        "longitude": region.longitude,
        "latitude": region.latitude,
        "physicalLocation": region.physical_location,
    }
    return {key: value for key, value in place.items() if value is not None}
