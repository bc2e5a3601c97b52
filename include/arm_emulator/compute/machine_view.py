"""A member of a Flexible scale set as the virtual machine that it is, and as the set lists it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.compute.documenting import protection_document
from arm_emulator.compute.instance_view import computer_name, instance_view
from arm_emulator.compute.rendering import instance_etag, storage_profile
from arm_emulator.instants import arm_instant
from arm_emulator.seeded import guid

if TYPE_CHECKING:
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet

MACHINE_TYPE = "Microsoft.Compute/virtualMachines"


def machine_resource(scale_set: ScaleSet, instance: Instance, *, with_view: bool = False) -> JsonObject:
    """The virtual machine as ARM shows it."""
    properties: JsonObject = {
        "vmId": (instance.imported or {}).get("vmId") or guid("vm", scale_set.key, instance.instance_id),
        "hardwareProfile": {"vmSize": instance.model.sku.get("name", "")},
        "provisioningState": instance.provisioning.value,
        "virtualMachineScaleSet": {"id": scale_set.id.text},
        "storageProfile": storage_profile(scale_set, instance),
        "osProfile": {"computerName": computer_name(instance)},
        "timeCreated": arm_instant(instance.created),
    }
    if instance.zone is None:
        properties["platformFaultDomain"] = instance.fault_domain
    protection = protection_document(instance.protection)
    if protection is not None:
        properties["protectionPolicy"] = protection
    if with_view:
        properties["instanceView"] = instance_view(scale_set, instance)
    resource: JsonObject = {
        "name": scale_set.machine_name(instance.instance_id),
        "id": scale_set.machine_id(instance.instance_id),
        "type": MACHINE_TYPE,
        "location": scale_set.location,
        "tags": instance.tags or {},
        "etag": instance_etag(instance),
        "properties": properties,
    }
    if instance.zone is not None:
        resource["zones"] = [instance.zone]
    return resource
