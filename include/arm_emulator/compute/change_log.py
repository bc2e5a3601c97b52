"""The one place through which an instance's changes go: what has to follow whenever one changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from arm_emulator.compute.scale_set import Snapshot
from arm_emulator.record import ReadinessChanged

if TYPE_CHECKING:
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

_EVER = datetime.min.replace(tzinfo=UTC)


def instance_changed(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Forget its JSON, remember it for lagging lists, and tell the observer when its readiness changed."""
    instance.rendered = None
    instance.revision += 1
    remember(world, scale_set, instance.instance_id, instance)
    ready = instance.is_ready()
    if ready != instance.ready:
        instance.ready = ready
        world.observer.observe(ReadinessChanged(world.now, scale_set.told_as, instance.instance_id, ready))


def remember(world: World, scale_set: ScaleSet, instance_id: str, instance: Instance | None) -> None:
    """Keep this state for lists that lag, as long as one may still ask for it."""
    lag = list_lag(world, scale_set)
    if not lag:
        return
    scale_set.past.append(_snapshot(world, scale_set, instance_id, instance, at=world.now))
    _forget_before(world, scale_set, lag)


def remember_first(world: World, scale_set: ScaleSet) -> None:
    """Keep the states in which a scale set enters the world: for its lists they hold since ever."""
    if list_lag(world, scale_set):
        instances = scale_set.instances.values()
        scale_set.past.extend(_snapshot(world, scale_set, i.instance_id, i, at=_EVER) for i in instances)


def _snapshot(
    world: World, scale_set: ScaleSet, instance_id: str, instance: Instance | None, *, at: datetime
) -> Snapshot:
    pool = world.pool_of(scale_set)
    node = None if pool is None else pool.nodes.get(instance_id)
    return Snapshot(at, instance_id, instance and instance.as_it_is(), node and node.as_it_is())


def list_lag(world: World, scale_set: ScaleSet) -> timedelta:
    """By how much lists of this scale set lag; one draw holds for the whole world."""
    return world.timings_of(scale_set).draw("listLag", world.seed, scale_set.key)


def _forget_before(world: World, scale_set: ScaleSet, lag: timedelta) -> None:
    """Drop states that a newer one of the same instance has replaced even in the past that lists show."""
    horizon = world.now - lag
    past = scale_set.past
    replaced: set[str] = set()
    if len(past) < 2 * len(scale_set.instances) + 64 or past[0].at > horizon:
        return
    kept = []
    for snapshot in reversed(past):
        if snapshot.at <= horizon:
            if snapshot.instance_id in replaced:
                continue
            replaced.add(snapshot.instance_id)
        kept.append(snapshot)
    past.clear()
    past.extend(reversed(kept))
