"""What may be done to a virtual machine of a Flexible set: power, and another OS disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import InvalidParameterError, OperationNotAllowedError, ResourceNotFoundError
from arm_emulator.compute.actions import begin_operation, disrupted_change, tell_replacements
from arm_emulator.compute.disruption import UNDISTURBED
from arm_emulator.compute.instance import ChangeKind, Fate, Power
from arm_emulator.compute.life_cycle import begin
from arm_emulator.compute.managed_disks import find_disk, os_managed_disk
from arm_emulator.record import DeallocationAccepted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.managed_disks import ManagedDisk
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.operations.operation import Operation
    from arm_emulator.world.world import World

_ALREADY: Mapping[ChangeKind, frozenset[Power]] = {
    ChangeKind.DEALLOCATE: frozenset({Power.DEALLOCATED}),
    ChangeKind.POWER_OFF: frozenset({Power.STOPPED, Power.DEALLOCATED}),
    ChangeKind.START: frozenset({Power.RUNNING}),
    ChangeKind.RESTART: frozenset(),
}
"""The power of a machine for which there is nothing to do."""


def begin_power_change(
    world: World,
    scale_set: ScaleSet,
    instance: Instance,
    kind: ChangeKind,
    disruption: Disruption = UNDISTURBED,
) -> Operation:
    """Accept deallocate, power off, start or restart; what is so already ends at once.

    :raises OperationNotAllowedError: an operation is in progress, or a machine that is not running is restarted.
    """
    refuse_busy_machine(scale_set, instance)
    if kind is ChangeKind.RESTART and instance.power is not Power.RUNNING:
        raise OperationNotAllowedError(
            f"Cannot restart VM '{scale_set.machine_name(instance.instance_id)}' that is not running."
        )
    is_so_already = instance.power in _ALREADY[kind] and disruption.fate is Fate.APPLY
    operation = begin_operation(world, scale_set, () if is_so_already else (instance,), disruption=disruption)
    if not is_so_already:
        if kind is ChangeKind.DEALLOCATE:
            world.observer.observe(DeallocationAccepted(world.now, scale_set.told_as, instance.instance_id))
        begin(world, scale_set, instance, disrupted_change(kind, operation, disruption, instance))
    return operation


def attachable_disk(
    world: World, scale_set: ScaleSet, instance: Instance, disk_id: str
) -> ManagedDisk | None:
    """The disk that is to become the machine's OS disk; None where it is that already.

    :raises OperationNotAllowedError: the machine is not deallocated, or something else has the disk.
    :raises ResourceNotFoundError: there is no such disk.
    :raises InvalidParameterError: it is no OS disk, or one of another operating system.
    """
    name = scale_set.machine_name(instance.instance_id)
    if os_managed_disk(scale_set, instance).id.lower() == disk_id.lower():
        return None
    found = find_disk(world, disk_id)
    if found is None:
        raise ResourceNotFoundError(f"Disk {disk_id} is not found.", target="osDisk.managedDisk.id")
    if found.instance is not None:
        raise OperationNotAllowedError(
            f"Cannot attach the disk {disk_id} to VM '{name}': it is attached already.", target="osDisk"
        )
    if instance.power is not Power.DEALLOCATED:
        raise OperationNotAllowedError(
            f"The OS disk of VM '{name}' cannot be swapped while it is {instance.power}: deallocate it first.",
            target="osDisk",
        )
    if found.disk.os_type != instance.model.os_type:
        raise InvalidParameterError(
            f"The disk {disk_id} holds {found.disk.os_type or 'no operating system'}, and VM '{name}' runs "
            f"{instance.model.os_type}.",
            target="osDisk.managedDisk.id",
        )
    return found.disk


def begin_attach(
    world: World,
    scale_set: ScaleSet,
    instance: Instance,
    disk: ManagedDisk,
    disruption: Disruption = UNDISTURBED,
) -> Operation:
    """Accept the swap of the OS disk for another one, which ``attachable_disk`` has allowed."""
    path = scale_set.machine_id(instance.instance_id)
    operation = begin_operation(world, scale_set, (instance,), disruption=disruption, result_path=path)
    tell_replacements(world, scale_set, (instance,), disk.version)
    change = disrupted_change(ChangeKind.ATTACH, operation, disruption, instance)
    change.disk = disk.id
    begin(world, scale_set, instance, change)
    return operation


def refuse_busy_machine(scale_set: ScaleSet, instance: Instance) -> None:
    """Refuse what cannot be done while an operation is in progress.

    :raises OperationNotAllowedError: one is.
    """
    if instance.is_busy:
        raise OperationNotAllowedError(
            f"The operation cannot be performed on VM '{scale_set.machine_name(instance.instance_id)}': another "
            "operation is in progress."
        )
