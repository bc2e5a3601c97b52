"""Data disks of a virtual machine, changed from outside: attached, detached, moved, cached otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidParameterError, OperationNotAllowedError
from arm_emulator.compute.disks import data_disks, disk_id_of
from arm_emulator.compute.managed_disks import data_managed_disks, find_disk, keep

if TYPE_CHECKING:
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

CACHINGS = ("None", "ReadOnly", "ReadWrite")


@dataclass(frozen=True, slots=True)
class DataDiskChange:
    """The data disks that a machine is to have."""

    disks: tuple[JsonObject, ...]

    def carry_out(self, world: World, scale_set: ScaleSet, instance: Instance) -> None:
        """Give the machine these disks; those that it had and has no more are kept unattached."""
        stay = {disk["managedDisk"]["id"].lower() for disk in self.disks}
        for disk in data_managed_disks(scale_set, instance):
            if disk.id.lower() not in stay:
                keep(world, disk)
        for disk_id in stay:
            world.disks.pop(disk_id, None)
        instance.own_data_disks = self.disks
        scale_set.has_moved_disks = True


def changed_data_disks(
    world: World,
    scale_set: ScaleSet,
    instance: Instance,
    wanted: Any,  # noqa: ANN401 - as the call wrote it
) -> DataDiskChange:
    """The change that ``storageProfile.dataDisks`` of a call asks for: the whole list, as ARM means it.

    :raises InvalidParameterError: it is no list of disks, each with a LUN of its own.
    :raises OperationNotAllowedError: another machine has one of them.
    """
    if not isinstance(wanted, list) or not all(isinstance(entry, dict) for entry in wanted):
        raise InvalidParameterError("dataDisks is no list of disks.", target="dataDisks")
    luns = [entry.get("lun") for entry in wanted]
    if not all(type(lun) is int and 0 <= lun <= 63 for lun in luns) or len(set(luns)) < len(luns):
        raise InvalidParameterError(
            "each of dataDisks needs a lun of its own, from 0 to 63.", target="dataDisks.lun"
        )
    present = {disk["managedDisk"]["id"].lower(): disk for disk in data_disks(scale_set, instance)}
    return DataDiskChange(tuple(_disk(world, scale_set, instance, entry, present) for entry in wanted))


def _disk(
    world: World, scale_set: ScaleSet, instance: Instance, entry: JsonObject, present: dict[str, JsonObject]
) -> JsonObject:
    name = str(entry.get("name") or f"{scale_set.machine_name(instance.instance_id)}_disk_{entry['lun']}")
    disk_id = str((entry.get("managedDisk") or {}).get("id") or disk_id_of(scale_set, name))
    known = present.get(disk_id.lower(), {})
    found = find_disk(world, disk_id)
    if not known and found is not None and found.instance is not None:
        raise OperationNotAllowedError(f"The disk {disk_id} is attached already.", target="dataDisks")
    caching = str(entry.get("caching") or known.get("caching") or "None")
    if caching not in CACHINGS:
        raise InvalidParameterError(
            f"The value '{caching}' of parameter caching is none of {', '.join(CACHINGS)}.",
            target="dataDisks.caching",
        )
    return {
        "lun": entry["lun"],
        "name": disk_id.rpartition("/")[2],
        "createOption": entry.get("createOption") or known.get("createOption", "Attach"),
        "caching": caching,
        "managedDisk": {"id": disk_id, "storageAccountType": "Premium_LRS"},
        "diskSizeGB": entry.get("diskSizeGB") or known.get("diskSizeGB", 32),
    }
