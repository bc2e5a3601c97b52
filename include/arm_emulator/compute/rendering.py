"""Instances as ARM shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.compute.disks import data_disks, os_disk
from arm_emulator.compute.documenting import protection_document
from arm_emulator.compute.instance_view import computer_name, instance_view
from arm_emulator.instants import arm_instant
from arm_emulator.seeded import guid

if TYPE_CHECKING:
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet

INSTANCE_TYPE = "Microsoft.Compute/virtualMachineScaleSets/virtualMachines"
PENDING_TAG = "Platform.PendingOSUpgrade"
"""What the metadata service tells an instance whose deferred upgrade waits for an approval (N24)."""


def instance_etag(instance: Instance) -> str:
    """The entity tag of an instance: it changes with the instance's model, not with its state."""
    return f'"{instance.etag:x}"'


def instance_resource(scale_set: ScaleSet, instance: Instance, *, with_view: bool = False) -> JsonObject:
    """The instance as its scale set shows it."""
    name = scale_set.machine_name(instance.instance_id)
    instance_id = name if scale_set.is_flexible else instance.instance_id
    resource: JsonObject = {
        "name": name,
        "id": f"{scale_set.id}/virtualMachines/{instance_id}",
        "type": INSTANCE_TYPE,
        "location": scale_set.location,
        "instanceId": instance_id,
        "sku": instance.model.sku,
        "etag": instance_etag(instance),
        "properties": _properties(scale_set, instance),
    }
    if instance.tags is not None:
        resource["tags"] = instance.tags
    if instance.zone is not None:
        resource["zones"] = [instance.zone]
    upgrade = scale_set.rolling_upgrade
    if upgrade is not None and upgrade.awaits_approval(instance):
        resource["tags"] = {PENDING_TAG: "true"}
    if with_view:
        resource["properties"]["instanceView"] = instance_view(scale_set, instance)
    return resource


def _properties(scale_set: ScaleSet, instance: Instance) -> JsonObject:
    properties: JsonObject = {
        "latestModelApplied": instance.model is scale_set.model,
        "modelDefinitionApplied": "VirtualMachineScaleSet",
        "vmId": (instance.imported or {}).get("vmId") or guid("vm", scale_set.key, instance.instance_id),
        "provisioningState": instance.provisioning.value,
        "storageProfile": storage_profile(scale_set, instance),
        "osProfile": {"computerName": computer_name(instance)},
        "timeCreated": arm_instant(instance.created),
    }
    protection = protection_document(instance.protection)
    if protection is not None:
        properties["protectionPolicy"] = protection
    return properties


def storage_profile(scale_set: ScaleSet, instance: Instance) -> JsonObject:
    """Image and disks of an instance."""
    return {
        "imageReference": _image_reference(instance),
        "osDisk": os_disk(scale_set, instance),
        "dataDisks": data_disks(scale_set, instance),
    }


def _image_reference(instance: Instance) -> JsonObject:
    reference = dict(instance.model.image_reference)
    if instance.exact_version is not None:
        reference["exactVersion"] = instance.exact_version
    return reference
