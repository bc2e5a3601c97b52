"""Zones that are down: what their instances show meanwhile, and how they come back.

An instance of such a zone shows ``PowerState/stopped`` and no healthy state. What is under way on it, or begins
meanwhile, stands still; when the zone is back it goes on with the time that it had left. Tasks of Batch nodes there are
queued again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.outages import follow_zones
from arm_emulator.batch.interruption import lose_node
from arm_emulator.compute.change_log import instance_changed
from arm_emulator.compute.health import follow_health, set_health
from arm_emulator.compute.instance import HealthState
from arm_emulator.compute.steps import leave, resume

if TYPE_CHECKING:
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

Zone = tuple[str | None, str]
"""A region's name and one of its zones; None stands for that zone of every region."""


def let_zones_be_down(world: World, zones: frozenset[Zone]) -> None:
    """Make these zones the ones that are down, from now on: others come back."""
    if world.zones_down == zones:
        return
    world.zones_down = zones
    for scale_set in world.scale_sets.values():
        for instance in scale_set.instances.values() if scale_set.zones else ():
            is_down = world.is_zone_down(scale_set.location, instance.zone)
            if is_down and not instance.is_down:
                _lose(world, scale_set, instance)
            elif instance.is_down and not is_down:
                _come_back(world, scale_set, instance)
    for cluster in world.managed_clusters.values():
        follow_zones(world, cluster)


def _lose(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    instance.is_down = True
    instance.powered_at = instance.health_at = world.now
    if instance.due is not None:
        instance.time_left = instance.due - world.now
        instance.due = instance.ticket = None
    instance_changed(world, scale_set, instance)
    lose_node(world, scale_set, instance)


def _come_back(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """As it was; an application that had answered has to answer again."""
    instance.is_down = False
    instance.powered_at = instance.health_at = world.now
    if instance.is_busy:
        resume(world, scale_set, instance)
    elif instance.health is HealthState.HEALTHY:
        leave(instance)
        set_health(world, instance, HealthState.INITIALIZING)
        follow_health(world, scale_set, instance)
    else:
        resume(world, scale_set, instance)
    instance_changed(world, scale_set, instance)
