"""Things that happen to the world from outside: images appear, sets are scaled, instances fall ill."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ResourceNotFoundError
from arm_emulator.compute.actions import chosen_instances
from arm_emulator.compute.change_log import instance_changed
from arm_emulator.compute.health import show_health
from arm_emulator.compute.instance import Power
from arm_emulator.compute.quotas import require_quota
from arm_emulator.compute.scaling import scale_to
from arm_emulator.images.catalogue import ImageVersion, PlatformImage
from arm_emulator.record import UpgradeRenewed

if TYPE_CHECKING:
    from arm_emulator.admin.bodies import PublishImage, TouchInstances
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


def publish_image(world: World, body: PublishImage) -> None:
    """Publish a version now. One that is there already is published anew: its regions and behaviours are replaced.

    Its behaviours come before those that the world has: the newest word counts.
    """
    key = (body.publisher.lower(), body.offer.lower(), body.sku.lower())
    image = world.catalogue.images.get(key)
    if image is None:
        image = PlatformImage(body.publisher, body.offer, body.sku)
        world.catalogue.images[key] = image
    if body.automaticOSUpgradeSupported is not None:
        image.automatic_os_upgrade_supported = body.automaticOSUpgradeSupported
    locations = None if body.locations is None else frozenset(body.locations)
    for scale_set in world.scale_sets.values() if body.version in image.versions else ():
        world.observer.observe(UpgradeRenewed(world.now, scale_set.id.text, body.version))
    image.versions[body.version] = ImageVersion(body.version, world.now, locations)
    world.behaviours[:0] = [line.for_version(line.version or body.version) for line in body.behaviours]


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
