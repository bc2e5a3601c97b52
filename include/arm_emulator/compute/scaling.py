"""Instances come and go: at load, when a scale set is scaled out, when it is scaled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.batch.interruption import lose_node
from arm_emulator.compute.change_log import remember
from arm_emulator.compute.images import version_of_new_instances
from arm_emulator.compute.instance import (
    Change,
    ChangeKind,
    ExtensionResult,
    HealthState,
    Instance,
    Power,
)
from arm_emulator.compute.life_cycle import DETACH, begin
from arm_emulator.compute.managed_disks import keep, os_managed_disk
from arm_emulator.compute.placement import place_of
from arm_emulator.record import InstanceAdded, InstanceRemoved

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

MAX_CAPACITY = 1000
"""Azure's limit for a scale set of platform images."""


def settled_instance(scale_set: ScaleSet, number: int, *, created: datetime, version: str | None) -> Instance:
    """An instance that has been there for a while: running, provisioned, healthy."""
    place = place_of(scale_set, number)
    return Instance(
        instance_id=str(number),
        zone=place.zone,
        update_domain=place.update_domain,
        fault_domain=place.fault_domain,
        model=scale_set.model,
        exact_version=version,
        created=created,
        extensions=tuple(ExtensionResult(e.name, True, created) for e in scale_set.model.extensions),  # noqa: FBT003 - "succeeded"
        provisioned_at=created,
        powered_at=created,
        health_at=created,
        os_disk_delete_option=scale_set.model.os_disk_delete_option,
    )


def scale_to(world: World, scale_set: ScaleSet, capacity: int) -> None:
    """Create or remove instances until there are ``capacity`` of them.

    New instances are on the newest version where the model says ``latest``, whatever the others run. Of the present
    ones the highest numbers go first; those protected from scale-in stay.
    """
    while len(scale_set.instances) < capacity:
        _add_instance(world, scale_set)
    surplus = len(scale_set.instances) - capacity
    for instance in _first_to_go(scale_set)[:surplus] if surplus > 0 else ():
        remove_instance(world, scale_set, instance)
    scale_set.resource.setdefault("sku", {})["capacity"] = len(scale_set.instances)


def replace_instance(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Delete an instance and create another one, of a new number, on the version of new instances (O9)."""
    remove_instance(world, scale_set, instance)
    _add_instance(world, scale_set)


def remove_instances(world: World, scale_set: ScaleSet, instance_ids: Iterable[str]) -> None:
    """Delete instances by their ids; the capacity falls with them, so that nothing is created in their place."""
    for instance_id in instance_ids:
        remove_instance(world, scale_set, scale_set.instances[instance_id])
    scale_set.resource.setdefault("sku", {})["capacity"] = len(scale_set.instances)


def _add_instance(world: World, scale_set: ScaleSet) -> None:
    version = version_of_new_instances(world, scale_set)
    instance = settled_instance(scale_set, scale_set.next_id, created=world.now, version=version)
    instance.power, instance.health = Power.STARTING, HealthState.INITIALIZING
    instance.extensions = ()
    instance.boots = 1
    instance.ready = False
    instance.is_down = world.is_zone_down(scale_set.location, instance.zone)
    scale_set.next_id += 1
    scale_set.instances[instance.instance_id] = instance
    world.observer.observe(InstanceAdded(world.now, scale_set.told_as, instance.instance_id, version))
    names = tuple(extension.name for extension in scale_set.model.extensions)
    begin(world, scale_set, instance, Change(ChangeKind.CREATE, extensions=names))


def _first_to_go(scale_set: ScaleSet) -> list[Instance]:
    newest_first = reversed(scale_set.instances.values())
    return [i for i in newest_first if i.protection is None or not i.protection.from_scale_in]


def remove_instance(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    """Delete an instance; the OS disk of a virtual machine stays where its ``deleteOption`` says so."""
    if scale_set.is_flexible and instance.os_disk_delete_option == DETACH:
        keep(world, os_managed_disk(scale_set, instance))
    lose_node(world, scale_set, instance)
    del scale_set.instances[instance.instance_id]
    if instance.change is not None and instance.change.operation is not None:
        world.operations[instance.change.operation].settle(instance.instance_id, world.now)
    remember(world, scale_set, instance.instance_id, None)
    world.observer.observe(InstanceRemoved(world.now, scale_set.told_as, instance.instance_id))
