"""A drawn world as the emulator takes it, and the bodies with which things happen in it."""

from __future__ import annotations

from typing import Any

from fleetwright_demo.journeys.drawn import (
    GALLERY,
    GALLERY_IMAGE,
    OLD_VERSIONS,
    PLATFORM_IMAGE,
    START,
    SUBSCRIPTION,
    DrawnFleet,
    DrawnRegion,
    DrawnVersion,
    DrawnWorld,
    Harm,
)

_ILL_PERCENT = 15  # of the instances, where a version is bad on some of them
_HEALTH_EXTENSION = {
    "name": "Health",
    "properties": {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": "2.0",
        "settings": {"protocol": "http", "port": 80, "requestPath": "/health"},
    },
}


def world_document(world: DrawnWorld) -> dict[str, Any]:
    """The world before anything has happened in it."""
    everywhere = {"publishingProfile": {"targetRegions": [{"name": one.name} for one in world.regions]}}
    old = {"name": OLD_VERSIONS[True], "properties": everywhere}
    return {
        "now": f"{START:%Y-%m-%dT%H:%M:%SZ}",
        "subscriptions": [{"id": SUBSCRIPTION}],
        "locations": [_location(region) for region in world.regions],
        "platformImages": [
            {
                **PLATFORM_IMAGE,
                "automaticOSUpgradeSupported": True,
                "versions": [{"name": OLD_VERSIONS[False], "publishedAt": "2024-01-01T00:00:00Z"}],
            }
        ],
        "galleries": [{"id": GALLERY, "images": [{"name": GALLERY_IMAGE, "versions": [old]}]}],
        "timings": world.timings,
        "referee": {"healthSeconds": world.health_timeout_seconds},
        "faults": list(world.faults),
        "scaleSets": [_scale_set(fleet) for fleet in world.fleets],
    }


def publication_body(world: DrawnWorld, version: DrawnVersion) -> dict[str, Any]:
    """What ``POST /_emulator/images`` takes for a version."""
    if version.is_gallery:
        targets = [{"name": region} for region, _ in version.replicas]
        return {**_gallery_version(version), "targetRegions": targets, "replicated": []}
    behaviours = _behaviours(world, version)
    return {**PLATFORM_IMAGE, "version": version.version, "behaviours": behaviours}


def replication_body(version: DrawnVersion, region: str) -> dict[str, Any]:
    """What ``POST /_emulator/images/replicate`` takes once a gallery's version has come to a region."""
    return {**_gallery_version(version), "region": region, "state": "Completed"}


def _gallery_version(version: DrawnVersion) -> dict[str, Any]:
    return {"gallery": GALLERY, "image": GALLERY_IMAGE, "version": version.version}


def _behaviours(world: DrawnWorld, version: DrawnVersion) -> list[dict[str, Any]]:
    if version.harm is Harm.EVERYWHERE:
        return [{"health": version.health}]
    if version.harm is Harm.INSTANCES:
        return [{"health": version.health, "percent": _ILL_PERCENT}]
    ill = [fleet.fleet_id for fleet in world.fleets if fleet.region == version.region]
    return [{"health": version.health, "scaleSet": fleet_id} for fleet_id in ill]


def _location(region: DrawnRegion) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": region.name,
        "displayName": region.name.title(),
        "zones": [str(number + 1) for number in range(region.zones)],
    }
    return {**found, "pairedRegion": region.paired} if region.paired else found


def _scale_set(fleet: DrawnFleet) -> dict[str, Any]:
    policy: dict[str, Any] = {"mode": "Manual"}
    if fleet.policy:
        flags = {"enableAutomaticOSUpgrade": False, "useRollingUpgradePolicy": True}
        policy |= {"automaticOSUpgradePolicy": flags, "rollingUpgradePolicy": fleet.policy}
    reference = (
        {"id": f"{GALLERY}/images/{GALLERY_IMAGE}"}
        if fleet.is_gallery
        else {**PLATFORM_IMAGE, "version": "latest"}
    )
    resource: dict[str, Any] = {
        "id": fleet.fleet_id,
        "location": fleet.region,
        "tags": {} if fleet.is_opted_out else {"fleetwright": "enabled"},
        "sku": {"name": "Standard_D2s_v3", "tier": "Standard", "capacity": fleet.size},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": policy,
            "virtualMachineProfile": {
                "osProfile": {"computerNamePrefix": fleet.name[:9]},
                "storageProfile": {"imageReference": reference, "osDisk": {"createOption": "FromImage"}},
                "extensionProfile": {"extensions": [_HEALTH_EXTENSION]},
            },
        },
    }
    if fleet.zones:
        resource["zones"] = list(fleet.zones)
    extras = {"imageVersion": OLD_VERSIONS[fleet.is_gallery], "dataDisksPerInstance": 1}
    return {"resource": resource, "x-emulator": extras}
