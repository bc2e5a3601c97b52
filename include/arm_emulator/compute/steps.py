"""Steps: how an instance comes to be at one, how long that lasts, and how it stops."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.compute.instance import HealthState, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

FLAPPING_PERIOD = timedelta(seconds=30)

_TIMING_OF: Mapping[Step, str] = MappingProxyType(
    {
        Step.SWAPPING: "swap",
        Step.BOOTING: "boot",
        Step.EXTENDING: "extension",
        Step.STOPPING: "deallocate",
    }
)


def enter(world: World, scale_set: ScaleSet, instance: Instance, step: Step) -> None:
    """Put an instance at a step; the timeline knows when that ends."""
    instance.step = step
    instance.time_left = _duration(world, scale_set, instance, step)
    resume(world, scale_set, instance)


def resume(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Let the step go on with the time that is left of it, unless the instance's zone is down."""
    if instance.is_down or instance.time_left is None:
        return
    instance.due, instance.time_left = world.now + instance.time_left, None
    instance.ticket = world.timeline.schedule(
        instance.due, resource=scale_set.key, member=instance.instance_id
    )


def leave(instance: Instance) -> None:
    """Wait for nothing any more: an entry of the timeline that is still there is void."""
    instance.step = instance.due = instance.ticket = instance.time_left = None


def _duration(world: World, scale_set: ScaleSet, instance: Instance, step: Step) -> timedelta:
    if step in {Step.APPLYING, Step.ATTACHING}:
        return timedelta()
    if step is Step.FLAPPING:
        return FLAPPING_PERIOD
    if step in {Step.WARMING, Step.GRACE}:
        return _time_to_verdict(world, scale_set, instance, step)
    timings = world.timings_of(scale_set)
    what = _running_extension(instance) if step is Step.EXTENDING else ""
    own = (scale_set.key, instance.instance_id, instance.boots, what)
    return timings.draw(_TIMING_OF[step], world.seed, *own)


def warming_time(world: World, scale_set: ScaleSet, instance: Instance) -> timedelta:
    """How long the application takes to a healthy answer, once its extensions have run."""
    own = (scale_set.key, instance.instance_id, instance.boots, "")
    return world.timings_of(scale_set).draw("health", world.seed, *own)


def _time_to_verdict(world: World, scale_set: ScaleSet, instance: Instance, step: Step) -> timedelta:
    """The grace period, or the time to a healthy answer less the grace period that is over already."""
    source = instance.model.health_source
    grace = source.grace if source is not None and source.grace is not None else timedelta()
    if step is Step.GRACE:
        return grace
    spent = timedelta() if instance.health is HealthState.INITIALIZING else grace
    return max(timedelta(), warming_time(world, scale_set, instance) - spent)


def _running_extension(instance: Instance) -> str:
    change = instance.change
    return change.extensions[change.position] if change else ""
