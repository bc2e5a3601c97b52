"""From a scale set's ARM body to a ``Fleet``."""

from __future__ import annotations

from fleetwright.azure.bodies import Body, bodies_at, body_at, flag_at, number_at, text_at, texts_at
from fleetwright.azure.custom_metrics_parsing import heeds_custom_metrics
from fleetwright.azure.profile_parsing import (
    expiring_credentials,
    fabric_extension,
    has_ephemeral_os_disk,
    health_sources,
    patch_mode,
    probe_id,
    windows_settings,
)
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.images import ImageReference
from fleetwright.domain.policy import UpgradePolicy, parse_upgrade_policy
from fleetwright.domain.regions import normal_region

_IMAGE_IDS = ("id", "sharedGalleryImageId", "communityGalleryImageId")


def parse_fleet(fleet_id: FleetId, body: Body) -> Fleet:
    """Read a scale set.

    :raises ConfigurationError: when its upgrade policy holds a percentage or duration that is none
    """
    properties = body_at(body, "properties")
    profile = body_at(properties, "virtualMachineProfile")
    return Fleet(
        fleet_id=fleet_id,
        location=normal_region(text_at(body, "location")),
        capacity=number_at(body, "sku", "capacity"),
        image=parse_image_reference(body_at(profile, "storageProfile", "imageReference")),
        policy=parse_policy(fleet_id, body_at(properties, "upgradePolicy")),
        zones=texts_at(body, "zones"),
        tags={name: str(value) for name, value in body_at(body, "tags").items()},
        orchestration_mode=text_at(properties, "orchestrationMode") or "Uniform",
        health_sources=health_sources(properties, profile),
        probe_id=probe_id(profile),
        fabric=fabric_extension(profile),
        windows=windows_settings(profile),
        patch_mode=patch_mode(profile),
        single_placement_group=_flag_or_none(properties, "singlePlacementGroup"),
        ephemeral_os_disk=has_ephemeral_os_disk(profile),
        automatic_repairs=flag_at(properties, "automaticRepairsPolicy", "enabled"),
        lifecycle_hooks=_lifecycle_hooks(properties),
        credentials=expiring_credentials(profile),
        heeds_custom_metrics=heeds_custom_metrics(profile),
        vm_size=text_at(body, "sku", "name"),
        owned_by_pool=_owning_pool(body_at(body, "tags")),
    )


def parse_image_reference(body: Body) -> ImageReference:
    """Read an ``imageReference``; galleries that are shared name theirs in fields of their own."""
    return ImageReference(
        publisher=text_at(body, "publisher"),
        offer=text_at(body, "offer"),
        sku=text_at(body, "sku"),
        version=text_at(body, "version"),
        resource_id=next((text_at(body, name) for name in _IMAGE_IDS if text_at(body, name)), ""),
    )


def _lifecycle_hooks(properties: Body) -> tuple[str, ...]:
    hooks = bodies_at(properties, "lifecycleHooksProfile", "lifecycleHooks")
    return tuple(text_at(hook, "type") or "unnamed" for hook in hooks)


def _flag_or_none(properties: Body, name: str) -> bool | None:
    said = properties.get(name)
    return said if isinstance(said, bool) else None


def _owning_pool(tags: Body) -> str:
    """``account/pool``, by the tags that Batch writes on what it allocates; empty where they are not."""
    account, pool = text_at(tags, "BatchAccountName"), text_at(tags, "PoolName")
    return f"{account}/{pool}" if account and pool else ""


def parse_policy(fleet_id: FleetId, body: Body) -> UpgradePolicy:
    """Read an ``upgradePolicy``.

    :raises ConfigurationError: naming the fleet, when it holds a percentage or duration that is none
    """
    try:
        return parse_upgrade_policy(body)
    except ConfigurationError as error:
        raise ConfigurationError(f"upgradePolicy of {fleet_id.resource_id}: {error}") from None
