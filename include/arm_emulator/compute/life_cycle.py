"""The life of an instance in steps: each step has an end, and what follows is decided there.

    reimage      SWAPPING -> BOOTING -> EXTENDING* -> settled -> WARMING -> healthy (-> FLAPPING*)
    new          BOOTING -> EXTENDING* -> settled -> WARMING -> …
    model        APPLYING -> EXTENDING* -> settled

*Settled* is the end of the operation for this instance: power and extensions have their final state. Health comes after
it, and only where the model has a health source. A change that a fault makes fail ends with its first step, before it
touched anything; one that is stuck has no end.
"""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ErrorDetail
from arm_emulator.compute.change_log import instance_changed
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
from arm_emulator.images.behaviours import HEALTHY_BOOT, HealthWord, behaviour_at_boot
from arm_emulator.record import OperationFailed, OsDiskSwapped

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.images.behaviours import ImageBehaviour
    from arm_emulator.world.world import World

FLAPPING_PERIOD = timedelta(seconds=30)
EXTENSION_FAILURE = "VMExtensionProvisioningError"
_HAS_A_VERDICT_LATER = frozenset({HealthWord.HEALTHY, HealthWord.FLAPPING})


def begin(world: World, scale_set: ScaleSet, instance: Instance, change: Change) -> None:
    """Start a change: the instance is busy from here on."""
    instance.change = change
    instance.failure = None
    instance.provisioned_at = world.now
    instance.provisioning = Provisioning.UPDATING
    if change.kind is ChangeKind.CREATE:
        instance.provisioning = Provisioning.CREATING
    if change.fate is Fate.STUCK:
        _wait_for_nothing(instance)
    else:
        _enter(world, scale_set, instance, _FIRST_STEP[change.kind])
    instance_changed(world, scale_set, instance)


def finish_step(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """The step that the instance is at is over, at ``world.now``."""
    step = instance.step
    if step is None:
        return
    _wait_for_nothing(instance)
    if instance.change is not None and instance.change.fate is Fate.FAIL:
        _fail(world, scale_set, instance, instance.change)
        _follow_health(world, scale_set, instance)
    else:
        _ON_END[step](world, scale_set, instance)
    instance_changed(world, scale_set, instance)


def show_health(world: World, scale_set: ScaleSet, instance: Instance, word: HealthWord) -> None:
    """Let an instance show a health from now on, as something outside makes it."""
    instance.health_word = word
    if instance.step in {Step.WARMING, Step.FLAPPING}:
        _wait_for_nothing(instance)
    _set_health(world, instance, _HEALTH_AT_ONCE[word])
    if word is HealthWord.FLAPPING and instance.step is None:
        _enter(world, scale_set, instance, Step.FLAPPING)


def _enter(world: World, scale_set: ScaleSet, instance: Instance, step: Step) -> None:
    resume(world, scale_set, instance, step, _duration(world, scale_set, instance, step))


def resume(world: World, scale_set: ScaleSet, instance: Instance, step: Step, left: timedelta) -> None:
    """Put an instance at a step that ends after the time that is left."""
    instance.step = step
    instance.due = world.now + left
    instance.ticket = world.timeline.schedule(
        instance.due, scale_set=scale_set.key, instance=instance.instance_id
    )


def _duration(world: World, scale_set: ScaleSet, instance: Instance, step: Step) -> timedelta:
    if step is Step.APPLYING:
        return timedelta()
    if step is Step.FLAPPING:
        return FLAPPING_PERIOD
    name = _TIMING_OF[step]
    what = _running_extension(instance) if step is Step.EXTENDING else ""
    timings = world.timings_of(scale_set)
    return timings.draw(name, world.seed, scale_set.key, instance.instance_id, instance.boots, what)


def _running_extension(instance: Instance) -> str:
    change = instance.change
    return change.extensions[change.position] if change else ""


def _wait_for_nothing(instance: Instance) -> None:
    instance.step = instance.due = instance.ticket = None


def _end_swap(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    change = _change_of(instance)
    is_whole = change.kind is ChangeKind.REIMAGE_ALL
    instance.os_disk += 1
    instance.data_disks += is_whole
    instance.exact_version = change.version or instance.exact_version
    instance.model = scale_set.model
    instance.etag += 1
    lost = scale_set.data_disk_count if is_whole else 0
    world.observer.observe(
        OsDiskSwapped(world.now, scale_set.id.text, instance.instance_id, instance.exact_version, lost)
    )
    _start_boot(world, scale_set, instance)


def _start_boot(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Boot: custom data and all extensions run anew, and health is unknown until it is told."""
    _change_of(instance).extensions = tuple(extension.name for extension in instance.model.extensions)
    instance.boots += 1
    instance.extensions = ()
    instance.power, instance.powered_at = Power.STARTING, world.now
    _set_health(world, instance, HealthState.INITIALIZING)
    _enter(world, scale_set, instance, Step.BOOTING)


def _end_boot(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    instance.power, instance.powered_at = Power.RUNNING, world.now
    instance.health_word = _behaviour(world, scale_set, instance).health
    if instance.health_word is HealthWord.UNHEALTHY:
        _set_health(world, instance, HealthState.UNHEALTHY)
    _next_extension(world, scale_set, instance)


def _apply_model(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    had_source = instance.model.has_health_source
    _change_of(instance).extensions = _extensions_to_run(scale_set, instance)
    instance.model = scale_set.model
    instance.etag += 1
    there = {extension.name for extension in scale_set.model.extensions}
    instance.extensions = tuple(result for result in instance.extensions if result.name in there)
    if instance.model.has_health_source and not had_source:
        _set_health(world, instance, HealthState.INITIALIZING)
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
    others = tuple(result for result in instance.extensions if result.name != name)
    instance.extensions = (*others, ExtensionResult(name, succeeded, world.now))
    change.position += 1
    _next_extension(world, scale_set, instance)


def _next_extension(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    change = _change_of(instance)
    change.position = _skip_blocked(instance, change)
    if change.position < len(change.extensions):
        _enter(world, scale_set, instance, Step.EXTENDING)
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
            f"'{failed[0]}'."
        )
        _fail(world, scale_set, instance, change)
    else:
        _succeed(world, instance, change)
    _follow_health(world, scale_set, instance)


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


def _follow_health(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Take up again what the operation interrupted: the way to a verdict, or the flapping after one."""
    if not instance.model.has_health_source:
        return
    if _is_source_broken(instance):
        _set_health(world, instance, HealthState.UNKNOWN)
    elif instance.health is HealthState.INITIALIZING:
        if instance.health_word in _HAS_A_VERDICT_LATER:
            _enter(world, scale_set, instance, Step.WARMING)
    elif instance.health_word is HealthWord.FLAPPING:
        _enter(world, scale_set, instance, Step.FLAPPING)


def _is_source_broken(instance: Instance) -> bool:
    """Whether the extension that would report the health failed itself."""
    sources = {extension.name for extension in instance.model.extensions if extension.is_health_source}
    return any(result.name in sources and not result.succeeded for result in instance.extensions)


def _end_warming(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    _set_health(world, instance, HealthState.HEALTHY)
    if instance.health_word is HealthWord.FLAPPING:
        _enter(world, scale_set, instance, Step.FLAPPING)


def _flap(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    is_healthy = instance.health is HealthState.HEALTHY
    _set_health(world, instance, HealthState.UNHEALTHY if is_healthy else HealthState.HEALTHY)
    _enter(world, scale_set, instance, Step.FLAPPING)


def _set_health(world: World, instance: Instance, health: HealthState) -> None:
    if instance.health is not health:
        instance.health, instance.health_at = health, world.now


def _behaviour(world: World, scale_set: ScaleSet, instance: Instance) -> ImageBehaviour:
    if instance.change is not None and instance.change.kind is ChangeKind.MODEL:
        return HEALTHY_BOOT
    return behaviour_at_boot(
        world.behaviours,
        world.seed,
        scale_set=scale_set.key,
        instance=instance.instance_id,
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
    }
)
_TIMING_OF: Mapping[Step, str] = MappingProxyType(
    {Step.SWAPPING: "swap", Step.BOOTING: "boot", Step.EXTENDING: "extension", Step.WARMING: "health"}
)
_ON_END: Mapping[Step, Callable[[World, ScaleSet, Instance], None]] = MappingProxyType(
    {
        Step.SWAPPING: _end_swap,
        Step.BOOTING: _end_boot,
        Step.APPLYING: _apply_model,
        Step.EXTENDING: _end_extension,
        Step.WARMING: _end_warming,
        Step.FLAPPING: _flap,
    }
)
_HEALTH_AT_ONCE: Mapping[HealthWord, HealthState] = MappingProxyType(
    {
        HealthWord.HEALTHY: HealthState.HEALTHY,
        HealthWord.UNHEALTHY: HealthState.UNHEALTHY,
        HealthWord.NEVER: HealthState.INITIALIZING,
        HealthWord.FLAPPING: HealthState.HEALTHY,
    }
)
