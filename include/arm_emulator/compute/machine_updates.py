"""PATCH and PUT of a virtual machine of a Flexible set: tags, disks, protection; judged whole before it changes anything."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.compute.actions import begin_immediate_operation
from arm_emulator.compute.change_log import instance_changed
from arm_emulator.compute.data_disk_changes import changed_data_disks
from arm_emulator.compute.machine_actions import attachable_disk, begin_attach, refuse_busy_machine
from arm_emulator.compute.model_changes import protection_of

if TYPE_CHECKING:
    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.operations.operation import Operation
    from arm_emulator.world.world import World

DELETE_OPTIONS = ("Delete", "Detach")


def update_machine(
    world: World, scale_set: ScaleSet, instance: Instance, body: dict[str, Any], disruption: Disruption
) -> Operation:
    """Change what the body names of a machine: its tags, its disks, its protection.

    :raises OperationNotAllowedError: an operation is in progress, or the disk cannot be attached now.
    :raises InvalidParameterError: a value that Azure refuses.
    """
    refuse_busy_machine(scale_set, instance)
    properties = _object(body, "properties")
    storage = _object(properties, "storageProfile")
    wanted = _object(storage, "osDisk")
    delete_option = _delete_option(wanted)
    disk_id = _object(wanted, "managedDisk").get("id")
    disk = None if disk_id is None else attachable_disk(world, scale_set, instance, str(disk_id))
    disks = storage.get("dataDisks")
    changed = None if disks is None else changed_data_disks(world, scale_set, instance, disks)
    policy = properties.get("protectionPolicy")
    protection = None if policy is None else protection_of(policy)
    tags = _object(body, "tags") if body.get("tags") is not None else None
    if disruption.applies_to_resource:
        instance.tags = instance.tags if tags is None else copy.deepcopy(tags)
        instance.os_disk_delete_option = delete_option or instance.os_disk_delete_option
        instance.protection = instance.protection if policy is None else protection
        if changed is not None:
            changed.carry_out(world, scale_set, instance)
        instance.etag += 1
        instance_changed(world, scale_set, instance)
    if disk is not None:
        return begin_attach(world, scale_set, instance, disk, disruption)
    path = scale_set.machine_id(instance.instance_id)
    return begin_immediate_operation(world, scale_set, result_path=path, disruption=disruption)


def _delete_option(wanted: dict[str, Any]) -> str | None:
    given = wanted.get("deleteOption")
    found = next((option for option in DELETE_OPTIONS if option.lower() == str(given).lower()), None)
    if given is not None and found is None:
        raise InvalidParameterError(
            f"The value '{given}' of parameter deleteOption is none of {', '.join(DELETE_OPTIONS)}.",
            target="osDisk.deleteOption",
        )
    return found


def _object(body: dict[str, Any], key: str) -> dict[str, Any]:
    found = body.get(key)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise InvalidParameterError(f"{key} is no object.", target=key)
    return found
