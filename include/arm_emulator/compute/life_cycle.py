"""The life of an instance in steps: each step has an end, and what follows is decided there.

    reimage      SWAPPING -> BOOTING -> EXTENDING* -> settled -> WARMING -> healthy (-> FLAPPING*)
    new          BOOTING -> EXTENDING* -> settled -> WARMING -> …
    model        APPLYING -> EXTENDING* -> settled
    start        BOOTING -> …                       restart the same
    stop         STOPPING -> settled                deallocate the same
    attach       ATTACHING -> settled

*Settled* is the end of the operation for this instance: power and extensions have their final state. Health comes after
it, and only where the model has a health source. A change that a fault makes fail ends with its first step, before it
touched anything; one that is stuck has no end.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.compute.change_log import instance_changed
from arm_emulator.compute.disks import data_disks, renewed_data_disks
from arm_emulator.compute.extension_runs import (
    apply_model,
    behaviour_of,
    change_of,
    end_extension,
    fail,
    next_extension,
    succeed,
)
from arm_emulator.compute.health import end_grace, end_warming, flap, follow_health, set_health
from arm_emulator.compute.instance import (
    Change,
    ChangeKind,
    Fate,
    HealthState,
    Power,
    Provisioning,
    Step,
)
from arm_emulator.compute.managed_disks import keep, os_managed_disk
from arm_emulator.compute.steps import enter, leave
from arm_emulator.images.behaviours import HealthWord
from arm_emulator.record import OsDiskSwapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

DETACH = "Detach"


def begin(world: World, scale_set: ScaleSet, instance: Instance, change: Change) -> None:
    """Start a change: the instance is busy from here on."""
    instance.change = change
    instance.failure = None
    instance.provisioned_at = world.now
    instance.provisioning = Provisioning.UPDATING
    if change.kind is ChangeKind.CREATE:
        instance.provisioning = Provisioning.CREATING
    if change.fate is Fate.APPLY:
        _show_at_once(world, instance, change)
    if change.fate is Fate.STUCK:
        leave(instance)
    elif change.fate is Fate.APPLY and change.kind in _BOOTS_AT_ONCE:
        _start_boot(world, scale_set, instance)
    else:
        enter(world, scale_set, instance, _FIRST_STEP[change.kind])
    instance_changed(world, scale_set, instance)


def _show_at_once(world: World, instance: Instance, change: Change) -> None:
    if change.kind in _ENDS_IN:
        is_deallocated = change.kind is ChangeKind.DEALLOCATE
        instance.power = Power.DEALLOCATING if is_deallocated else Power.STOPPING
        instance.powered_at = world.now


def finish_step(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """The step that the instance is at is over, at ``world.now``."""
    step = instance.step
    if step is None:
        return
    leave(instance)
    if instance.change is not None and instance.change.fate is Fate.FAIL:
        fail(world, scale_set, instance, instance.change)
        follow_health(world, scale_set, instance)
    else:
        _ON_END[step](world, scale_set, instance)
    instance_changed(world, scale_set, instance)


def _end_swap(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    change = change_of(instance)
    is_whole = change.kind is ChangeKind.REIMAGE_ALL
    before = _data_disk_ids(scale_set, instance)
    _leave_os_disk(world, scale_set, instance)
    instance.attached_os_disk, instance.os_disk_at = None, world.now
    instance.os_disk += 1
    instance.data_disks += is_whole
    if is_whole:
        instance.own_data_disks = renewed_data_disks(scale_set, instance)
    instance.exact_version = change.version or instance.exact_version
    instance.model = scale_set.model
    instance.etag += 1
    lost = len(before - _data_disk_ids(scale_set, instance))
    world.observer.observe(
        OsDiskSwapped(world.now, scale_set.told_as, instance.instance_id, instance.exact_version, lost)
    )
    _start_boot(world, scale_set, instance)


def _data_disk_ids(scale_set: ScaleSet, instance: Instance) -> frozenset[str]:
    return frozenset(disk["managedDisk"]["id"].lower() for disk in data_disks(scale_set, instance))


def _leave_os_disk(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """The OS disk of a virtual machine outlives its replacement where its ``deleteOption`` says so."""
    if scale_set.is_flexible and instance.os_disk_delete_option == DETACH:
        keep(world, os_managed_disk(scale_set, instance))


def _end_stop(world: World, _scale_set: ScaleSet, instance: Instance) -> None:
    change = change_of(instance)
    instance.power, instance.powered_at = _ENDS_IN[change.kind], world.now
    if instance.model.has_health_source:
        set_health(world, instance, HealthState.UNKNOWN)
    succeed(world, instance, change)


def _end_attach(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Another OS disk: the one before is left unattached, whatever its ``deleteOption``."""
    change = change_of(instance)
    disk = world.disks.pop(str(change.disk).lower())
    keep(world, os_managed_disk(scale_set, instance))
    instance.attached_os_disk, instance.os_disk_at = disk, world.now
    instance.exact_version = disk.version
    instance.etag += 1
    scale_set.has_moved_disks = True
    world.observer.observe(
        OsDiskSwapped(world.now, scale_set.told_as, instance.instance_id, instance.exact_version, 0)
    )
    succeed(world, instance, change)


def _start_boot(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Boot: custom data and all extensions run anew, and health is unknown until it is told."""
    change_of(instance).extensions = tuple(extension.name for extension in instance.model.extensions)
    instance.boots += 1
    instance.booted_at = world.now
    instance.extensions = ()
    instance.power, instance.powered_at = Power.STARTING, world.now
    set_health(world, instance, HealthState.INITIALIZING)
    enter(world, scale_set, instance, Step.BOOTING)


def _end_boot(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    instance.power, instance.powered_at = Power.RUNNING, world.now
    instance.health_word = behaviour_of(world, scale_set, instance).health
    if instance.health_word is HealthWord.UNHEALTHY:
        set_health(world, instance, HealthState.UNHEALTHY)
    next_extension(world, scale_set, instance)


_FIRST_STEP: Mapping[ChangeKind, Step] = MappingProxyType(
    {
        ChangeKind.CREATE: Step.BOOTING,
        ChangeKind.MODEL: Step.APPLYING,
        ChangeKind.REIMAGE: Step.SWAPPING,
        ChangeKind.REIMAGE_ALL: Step.SWAPPING,
        ChangeKind.DEALLOCATE: Step.STOPPING,
        ChangeKind.POWER_OFF: Step.STOPPING,
        ChangeKind.START: Step.BOOTING,
        ChangeKind.RESTART: Step.BOOTING,
        ChangeKind.ATTACH: Step.ATTACHING,
    }
)
_BOOTS_AT_ONCE = frozenset({ChangeKind.START, ChangeKind.RESTART})
_ENDS_IN: Mapping[ChangeKind, Power] = MappingProxyType(
    {ChangeKind.DEALLOCATE: Power.DEALLOCATED, ChangeKind.POWER_OFF: Power.STOPPED}
)
_ON_END: Mapping[Step, Callable[[World, ScaleSet, Instance], None]] = MappingProxyType(
    {
        Step.SWAPPING: _end_swap,
        Step.BOOTING: _end_boot,
        Step.APPLYING: apply_model,
        Step.EXTENDING: end_extension,
        Step.WARMING: end_warming,
        Step.GRACE: end_grace,
        Step.FLAPPING: flap,
        Step.STOPPING: _end_stop,
        Step.ATTACHING: _end_attach,
    }
)
