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

from arm_emulator.arm_errors import ErrorDetail
from arm_emulator.compute.change_log import instance_changed
from arm_emulator.compute.disks import data_disks, renewed_data_disks
from arm_emulator.compute.health import end_grace, end_warming, flap, follow_health, set_health
from arm_emulator.compute.instance import (
    Change,
    ChangeKind,
    ExtensionResult,
    Fate,
    HealthState,
    Power,
    Provisioning,
    Step,
)
from arm_emulator.compute.instance_view import lock_out_words
from arm_emulator.compute.managed_disks import keep, os_managed_disk
from arm_emulator.compute.steps import enter, leave
from arm_emulator.images.behaviours import HEALTHY_BOOT, HealthWord, behaviour_at_boot
from arm_emulator.record import OperationFailed, OsDiskSwapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arm_emulator.compute.extensions import Extension
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.images.behaviours import ImageBehaviour
    from arm_emulator.world.world import World

DETACH = "Detach"
EXTENSION_FAILURE = "VMExtensionProvisioningError"


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
        _fail(world, scale_set, instance, instance.change)
        follow_health(world, scale_set, instance)
    else:
        _ON_END[step](world, scale_set, instance)
    instance_changed(world, scale_set, instance)


def _end_swap(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    change = _change_of(instance)
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
        OsDiskSwapped(world.now, scale_set.id.text, instance.instance_id, instance.exact_version, lost)
    )
    _start_boot(world, scale_set, instance)


def _data_disk_ids(scale_set: ScaleSet, instance: Instance) -> frozenset[str]:
    return frozenset(disk["managedDisk"]["id"].lower() for disk in data_disks(scale_set, instance))


def _leave_os_disk(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """The OS disk of a virtual machine outlives its replacement where its ``deleteOption`` says so."""
    if scale_set.is_flexible and instance.os_disk_delete_option == DETACH:
        keep(world, os_managed_disk(scale_set, instance))


def _end_stop(world: World, _scale_set: ScaleSet, instance: Instance) -> None:
    change = _change_of(instance)
    instance.power, instance.powered_at = _ENDS_IN[change.kind], world.now
    if instance.model.has_health_source:
        set_health(world, instance, HealthState.UNKNOWN)
    _succeed(world, instance, change)


def _end_attach(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Another OS disk: the one before is left unattached, whatever its ``deleteOption``."""
    change = _change_of(instance)
    disk = world.disks.pop(str(change.disk).lower())
    keep(world, os_managed_disk(scale_set, instance))
    instance.attached_os_disk, instance.os_disk_at = disk, world.now
    instance.exact_version = disk.version
    instance.etag += 1
    scale_set.has_moved_disks = True
    world.observer.observe(
        OsDiskSwapped(world.now, scale_set.id.text, instance.instance_id, instance.exact_version, 0)
    )
    _succeed(world, instance, change)


def _start_boot(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Boot: custom data and all extensions run anew, and health is unknown until it is told."""
    _change_of(instance).extensions = tuple(extension.name for extension in instance.model.extensions)
    instance.boots += 1
    instance.extensions = ()
    instance.power, instance.powered_at = Power.STARTING, world.now
    set_health(world, instance, HealthState.INITIALIZING)
    enter(world, scale_set, instance, Step.BOOTING)


def _end_boot(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    instance.power, instance.powered_at = Power.RUNNING, world.now
    instance.health_word = _behaviour(world, scale_set, instance).health
    if instance.health_word is HealthWord.UNHEALTHY:
        set_health(world, instance, HealthState.UNHEALTHY)
    _next_extension(world, scale_set, instance)


def _apply_model(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    had_source = instance.model.has_health_source
    _change_of(instance).extensions = _extensions_to_run(scale_set, instance)
    instance.model = scale_set.model
    instance.etag += 1
    there = {extension.name for extension in scale_set.model.extensions}
    instance.extensions = tuple(result for result in instance.extensions if result.name in there)
    if instance.model.has_health_source and not had_source:
        set_health(world, instance, HealthState.INITIALIZING)
    _next_extension(world, scale_set, instance)


def _extensions_to_run(scale_set: ScaleSet, instance: Instance) -> tuple[str, ...]:
    """What applying the model runs: extensions that changed, and those that failed before."""
    succeeded = {result.name for result in instance.extensions if result.succeeded}
    changed = scale_set.model.changed_extensions(instance.model)
    names = (extension.name for extension in scale_set.model.extensions)
    return tuple(name for name in names if name in changed or name not in succeeded)


def _end_extension(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    change = _change_of(instance)
    name = change.extensions[change.position]
    behaviour = _behaviour(world, scale_set, instance)
    succeeded = not (behaviour.extension_failed and behaviour.extension == name)
    extension = _extension_named(instance, name)
    if extension is not None and extension.is_locked_out_at(world.now):
        succeeded = False
    others = tuple(result for result in instance.extensions if result.name != name)
    instance.extensions = (*others, ExtensionResult(name, succeeded, world.now))
    change.position += 1
    _next_extension(world, scale_set, instance)


def _next_extension(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    change = _change_of(instance)
    change.position = _skip_blocked(instance, change)
    if change.position < len(change.extensions):
        enter(world, scale_set, instance, Step.EXTENDING)
    else:
        _settle(world, scale_set, instance, change)


def _skip_blocked(instance: Instance, change: Change) -> int:
    """The next extension that does not wait for one that failed or never ran; those are left out."""
    succeeded = {result.name for result in instance.extensions if result.succeeded}
    waits_for = {extension.name: extension.after for extension in instance.model.extensions}
    position = change.position
    while position < len(change.extensions):
        if succeeded.issuperset(waits_for.get(change.extensions[position], ())):
            break
        position += 1
    return position


def _settle(world: World, scale_set: ScaleSet, instance: Instance, change: Change) -> None:
    failed = [result.name for result in instance.extensions if not result.succeeded]
    if failed:
        change.code = EXTENSION_FAILURE
        change.message = (
            f"VM '{scale_set.id.name}_{instance.instance_id}' has reported a failure when processing extension "
            f"'{failed[0]}'.{_reason(world, instance, failed[0])}"
        )
        _fail(world, scale_set, instance, change)
    else:
        _succeed(world, instance, change)
    follow_health(world, scale_set, instance)


def _reason(world: World, instance: Instance, name: str) -> str:
    extension = _extension_named(instance, name)
    is_locked_out = extension is not None and extension.is_locked_out_at(world.now)
    return f" Error message: {lock_out_words(extension)}" if extension and is_locked_out else ""


def _extension_named(instance: Instance, name: str) -> Extension | None:
    return next((extension for extension in instance.model.extensions if extension.name == name), None)


def _succeed(world: World, instance: Instance, change: Change) -> None:
    instance.provisioning, instance.provisioned_at = Provisioning.SUCCEEDED, world.now
    instance.change = None
    if change.operation is not None:
        world.operations[change.operation].settle(instance.instance_id, world.now)


def _fail(world: World, scale_set: ScaleSet, instance: Instance, change: Change) -> None:
    instance.provisioning, instance.provisioned_at = Provisioning.FAILED, world.now
    instance.failure = change.code
    instance.change = None
    if change.operation is not None:
        detail = ErrorDetail(change.code, change.message, target=instance.instance_id)
        world.operations[change.operation].settle(instance.instance_id, world.now, detail)
    world.observer.observe(OperationFailed(world.now, scale_set.id.text, instance.instance_id))


def _behaviour(world: World, scale_set: ScaleSet, instance: Instance) -> ImageBehaviour:
    if instance.change is not None and instance.change.kind is ChangeKind.MODEL:
        return HEALTHY_BOOT
    return behaviour_at_boot(
        world.behaviours,
        world.seed,
        scale_set=scale_set.key,
        instance=instance.instance_id,
        machine=scale_set.machine_name(instance.instance_id),
        version=instance.exact_version,
    )


def _change_of(instance: Instance) -> Change:
    if instance.change is None:
        raise ValueError(
            f"instance {instance.instance_id} is at {instance.step} without a change in progress"
        )
    return instance.change


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
        Step.APPLYING: _apply_model,
        Step.EXTENDING: _end_extension,
        Step.WARMING: end_warming,
        Step.GRACE: end_grace,
        Step.FLAPPING: flap,
        Step.STOPPING: _end_stop,
        Step.ATTACHING: _end_attach,
    }
)
