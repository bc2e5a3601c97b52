"""Things that happen to the world from outside: sets and pools are scaled, instances fall ill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.admin.node_pool_happenings import is_node_pool_id, scale_node_pool, touch_nodes
from arm_emulator.admin.pool_happenings import is_pool_id, named_nodes, named_pool, scale_pool, touch_work
from arm_emulator.arm_errors import InvalidParameterError, ResourceNotFoundError
from arm_emulator.compute.actions import chosen_instances
from arm_emulator.compute.change_log import instance_changed
from arm_emulator.compute.health import show_health
from arm_emulator.compute.instance import Power
from arm_emulator.compute.quotas import require_quota
from arm_emulator.compute.scaling import scale_to

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.admin.bodies import Scale, TouchInstances
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def named_scale_set(world: World, scale_set_id: str) -> ScaleSet:
    """A scale set by its id, in any case.

    :raises ResourceNotFoundError: the world has no such one.
    :raises InvalidParameterError: it is a pool's id.
    """
    if is_pool_id(scale_set_id):
        raise InvalidParameterError(
            f"id: {scale_set_id!r} is a Batch pool; a scale set is needed here", target="id"
        )
    found = world.scale_sets.get(scale_set_id.lower())
    if found is None or found.is_hidden:
        raise ResourceNotFoundError(f"the world has no scale set {scale_set_id!r}")
    return found


def scale(world: World, body: Scale) -> dict[str, Any]:
    """Scale a set or a pool out or in.

    :return: its id as the world writes it, and what it has then.
    :raises OperationNotAllowedError: a quota that the world lists has too few vCPUs left.
    """
    if is_node_pool_id(body.id):
        return scale_node_pool(world, body.id, body.capacity)
    if is_pool_id(body.id):
        pool = named_pool(world, body.id)
        nodes = scale_pool(world, pool, body.capacity)
        return {"id": pool.id, "capacity": len(nodes), "instances": nodes}
    scale_set = named_scale_set(world, body.id)
    require_quota(world, scale_set, str(scale_set.model.sku.get("name", "")), body.capacity)
    scale_to(world, scale_set, body.capacity)
    scale_set.etag += 1
    ids = list(scale_set.instances)
    return {"id": scale_set.id.text, "capacity": len(ids), "instances": ids}


def touch_instances(world: World, body: TouchInstances) -> str:
    """Change health, power or custom metrics of instances, or the work of a pool's nodes, at once.

    :return: the id of the scale set or pool, as the world writes it.
    :raises InvalidParameterError: one of them is not there; then nothing changes.
    """
    if is_node_pool_id(body.id):
        return touch_nodes(world, body)
    if is_pool_id(body.id):
        pool = named_pool(world, body.id)
        nodes = named_nodes(pool, body.instances)
        _touch(world, pool.machines, [pool.machines.instances[node.instance] for node in nodes], body)
        touch_work(world, pool, nodes, body.running)
        return pool.id
    scale_set = named_scale_set(world, body.id)
    if body.running is not None:
        raise InvalidParameterError(
            f"running: {scale_set.id.text} is a scale set; only nodes of a Batch pool have work that is running",
            target="running",
        )
    _touch(world, scale_set, chosen_instances(scale_set, body.instances), body)
    return scale_set.id.text


def _touch(world: World, scale_set: ScaleSet, instances: Iterable[Instance], body: TouchInstances) -> None:
    for instance in instances:
        if body.power is not None:
            instance.power, instance.powered_at = Power(body.power), world.now
        if "customMetrics" in body.model_fields_set:
            instance.custom_metrics = body.customMetrics
        if body.health is not None:
            show_health(world, scale_set, instance, body.health)
        instance_changed(world, scale_set, instance)
