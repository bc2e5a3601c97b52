"""Scale sets as world documents that can be loaded again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.compute.documenting import differences, is_unhealthy, plain_instance
from arm_emulator.compute.loading import created_at, version_at_load
from arm_emulator.compute.rolling_upgrade_documents import upgrade_document
from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject, Model
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.timings import Range
    from arm_emulator.world.world import World


def dump_scale_set(world: World, scale_set: ScaleSet) -> JsonObject:
    """The scale set as it is now."""
    models = _previous_models(scale_set)
    extras: dict[str, Any] = {
        "imageVersion": scale_set.image_version,
        "dataDisksPerInstance": scale_set.data_disks_per_instance,
        "updateDomains": scale_set.update_domains,
        "timings": timings_document(scale_set.own_timings) or None,
        **_upgrades(scale_set),
        "unhealthyInstances": [i.instance_id for i in scale_set.instances.values() if is_unhealthy(i)]
        or None,
        "previousModels": [_model_document(model) for model in models] or None,
        "instances": _instances(world, scale_set, models) or None,
        **_numbering(scale_set),
    }
    if scale_set.etag > 1:
        extras["etag"] = scale_set.etag
    extras = {key: value for key, value in extras.items() if value is not None}
    return {"resource": scale_set.resource, "x-emulator": extras}


def _upgrades(scale_set: ScaleSet) -> dict[str, Any]:
    latest, since = scale_set.rolling_upgrade, scale_set.automatic_since
    eligible = scale_set.eligible
    return {
        "rollingUpgrade": None if latest is None else upgrade_document(latest),
        "upgradeHistory": [upgrade_document(upgrade) for upgrade in scale_set.upgrade_history] or None,
        "automaticSince": None if since is None else admin_instant(since),
        "eligible": None if eligible is None else {eligible[0]: admin_instant(eligible[1])},
        "repairsSuspended": scale_set.repairs_suspended or None,
    }


def timings_document(given: dict[str, Range]) -> dict[str, Any]:
    """Ranges as a document writes them: a number where both bounds are the same."""
    return {name: low if low == high else [low, high] for name, (low, high) in given.items()}


def _previous_models(scale_set: ScaleSet) -> list[Model]:
    models: list[Model] = []
    for instance in scale_set.instances.values():
        if instance.model is not scale_set.model and instance.model not in models:
            models.append(instance.model)
    return models


def _model_document(model: Model) -> JsonObject:
    return {"virtualMachineProfile": model.profile, "sku": model.sku}


def _instances(world: World, scale_set: ScaleSet, models: list[Model]) -> dict[str, Any]:
    created, version = created_at(scale_set), version_at_load(world, scale_set)
    written: dict[str, Any] = {}
    for instance in scale_set.instances.values():
        number, unhealthy = int(instance.instance_id), is_unhealthy(instance)
        plain = plain_instance(scale_set, number, created=created, version=version, unhealthy=unhealthy)
        different = differences(instance, plain, models)
        if different:
            written[instance.instance_id] = different
    return written


def _numbering(scale_set: ScaleSet) -> dict[str, Any]:
    """Ids and the next number, where they are not what the capacity says."""
    ids = list(scale_set.instances)
    written: dict[str, Any] = {}
    if ids != [str(number) for number in range(len(ids))]:
        written["instanceIds"] = ids
    if scale_set.next_id != (int(ids[-1]) + 1 if ids else 0):
        written["nextInstanceId"] = scale_set.next_id
    return written
