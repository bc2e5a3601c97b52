"""Scale sets from world documents, and the resource as Azure completes it."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from arm_emulator.compute.change_log import remember_first
from arm_emulator.compute.documenting import plain_instance, restore
from arm_emulator.compute.images import version_of_new_instances
from arm_emulator.compute.model import JsonObject, Model
from arm_emulator.compute.policy import completed_policy
from arm_emulator.compute.scale_set import ScaleSet
from arm_emulator.instants import arm_instant, parse_instant
from arm_emulator.record import ScaleSetAdded
from arm_emulator.resource_ids import ScaleSetId
from arm_emulator.resources.regions import region_name
from arm_emulator.seeded import guid

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.compute.documents import ScaleSetDocument, ScaleSetExtrasDocument
    from arm_emulator.world.world import World

SCALE_SET_TYPE = "Microsoft.Compute/virtualMachineScaleSets"


def load_scale_set(world: World, document: ScaleSetDocument) -> ScaleSet:
    """Add a scale set, with all of its instances, to a world.

    :param document: one that passed validation.
    """
    scale_set = new_scale_set(world.now, copy.deepcopy(document.resource))
    restore_extras(scale_set, document.x_emulator)
    create_instances(world, scale_set, document)
    register(world, scale_set)
    return scale_set


def restore_extras(scale_set: ScaleSet, extras: ScaleSetExtrasDocument) -> None:
    """Give a scale set what a document says beside its resource and its instances."""
    scale_set.own_timings = extras.timings.ranges()
    scale_set.image_version = extras.imageVersion
    scale_set.update_domains = extras.updateDomains
    scale_set.data_disks_per_instance = extras.dataDisksPerInstance
    scale_set.etag = extras.etag
    if extras.rollingUpgrade is not None:
        scale_set.rolling_upgrade = extras.rollingUpgrade.upgrade()
    scale_set.upgrade_history = [said.upgrade() for said in extras.upgradeHistory]
    if extras.automaticSince is not None:
        scale_set.automatic_since = parse_instant(extras.automaticSince)
    for version, instant in extras.eligible.items():
        scale_set.eligible = version, parse_instant(instant)
    scale_set.repairs_suspended = extras.repairsSuspended


def new_scale_set(now: datetime, resource: JsonObject) -> ScaleSet:
    """A scale set without instances, its resource completed as Azure does."""
    scale_set_id = ScaleSetId.parse(resource["id"])
    complete(resource, scale_set_id, now)
    return ScaleSet(
        id=scale_set_id,
        location=region_name(resource["location"]),
        resource=resource,
        model=Model.of(resource),
    )


def complete(resource: JsonObject, scale_set_id: ScaleSetId, now: datetime) -> None:
    """Fill in what Azure fills in; what was given stays."""
    resource.setdefault("name", scale_set_id.name)
    resource.setdefault("type", SCALE_SET_TYPE)
    properties = resource.setdefault("properties", {})
    properties["upgradePolicy"] = completed_policy(properties.get("upgradePolicy") or {"mode": "Manual"})
    properties.setdefault("orchestrationMode", "Uniform")
    properties.setdefault("provisioningState", "Succeeded")
    properties.setdefault("uniqueId", guid("scale set", scale_set_id.key))
    properties.setdefault("timeCreated", arm_instant(now))


def register(world: World, scale_set: ScaleSet) -> None:
    """Make a scale set part of a world and tell its observer."""
    world.scale_sets[scale_set.key] = scale_set
    remember_first(world, scale_set)
    instances = scale_set.instances.values()
    world.observer.observe(
        ScaleSetAdded(
            at=world.now,
            scale_set=scale_set.told_as,
            location=scale_set.location,
            versions={instance.instance_id: instance.exact_version for instance in instances},
            not_ready=frozenset(instance.instance_id for instance in instances if not instance.ready),
            is_pool=bool(scale_set.owner),
        )
    )


def created_at(scale_set: ScaleSet) -> datetime:
    """When the scale set was created; its first instances go back to then."""
    return parse_instant(scale_set.resource["properties"]["timeCreated"])


def version_at_load(world: World, scale_set: ScaleSet) -> str | None:
    """What instances run of which the document says nothing."""
    return scale_set.image_version or version_of_new_instances(world, scale_set)


def create_instances(world: World, scale_set: ScaleSet, document: ScaleSetDocument) -> None:
    """All the instances that a document tells of."""
    extras = document.x_emulator
    models = [_model(snapshot) for snapshot in extras.previousModels]
    version, created = version_at_load(world, scale_set), created_at(scale_set)
    unhealthy = frozenset(extras.unhealthyInstances)
    ids = extras.instanceIds
    numbers = range(scale_set.resource["sku"]["capacity"]) if ids is None else sorted(map(int, ids))
    for number in numbers:
        is_unhealthy = str(number) in unhealthy
        instance = plain_instance(scale_set, number, created=created, version=version, unhealthy=is_unhealthy)
        said = extras.instances.get(instance.instance_id)
        if said is not None:
            restore(instance, said, models)
        scale_set.has_moved_disks |= (
            instance.attached_os_disk is not None or instance.own_data_disks is not None
        )
        if name := (instance.imported or {}).get("name"):
            scale_set.machine_names[str(name).lower()] = instance.instance_id
        if instance.due is not None:
            instance.ticket = world.timeline.schedule(
                instance.due, resource=scale_set.key, member=instance.instance_id
            )
        scale_set.instances[instance.instance_id] = instance
    scale_set.next_id = max(extras.nextInstanceId or 0, max(numbers, default=-1) + 1)


def _model(snapshot: JsonObject) -> Model:
    profile = {"virtualMachineProfile": snapshot.get("virtualMachineProfile") or {}}
    return Model.of({"properties": profile, "sku": snapshot.get("sku") or {}})
