"""Managed disks: those of instances, which follow from them, and those that nothing has attached, which are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.compute.disks import data_disks, os_disk
from arm_emulator.instants import arm_instant
from arm_emulator.seeded import guid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

DISK_TYPE = "Microsoft.Compute/disks"
ATTACHED, UNATTACHED, RESERVED = "Attached", "Unattached", "Reserved"


@dataclass(frozen=True, slots=True)
class ManagedDisk:
    """A disk.

    :param resource: as ARM shows it, without who has it attached.
    :param version: the image version that stands on it; None for a data disk.
    """

    resource: JsonObject
    version: str | None = None

    @property
    def id(self) -> str:
        """Its ARM id."""
        return str(self.resource["id"])

    @property
    def os_type(self) -> str | None:
        """``Linux`` or ``Windows``; None for a data disk."""
        found = (self.resource.get("properties") or {}).get("osType")
        return None if found is None else str(found)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A disk and the instance that has it; None where nothing has."""

    disk: ManagedDisk
    scale_set: ScaleSet | None = None
    instance: Instance | None = None

    @property
    def owner(self) -> str | None:
        """The id of the machine, or of the Uniform set's instance, that has it."""
        if self.scale_set is None or self.instance is None:
            return None
        if self.scale_set.is_flexible:
            return self.scale_set.machine_id(self.instance.instance_id)
        return f"{self.scale_set.id}/virtualMachines/{self.instance.instance_id}"

    def shown(self) -> JsonObject:
        """The disk as ARM shows it."""
        resource = {**self.disk.resource, "properties": dict(self.disk.resource["properties"])}
        state = UNATTACHED
        if self.owner is not None and self.instance is not None:
            resource["managedBy"] = self.owner
            state = RESERVED if self.instance.is_deallocated else ATTACHED
        resource["properties"]["diskState"] = state
        return resource


def os_managed_disk(scale_set: ScaleSet, instance: Instance) -> ManagedDisk:
    """The OS disk that an instance has now."""
    if instance.attached_os_disk is not None:
        return instance.attached_os_disk
    described = os_disk(scale_set, instance)
    reference = dict(instance.model.image_reference)
    if instance.exact_version is not None:
        reference["exactVersion"] = instance.exact_version
    properties = {
        "osType": described["osType"],
        "creationData": {"createOption": "FromImage", "imageReference": reference},
    }
    created = instance.os_disk_at or instance.created
    return ManagedDisk(_resource(scale_set, instance, described, properties, created), instance.exact_version)


def data_managed_disks(scale_set: ScaleSet, instance: Instance) -> list[ManagedDisk]:
    """The data disks that an instance has now."""
    properties = {"creationData": {"createOption": "Empty"}}
    return [
        ManagedDisk(_resource(scale_set, instance, described, properties, instance.created))
        for described in data_disks(scale_set, instance)
    ]


def keep(world: World, disk: ManagedDisk) -> None:
    """Nothing has the disk any more, and it stays."""
    world.disks[disk.id.lower()] = disk


def attachments_of(scale_set: ScaleSet) -> Iterator[Attachment]:
    """Every disk that an instance of the set has."""
    for instance in scale_set.instances.values():
        yield Attachment(os_managed_disk(scale_set, instance), scale_set, instance)
        for disk in data_managed_disks(scale_set, instance):
            yield Attachment(disk, scale_set, instance)


def all_disks(world: World) -> Iterator[Attachment]:
    """Every disk that callers may see."""
    for scale_set in _visible(world):
        yield from attachments_of(scale_set)
    for disk in world.disks.values():
        yield Attachment(disk)


def _visible(world: World) -> Iterator[ScaleSet]:
    return (scale_set for scale_set in world.scale_sets.values() if not scale_set.is_hidden)


def find_disk(world: World, disk_id: str) -> Attachment | None:
    """A disk by its id, in any case."""
    wanted = disk_id.lower()
    if wanted in world.disks:
        return Attachment(world.disks[wanted])
    name = wanted.rpartition("/")[2]
    # A disk that came with an instance has the set's name in front; any other was attached by hand.
    for scale_set in _visible(world):
        if not (scale_set.has_moved_disks or name.startswith(f"{scale_set.id.name.lower()}_")):
            continue
        for attachment in attachments_of(scale_set):
            if attachment.disk.id.lower() == wanted:
                return attachment
    return None


def _resource(
    scale_set: ScaleSet, instance: Instance, described: JsonObject, properties: JsonObject, created: datetime
) -> JsonObject:
    disk_id = described["managedDisk"]["id"]
    resource: JsonObject = {
        "id": disk_id,
        "name": described["name"],
        "type": DISK_TYPE,
        "location": scale_set.location,
        "tags": {},
        "sku": {"name": described["managedDisk"].get("storageAccountType", "Premium_LRS")},
        "properties": {
            **properties,
            "diskSizeGB": described.get("diskSizeGB", 32),
            "timeCreated": arm_instant(created),
            "uniqueId": guid("disk", disk_id.lower()),
            "provisioningState": "Succeeded",
        },
    }
    if instance.zone is not None:
        resource["zones"] = [instance.zone]
    return resource
