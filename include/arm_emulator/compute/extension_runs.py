"""The extensions of an instance, one after the other, and how a change settles once they have run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ErrorDetail
from arm_emulator.batch.node import node_id
from arm_emulator.compute.health import follow_health, set_health
from arm_emulator.compute.instance import (
    Change,
    ChangeKind,
    ExtensionResult,
    HealthState,
    Provisioning,
    Step,
)
from arm_emulator.compute.instance_view import lock_out_words
from arm_emulator.compute.steps import enter
from arm_emulator.images.behaviours import HEALTHY_BOOT, behaviour_at_boot
from arm_emulator.record import OperationFailed

if TYPE_CHECKING:
    from arm_emulator.compute.extensions import Extension
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.images.behaviours import ImageBehaviour
    from arm_emulator.world.world import World

EXTENSION_FAILURE = "VMExtensionProvisioningError"


def apply_model(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Give the instance its set's model, and run the extensions that this asks for."""
    had_source = instance.model.has_health_source
    change_of(instance).extensions = _extensions_to_run(scale_set, instance)
    instance.model = scale_set.model
    instance.etag += 1
    there = {extension.name for extension in scale_set.model.extensions}
    instance.extensions = tuple(result for result in instance.extensions if result.name in there)
    if instance.model.has_health_source and not had_source:
        set_health(world, instance, HealthState.INITIALIZING)
    next_extension(world, scale_set, instance)


def _extensions_to_run(scale_set: ScaleSet, instance: Instance) -> tuple[str, ...]:
    """What applying the model runs: extensions that changed, and those that failed before."""
    succeeded = {result.name for result in instance.extensions if result.succeeded}
    changed = scale_set.model.changed_extensions(instance.model)
    names = (extension.name for extension in scale_set.model.extensions)
    return tuple(name for name in names if name in changed or name not in succeeded)


def end_extension(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """An extension has run: well, unless its image, a fault of its own or a secret says otherwise."""
    change = change_of(instance)
    name = change.extensions[change.position]
    behaviour = behaviour_of(world, scale_set, instance)
    succeeded = not (behaviour.extension_failed and behaviour.extension == name)
    extension = _extension_named(instance, name)
    if extension is not None and extension.is_locked_out_at(world.now):
        succeeded = False
    others = tuple(result for result in instance.extensions if result.name != name)
    instance.extensions = (*others, ExtensionResult(name, succeeded, world.now))
    change.position += 1
    next_extension(world, scale_set, instance)


def next_extension(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Run the next extension, or settle where none is left."""
    change = change_of(instance)
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
        fail(world, scale_set, instance, change)
    else:
        succeed(world, instance, change)
    follow_health(world, scale_set, instance)


def _reason(world: World, instance: Instance, name: str) -> str:
    extension = _extension_named(instance, name)
    is_locked_out = extension is not None and extension.is_locked_out_at(world.now)
    return f" Error message: {lock_out_words(extension)}" if extension and is_locked_out else ""


def _extension_named(instance: Instance, name: str) -> Extension | None:
    return next((extension for extension in instance.model.extensions if extension.name == name), None)


def succeed(world: World, instance: Instance, change: Change) -> None:
    """The change is over, and so is its part of the operation."""
    instance.provisioning, instance.provisioned_at = Provisioning.SUCCEEDED, world.now
    instance.change = None
    if change.operation is not None:
        world.operations[change.operation].settle(instance.instance_id, world.now)


def fail(world: World, scale_set: ScaleSet, instance: Instance, change: Change) -> None:
    """The change failed, and its part of the operation with it."""
    instance.provisioning, instance.provisioned_at = Provisioning.FAILED, world.now
    instance.failure = change.code
    instance.change = None
    if change.operation is not None:
        detail = ErrorDetail(change.code, change.message, target=instance.instance_id)
        world.operations[change.operation].settle(instance.instance_id, world.now, detail)
    world.observer.observe(OperationFailed(world.now, scale_set.told_as, instance.instance_id))


def behaviour_of(world: World, scale_set: ScaleSet, instance: Instance) -> ImageBehaviour:
    """How the instance behaves on the version that it boots."""
    if instance.change is not None and instance.change.kind is ChangeKind.MODEL:
        return HEALTHY_BOOT
    number = instance.instance_id
    return behaviour_at_boot(
        world.behaviours,
        world.seed,
        scale_set=scale_set.told_as.lower(),
        instance=number,
        machine=node_id(number) if scale_set.owner else scale_set.machine_name(number),
        version=instance.exact_version,
    )


def change_of(instance: Instance) -> Change:
    """The change in progress.

    :raises ValueError: there is none.
    """
    if instance.change is None:
        raise ValueError(
            f"instance {instance.instance_id} is at {instance.step} without a change in progress"
        )
    return instance.change
