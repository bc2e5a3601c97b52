"""Changes of a scale set by PUT and PATCH, and of an instance by PUT."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import (
    InvalidParameterError,
    OperationNotAllowedError,
    PropertyChangeNotAllowedError,
)
from arm_emulator.compute.change_log import instance_changed
from arm_emulator.compute.credentials import keep_secrets
from arm_emulator.compute.instance import Fate, Protection
from arm_emulator.compute.kept_texts import forget_texts
from arm_emulator.compute.loading import complete, new_scale_set, register
from arm_emulator.compute.model import Model
from arm_emulator.compute.probes import require_probe
from arm_emulator.compute.quotas import require_quota
from arm_emulator.compute.refusals.judging import force_windows_updates_off, refuse_size, refuse_unsupported
from arm_emulator.compute.resource_checks import resource_problems
from arm_emulator.compute.scaling import scale_to
from arm_emulator.record import UpgradeRenewed
from arm_emulator.resource_ids import ScaleSetId
from arm_emulator.resources.regions import region_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

_READ_ONLY = ("id", "name", "type", "etag")
_READ_ONLY_PROPERTIES = ("provisioningState", "uniqueId", "timeCreated")
_FIXED_IMAGE_PROPERTIES = ("publisher", "offer")


def create_scale_set(world: World, scale_set_id: str, body: JsonObject) -> ScaleSet:
    """PUT of a scale set that is not there yet; its instances are created from the model.

    :raises InvalidParameterError: the body has something that Azure refuses.
    """
    resource = {key: value for key, value in body.items() if key not in _READ_ONLY}
    resource["id"] = scale_set_id
    _require_sound(world, resource)
    refuse_unsupported(world, resource)
    refuse_size(world, resource)
    force_windows_updates_off(resource)
    capacity = resource["sku"]["capacity"]
    scale_set = new_scale_set(world.now, resource)
    require_quota(world, scale_set, _size_of(resource), capacity)
    register(world, scale_set)
    scale_to(world, scale_set, capacity)
    return scale_set


def replace_scale_set(world: World, scale_set: ScaleSet, body: JsonObject, disruption: Disruption) -> None:
    """PUT of a scale set that is there: what the body does not name is gone, read-only fields apart.

    :raises InvalidParameterError: the body has something that Azure refuses.
    :raises PropertyChangeNotAllowedError: it changes what cannot change.
    """
    resource = copy.deepcopy(body)
    sku = resource.get("sku") or {}
    if isinstance(sku, dict):
        resource["sku"] = {"capacity": len(scale_set.instances), **sku}
    _change(world, scale_set, resource, disruption, is_judged=True)


def merge_into_scale_set(world: World, scale_set: ScaleSet, body: JsonObject, disruption: Disruption) -> None:
    """PATCH: objects are merged, anything else is replaced, null removes; ``tags: {}`` takes all tags away.

    Tags and capacity of a set that a world file brought in with what Azure would refuse can be changed all the same.

    :raises InvalidParameterError: the result has something that Azure refuses.
    :raises PropertyChangeNotAllowedError: it changes what cannot change.
    """
    resource = merged(scale_set.resource, body)
    if body.get("tags") == {}:
        resource["tags"] = {}
    _change(world, scale_set, resource, disruption, is_judged="properties" in body)


def merged(old: JsonObject, new: Mapping[str, Any]) -> JsonObject:
    """A merge patch applied; neither argument is changed."""
    result = copy.deepcopy(old)
    for key, value in new.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def _change(
    world: World, scale_set: ScaleSet, resource: JsonObject, disruption: Disruption, *, is_judged: bool
) -> None:
    _keep_read_only(scale_set, resource)
    _require_sound(world, resource)
    _refuse_fixed(scale_set.resource, resource)
    keep_secrets(scale_set.resource, resource)
    if is_judged:
        refuse_unsupported(world, resource)
        force_windows_updates_off(resource)
    if resource["sku"]["capacity"] > len(scale_set.instances):
        refuse_size(world, resource)
    if disruption.fate is not Fate.APPLY and disruption.instances is None:
        return
    capacity = resource["sku"]["capacity"]
    require_quota(world, scale_set, _size_of(resource), capacity)
    adopt_resource(world, scale_set, resource)
    scale_to(world, scale_set, capacity)


def adopt_resource(world: World, scale_set: ScaleSet, resource: JsonObject) -> None:
    """Take a resource that passed all checks: its instances keep their model until they are brought to the new one.

    :param resource: its capacity is not looked at; the number of instances stays.
    """
    resource["sku"]["capacity"] = len(scale_set.instances)
    complete(resource, scale_set.id, world.now)
    scale_set.resource = resource
    scale_set.etag += 1
    if scale_set.rolling_upgrade is not None:
        scale_set.rolling_upgrade.may_begin_again = not scale_set.rolling_upgrade.is_under_way
    _set_model(world, scale_set, Model.of(resource))
    forget_texts(scale_set)


def _size_of(resource: JsonObject) -> str:
    return str((resource.get("sku") or {}).get("name", ""))


def _set_model(world: World, scale_set: ScaleSet, model: Model) -> None:
    if not scale_set.model.is_same_as(model):
        world.observer.observe(UpgradeRenewed(world.now, scale_set.told_as))
    scale_set.model = _model_in_use(scale_set, model)


def _model_in_use(scale_set: ScaleSet, model: Model) -> Model:
    """The model that the set or one of its instances has already, where it is the same: then nobody is behind it."""
    in_use = (scale_set.model, *(instance.model for instance in scale_set.instances.values()))
    return next((known for known in dict.fromkeys(in_use) if known.is_same_as(model)), model)


def _keep_read_only(scale_set: ScaleSet, resource: JsonObject) -> None:
    old = scale_set.resource
    resource.pop("etag", None)
    resource["id"], resource["name"], resource["type"] = old["id"], old["name"], old["type"]
    resource.setdefault("location", old["location"])
    properties = resource.setdefault("properties", {})
    if isinstance(properties, dict):
        properties.update({key: old["properties"][key] for key in _READ_ONLY_PROPERTIES})


def _require_sound(world: World, resource: JsonObject) -> None:
    ScaleSetId.parse(resource["id"])
    for problem in resource_problems(resource):
        target = problem.path.removeprefix("properties.")
        name = target.rpartition(".")[2]
        raise InvalidParameterError(
            f"The value of parameter {name} is invalid: {target} {problem.message}.", target=target
        )
    if region_name(resource["location"]) not in world.regions.by_name:
        raise InvalidParameterError(
            f"The provided location '{resource['location']}' is not available for resource type "
            "'Microsoft.Compute/virtualMachineScaleSets'.",
            target="location",
        )
    require_probe(world, resource)


def _refuse_fixed(old: JsonObject, new: JsonObject) -> None:
    before, after = Model.of(old).image_reference, Model.of(new).image_reference
    for name in _FIXED_IMAGE_PROPERTIES:
        if before.get(name) and after.get(name) and before[name].lower() != str(after[name]).lower():
            raise _not_allowed(f"imageReference.{name}")
    if region_name(old["location"]) != region_name(new["location"]):
        raise _not_allowed("location")
    if new.get("zones") is not None and (old.get("zones") or []) != new["zones"]:
        raise _not_allowed("zones")


def _not_allowed(path: str) -> PropertyChangeNotAllowedError:
    return PropertyChangeNotAllowedError(f"Changing property '{path}' is not allowed.", target=path)


def protect_instance(
    world: World, scale_set: ScaleSet, instance: Instance, body: JsonObject, disruption: Disruption
) -> None:
    """PUT of an instance: of all that it may carry, the protection policy is what changes.

    :raises InvalidParameterError: the policy is malformed.
    :raises OperationNotAllowedError: it protects from scale set actions alone.
    """
    policy = (body.get("properties") or {}).get("protectionPolicy")
    protection = None if policy is None else protection_of(policy)
    if disruption.fate_of(instance.instance_id) is not Fate.APPLY:
        return
    instance.protection = protection
    instance.etag += 1
    instance_changed(world, scale_set, instance)


def protection_of(policy: object) -> Protection:
    """``protectionPolicy`` as a call writes it.

    :raises InvalidParameterError: it is malformed.
    :raises OperationNotAllowedError: it protects from scale set actions alone.
    """
    if not isinstance(policy, dict) or not all(isinstance(value, bool | None) for value in policy.values()):
        raise InvalidParameterError("protectionPolicy takes true and false only.", target="protectionPolicy")
    from_scale_in = bool(policy.get("protectFromScaleIn"))
    from_actions = bool(policy.get("protectFromScaleSetActions"))
    if from_actions and not from_scale_in:
        raise OperationNotAllowedError(
            "protectFromScaleSetActions cannot be true while protectFromScaleIn is false.",
            target="protectionPolicy.protectFromScaleSetActions",
        )
    return Protection(from_scale_in, from_actions)
