"""The health that an instance reports, or does not: what follows a boot, and what comes from outside."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from arm_emulator.compute.instance import HealthState, Step
from arm_emulator.compute.steps import enter, leave, warming_time
from arm_emulator.images.behaviours import HealthWord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

_HAS_A_VERDICT_LATER = frozenset({HealthWord.HEALTHY, HealthWord.FLAPPING})
_HEALTH_AT_ONCE: Mapping[HealthWord, HealthState] = MappingProxyType(
    {
        HealthWord.HEALTHY: HealthState.HEALTHY,
        HealthWord.UNHEALTHY: HealthState.UNHEALTHY,
        HealthWord.NEVER: HealthState.INITIALIZING,
        HealthWord.FLAPPING: HealthState.HEALTHY,
    }
)


def set_health(world: World, instance: Instance, health: HealthState) -> None:
    """Change what an instance reports, and since when."""
    if instance.health is not health:
        instance.health, instance.health_at = health, world.now


def show_health(world: World, scale_set: ScaleSet, instance: Instance, word: HealthWord) -> None:
    """Let an instance show a health from now on, as something outside makes it."""
    instance.health_word = word
    if instance.step in {Step.WARMING, Step.GRACE, Step.FLAPPING}:
        leave(instance)
    set_health(world, instance, _HEALTH_AT_ONCE[word])
    if word is HealthWord.FLAPPING and instance.step is None:
        enter(world, scale_set, instance, Step.FLAPPING)
    elif word is HealthWord.NEVER and instance.step is None and _grace_of(instance) is not None:
        enter(world, scale_set, instance, Step.GRACE)


def follow_health(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Take up again what the operation interrupted: the way to a verdict, or the flapping after one."""
    if not instance.model.has_health_source:
        return
    if _is_source_broken(instance):
        set_health(world, instance, HealthState.UNKNOWN)
    elif instance.health is HealthState.INITIALIZING or instance.health is HealthState.UNKNOWN:
        _await_verdict(world, scale_set, instance)
    elif instance.health_word is HealthWord.FLAPPING:
        enter(world, scale_set, instance, Step.FLAPPING)


def _await_verdict(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """An extension waits for a healthy answer for as long as its settings say, if they do (N22)."""
    has_verdict = instance.health_word in _HAS_A_VERDICT_LATER
    grace = _grace_of(instance) if instance.health is HealthState.INITIALIZING else None
    if grace is not None and not (has_verdict and warming_time(world, scale_set, instance) <= grace):
        enter(world, scale_set, instance, Step.GRACE)
    elif has_verdict:
        enter(world, scale_set, instance, Step.WARMING)


def end_grace(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """No healthy answer in the grace period: unknown over HTTP, unhealthy over TCP (N22)."""
    source = instance.model.health_source
    is_http = source is not None and source.protocol != "tcp"
    set_health(world, instance, HealthState.UNKNOWN if is_http else HealthState.UNHEALTHY)
    if instance.health_word in _HAS_A_VERDICT_LATER:
        enter(world, scale_set, instance, Step.WARMING)


def _grace_of(instance: Instance) -> timedelta | None:
    source = instance.model.health_source
    return None if source is None else source.grace


def end_warming(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """The verdict: healthy, for good or until it flaps."""
    set_health(world, instance, HealthState.HEALTHY)
    if instance.health_word is HealthWord.FLAPPING:
        enter(world, scale_set, instance, Step.FLAPPING)


def flap(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """The other way round."""
    is_healthy = instance.health is HealthState.HEALTHY
    set_health(world, instance, HealthState.UNHEALTHY if is_healthy else HealthState.HEALTHY)
    enter(world, scale_set, instance, Step.FLAPPING)


def _is_source_broken(instance: Instance) -> bool:
    """Whether the extension that would report the health failed itself."""
    sources = {extension.name for extension in instance.model.extensions if extension.is_health_source}
    return any(result.name in sources and not result.succeeded for result in instance.extensions)
