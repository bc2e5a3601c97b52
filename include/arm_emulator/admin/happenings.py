"""Things that happen to the world from outside: sets are scaled, instances fall ill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ResourceNotFoundError
from arm_emulator.compute.actions import chosen_instances
from arm_emulator.compute.change_log import instance_changed
from arm_emulator.compute.health import show_health
from arm_emulator.compute.instance import Power
from arm_emulator.compute.quotas import require_quota
from arm_emulator.compute.scaling import scale_to

if TYPE_CHECKING:
    from arm_emulator.admin.bodies import TouchInstances
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def named_scale_set(world: World, scale_set_id: str) -> ScaleSet:
    """A scale set by its id, in any case.

    :raises ResourceNotFoundError: the world has no such one.
    """
    found = world.scale_sets.get(scale_set_id.lower())
    if found is None:
        raise ResourceNotFoundError(f"the world has no scale set {scale_set_id!r}")
    return found


def scale(world: World, scale_set_id: str, capacity: int) -> ScaleSet:
    """Scale a set out or in.

    :raises OperationNotAllowedError: a quota that the world lists has too few vCPUs left.
    """
    scale_set = named_scale_set(world, scale_set_id)
    require_quota(world, scale_set, str(scale_set.model.sku.get("name", "")), capacity)
    scale_to(world, scale_set, capacity)
    scale_set.etag += 1
    return scale_set


def touch_instances(world: World, body: TouchInstances) -> None:
    """Change health, power or custom metrics of instances, at once.

    :raises InvalidParameterError: one of them is not there; then nothing changes.
    """
    scale_set = named_scale_set(world, body.id)
    for instance in chosen_instances(scale_set, body.instances):
        if body.power is not None:
            instance.power, instance.powered_at = Power(body.power), world.now
        if "customMetrics" in body.model_fields_set:
            instance.custom_metrics = body.customMetrics
        if body.health is not None:
            show_health(world, scale_set, instance, body.health)
        instance_changed(world, scale_set, instance)
