"""Worlds to roll out in: documents for the emulator, each with one scale set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

Json: TypeAlias = Any  # whatever a JSON document holds

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
FLEET_ID = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/web"
OLD, NEW, NEWER = "18.04.202401010", "18.04.202402010", "18.04.202403010"
IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
START = "2024-06-01T00:00:00Z"

TIMINGS: dict[str, Any] = {"swap": 20, "boot": 10, "extension": 5, "health": 5, "retryAfter": 1}
HEALTH_EXTENSION: dict[str, Any] = {
    "name": "Health",
    "properties": {
        "publisher": "Microsoft.ManagedServices",
        "type": "ApplicationHealthLinux",
        "typeHandlerVersion": "2.0",
        "settings": {"protocol": "http", "port": 80, "requestPath": "/health"},
    },
}


def extension(name: str, *after: str) -> dict[str, Any]:
    """An extension that waits for others."""
    properties = {"publisher": "Contoso", "type": name, "typeHandlerVersion": "1.0"}
    return {"name": name, "properties": {**properties, "provisionAfterExtensions": list(after)}}


def sick(*instances: str, health: str = "never", version: str = NEW) -> dict[str, Any]:
    """These instances are not healthy once they boot the version."""
    return {"version": version, "instances": list(instances), "health": health}


def fault(
    effect: dict[str, Any], method: str = "POST", path: str = "*/reimage", **rest: Json
) -> dict[str, Any]:
    """A fault on a route, the swap call unless told otherwise."""
    return {"match": {"method": method, "path": path}, "effect": effect, **rest}


def rolling_policy(**policy: Json) -> dict[str, Any]:
    """An upgrade policy whose own rolling policy is in force (C7)."""
    return {
        "mode": "Manual",
        "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False, "useRollingUpgradePolicy": True},
        "rollingUpgradePolicy": policy,
    }


REPAIRS: dict[str, Any] = {"enabled": True, "gracePeriod": "PT10M", "repairAction": "Replace"}


def repaired_world(*, repairs: dict[str, Any] | None = None, **rest: Json) -> dict[str, Any]:
    """A set with automatic repairs, in a world whose platform acts by itself unless told otherwise."""
    document = {**world(**rest), "platformUpgrades": True}
    document["scaleSets"][0]["resource"]["properties"]["automaticRepairsPolicy"] = repairs or REPAIRS
    return document


DEFERRAL: dict[str, Any] = {
    "mode": "Manual",
    "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True, "osRollingUpgradeDeferral": True},
}


def deferral_world(n: int = 15, zones: int = 3, *, platform: bool = True, **rest: Json) -> dict[str, Any]:
    """A set with the flag and the deferral; Azure's upgrade waits for approvals where the platform upgrades."""
    document = world(n, zones, policy=rest.pop("policy", DEFERRAL), tags={}, **rest)
    return {**document, "platformUpgrades": platform}


def world(
    n: int = 15,
    zones: int = 3,
    *,
    policy: dict[str, Any] | None = None,
    tags: dict[str, str] | None = None,
    extensions: Sequence[dict[str, Any]] = (HEALTH_EXTENSION,),
    version: str = "latest",
    versions: Sequence[str] = (OLD, NEW),
    timings: dict[str, Any] | None = None,
    behaviours: Sequence[dict[str, Any]] = (),
    faults: Sequence[dict[str, Any]] = (),
    health_seconds: float = 300,
    tokens: dict[str, Any] | None = None,
    fleet_id: str = FLEET_ID,
    **extras: Json,
) -> dict[str, Any]:
    """One Uniform set of n instances on ``OLD``, tagged as ours.

    :param zones: how many; 0 is a regional set
    :param version: what the model asks for
    :param versions: what the catalogue has
    :param extras: what stands under the set's ``x-emulator``
    """
    resource: dict[str, Any] = {
        "id": fleet_id,
        "location": "westeurope",
        "tags": {"fleetwright": "enabled"} if tags is None else tags,
        "sku": {"name": "Standard_D2s_v3", "tier": "Standard", "capacity": n},
        "properties": {
            "orchestrationMode": "Uniform",
            "upgradePolicy": policy or {"mode": "Manual"},
            "virtualMachineProfile": {
                "osProfile": {"computerNamePrefix": "web"},
                "storageProfile": {
                    "imageReference": {**IMAGE, "version": version},
                    "osDisk": {"createOption": "FromImage"},
                },
                "extensionProfile": {"extensions": list(extensions)},
            },
        },
    }
    if zones:
        resource["zones"] = [str(zone + 1) for zone in range(zones)]
    return {
        "now": START,
        "subscriptions": [{"id": SUBSCRIPTION}],
        "platformImages": [{**IMAGE, "versions": [{"name": name} for name in versions]}],
        "timings": {**TIMINGS, **(timings or {})},
        "imageBehaviours": list(behaviours),
        "referee": {"healthSeconds": health_seconds},
        "tokens": tokens or {},
        "faults": list(faults),
        "scaleSets": [
            {"resource": resource, "x-emulator": {"imageVersion": OLD, "dataDisksPerInstance": 1, **extras}}
        ],
    }


def from_a_gallery(document: dict[str, Any]) -> dict[str, Any]:
    """The same world, whose one set takes the same versions from a gallery instead of the platform."""
    gallery = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/galleries/own"
    (image,) = document["platformImages"]
    regions = {"publishingProfile": {"targetRegions": [{"name": "West Europe"}]}}
    versions = [{"name": version["name"], "properties": regions} for version in image["versions"]]
    (scale_set,) = document["scaleSets"]
    profile = scale_set["resource"]["properties"]["virtualMachineProfile"]
    profile["storageProfile"]["imageReference"] = {"id": f"{gallery}/images/web"}
    galleries = [{"id": gallery, "images": [{"name": "web", "versions": versions}]}]
    return {**document, "platformImages": [], "galleries": galleries}


def flexible(document: dict[str, Any]) -> dict[str, Any]:
    """The same world with a Flexible set: its members are virtual machines, ``web_0`` and so on."""
    document["scaleSets"][0]["resource"]["properties"]["orchestrationMode"] = "Flexible"
    return document
