"""Steps: how an instance comes to be at one, how long that lasts, and how it stops."""

from __future__ import annotations

from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.compute.instance import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

FLAPPING_PERIOD = timedelta(seconds=30)

_TIMING_OF: Mapping[Step, str] = MappingProxyType(
    {Step.SWAPPING: "swap", Step.BOOTING: "boot", Step.EXTENDING: "extension", Step.WARMING: "health"}
)


def enter(world: World, scale_set: ScaleSet, instance: Instance, step: Step) -> None:
    """Put an instance at a step; the timeline knows when that ends."""
    instance.step = step
    instance.due = world.now + _duration(world, scale_set, instance, step)
    instance.ticket = world.timeline.schedule(
        instance.due, scale_set=scale_set.key, instance=instance.instance_id
    )


def leave(instance: Instance) -> None:
    """Wait for nothing any more: an entry of the timeline that is still there is void."""
    instance.step = instance.due = instance.ticket = None


def _duration(world: World, scale_set: ScaleSet, instance: Instance, step: Step) -> timedelta:
    if step is Step.APPLYING:
        return timedelta()
    if step is Step.FLAPPING:
        return FLAPPING_PERIOD
    timings = world.timings_of(scale_set)
    what = _running_extension(instance) if step is Step.EXTENDING else ""
    own = (scale_set.key, instance.instance_id, instance.boots, what)
    return timings.draw(_TIMING_OF[step], world.seed, *own)


def _running_extension(instance: Instance) -> str:
    change = instance.change
    return change.extensions[change.position] if change else ""
