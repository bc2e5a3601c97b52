"""The machines of a pool: a scale set whose model follows from the pool's."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arm_emulator.compute.loading import new_scale_set
from arm_emulator.instants import arm_instant, parse_instant

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.batch.pool import BatchAccount
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.resources.regions import Regions

START_TASK = "startTask"
NODE_AGENT = "batchNodeAgent"
IMAGE_IDS = ("id", "sharedGalleryImageId", "communityGalleryImageId")
"""Where an ``imageReference`` names an image by an id."""

_USUAL_SIZE = "STANDARD_D2S_V3"
_SIZE = re.compile(r"STANDARD_([A-Z]+)(\d+(?:-\d+)?)([A-Z]*)(_V\d+)?")


def new_machines(
    account: BatchAccount, name: str, resource: JsonObject, *, regions: Regions, now: datetime, nodes: int
) -> ScaleSet:
    """The scale set for a pool's resource, without instances."""
    machines = new_scale_set(now, machines_resource(account, name, resource, regions=regions, nodes=nodes))
    machines.owner = account.id.pool_id(name)
    machines.is_hidden = not account.is_user_subscription
    machines.update_domains = 1  # Batch shows none
    return machines


def machines_resource(
    account: BatchAccount, name: str, resource: JsonObject, *, regions: Regions, nodes: int
) -> JsonObject:
    """The resource of that scale set."""
    properties = resource.get("properties") or {}
    machine = virtual_machines(resource)
    body: dict[str, Any] = {
        "id": str(account.machines_id(name)),
        "location": account.location,
        "sku": {"name": size_name(str(properties.get("vmSize") or _USUAL_SIZE)), "capacity": nodes},
        "tags": {"BatchAccountName": account.id.name, "PoolName": name},
        "properties": {
            "upgradePolicy": properties.get("upgradePolicy") or {"mode": "Manual"},
            "virtualMachineProfile": _profile(properties, machine),
        },
    }
    if "creationTime" in properties:
        body["properties"]["timeCreated"] = arm_instant(parse_instant(properties["creationTime"]))
    if is_zonal(resource):
        body["zones"] = list(regions.by_name[account.location].zones)
    return body


def size_name(batch_size: str) -> str:
    """A VM size as Compute spells it; Batch has upper case.

    >>> size_name("STANDARD_D2S_V3"), size_name("STANDARD_NC24RS_V3"), size_name("Standard_E4-2ds_v4")
    ('Standard_D2s_v3', 'Standard_NC24rs_v3', 'Standard_E4-2ds_v4')
    """
    match = _SIZE.fullmatch(batch_size)
    if match is None:
        return batch_size
    family, number, features, version = match.groups()
    return f"Standard_{family}{number}{features.lower()}{(version or '').lower()}"


def virtual_machines(resource: JsonObject) -> JsonObject:
    """``virtualMachineConfiguration`` of a pool; empty where it has none."""
    deployment = (resource.get("properties") or {}).get("deploymentConfiguration") or {}
    return deployment.get("virtualMachineConfiguration") or {}


def is_zonal(resource: JsonObject) -> bool:
    """Whether the nodes are spread over the region's zones (``nodePlacementConfiguration``)."""
    placement = virtual_machines(resource).get("nodePlacementConfiguration") or {}
    return str(placement.get("policy")).lower() == "zonal"


def _profile(properties: JsonObject, machine: JsonObject) -> JsonObject:
    """What Batch puts on each machine: the start task runs as an extension would, then the node agent tells how it is."""
    agent = {
        "name": NODE_AGENT,
        "properties": {
            "publisher": "Microsoft.ManagedServices",
            "type": "ApplicationHealthLinux",
            "typeHandlerVersion": "2.0",
            "settings": {"protocol": "tcp", "port": 29876},
        },
    }
    task = {
        "name": START_TASK,
        "properties": {
            "publisher": "Microsoft.Batch",
            "type": "StartTask",
            "typeHandlerVersion": "1.0",
            "settings": properties.get("startTask"),
        },
    }
    extensions = [*([task] if properties.get("startTask") else []), agent]
    profile: dict[str, Any] = {
        "storageProfile": {"imageReference": _image(machine)},
        "extensionProfile": {"extensions": extensions},
    }
    if machine.get("windowsConfiguration") is not None:
        profile["osProfile"] = {"windowsConfiguration": machine["windowsConfiguration"]}
    return profile


def _image(machine: JsonObject) -> JsonObject:
    """The image of the machines; Batch takes a marketplace image without a version for its latest."""
    reference = dict(machine.get("imageReference") or {})
    if reference.get("version") is None and not any(reference.get(name) for name in IMAGE_IDS):
        reference["version"] = "latest"
    return reference
