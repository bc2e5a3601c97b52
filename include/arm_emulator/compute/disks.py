"""Names and ids of an instance's disks: a replaced disk is a new one, with a new name and id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.seeded import digest

if TYPE_CHECKING:
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet


def os_disk(scale_set: ScaleSet, instance: Instance) -> JsonObject:
    """``storageProfile.osDisk`` of an instance."""
    described = (instance.model.profile.get("storageProfile") or {}).get("osDisk") or {}
    shown = _os_disk(scale_set, instance, described)
    if scale_set.is_flexible:
        shown["deleteOption"] = instance.os_disk_delete_option
    return shown


def _os_disk(scale_set: ScaleSet, instance: Instance, described: JsonObject) -> JsonObject:
    if instance.attached_os_disk is not None:
        return _attached(instance.attached_os_disk.resource, described)
    imported = (instance.imported or {}).get("osDisk")
    if imported is not None and instance.os_disk == 1:
        return dict(imported)
    vm_name = f"{scale_set.id.name}_{instance.instance_id}"
    unique = digest("os disk", scale_set.key, instance.instance_id, instance.os_disk)
    name = f"{scale_set.id.name}_{vm_name}_OsDisk_1_{unique}"
    return {
        "osType": instance.model.os_type,
        "name": name,
        "createOption": described.get("createOption", "FromImage"),
        "caching": described.get("caching", "ReadWrite"),
        "managedDisk": _managed_disk(scale_set, name, described),
        "diskSizeGB": described.get("diskSizeGB", 30),
    }


def data_disks(scale_set: ScaleSet, instance: Instance) -> list[JsonObject]:
    """``storageProfile.dataDisks`` of an instance."""
    if instance.own_data_disks is not None:
        return list(instance.own_data_disks)
    described = instance.model.data_disks
    given = scale_set.data_disks_per_instance
    found: list[dict[str, Any]] = []
    for position in range(len(described) if given is None else given):
        model = described[position] if position < len(described) else {}
        unique = digest("data disk", scale_set.key, instance.instance_id, position, instance.data_disks)
        name = f"{scale_set.id.name}_{scale_set.id.name}_{instance.instance_id}_disk{position + 2}_{unique}"
        found.append(
            {
                "lun": model.get("lun", position),
                "name": name,
                "createOption": model.get("createOption", "Empty"),
                "caching": model.get("caching", "None"),
                "managedDisk": _managed_disk(scale_set, name, model),
                "diskSizeGB": model.get("diskSizeGB", 32),
            }
        )
    return found


def renewed_data_disks(scale_set: ScaleSet, instance: Instance) -> tuple[JsonObject, ...] | None:
    """New disks in the places of an instance's own, LUN and caching kept; None where its disks follow from the model."""
    own = instance.own_data_disks
    return None if own is None else tuple(_renewed(scale_set, instance, disk) for disk in own)


def _renewed(scale_set: ScaleSet, instance: Instance, disk: JsonObject) -> JsonObject:
    unique = digest("data disk", scale_set.key, instance.instance_id, disk.get("lun"), instance.data_disks)
    name = f"{scale_set.id.name}_{scale_set.id.name}_{instance.instance_id}_disk{disk.get('lun')}_{unique}"
    return {**disk, "name": name, "managedDisk": _managed_disk(scale_set, name, disk)}


def _managed_disk(scale_set: ScaleSet, name: str, described: JsonObject) -> JsonObject:
    storage = (described.get("managedDisk") or {}).get("storageAccountType", "Premium_LRS")
    return {"id": disk_id_of(scale_set, name), "storageAccountType": storage}


def disk_id_of(scale_set: ScaleSet, name: str) -> str:
    """The id of a disk in the set's resource group."""
    where = f"/subscriptions/{scale_set.id.subscription}/resourceGroups/{scale_set.id.resource_group}"
    return f"{where}/providers/Microsoft.Compute/disks/{name}"


def _attached(disk: JsonObject, described: JsonObject) -> JsonObject:
    return {
        "osType": disk["properties"].get("osType"),
        "name": disk["name"],
        "createOption": "Attach",
        "caching": described.get("caching", "ReadWrite"),
        "managedDisk": {
            "id": disk["id"],
            "storageAccountType": (disk.get("sku") or {}).get("name", "Premium_LRS"),
        },
        "diskSizeGB": disk["properties"].get("diskSizeGB", 30),
    }
