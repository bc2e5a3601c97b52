"""From a scale set's ARM body to a ``Fleet``."""

from __future__ import annotations

from collections.abc import Iterator

from fleetwright.azure.bodies import Body, bodies_at, body_at, number_at, text_at, texts_at
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.policy import UpgradePolicy, parse_upgrade_policy

# learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-health-extension
HEALTH_EXTENSION_TYPES = frozenset({"applicationhealthlinux", "applicationhealthwindows"})
SERVICE_FABRIC_EXTENSION_TYPES = frozenset({"servicefabricnode", "servicefabriclinuxnode"})

_IMAGE_IDS = ("id", "sharedGalleryImageId", "communityGalleryImageId")


def parse_fleet(fleet_id: FleetId, body: Body) -> Fleet:
    """Read a scale set.

    :raises ConfigurationError: when its upgrade policy holds a percentage or duration that is none
    """
    properties = body_at(body, "properties")
    profile = body_at(properties, "virtualMachineProfile")
    types = extension_types(profile)
    return Fleet(
        fleet_id=fleet_id,
        location=normal_location(text_at(body, "location")),
        capacity=number_at(body, "sku", "capacity"),
        image=parse_image_reference(body_at(profile, "storageProfile", "imageReference")),
        policy=_policy(fleet_id, body_at(properties, "upgradePolicy")),
        zones=texts_at(body, "zones"),
        tags={name: str(value) for name, value in body_at(body, "tags").items()},
        orchestration_mode=text_at(properties, "orchestrationMode") or "Uniform",
        health_sources=tuple(_health_sources(profile, types)),
        service_fabric=bool(types & SERVICE_FABRIC_EXTENSION_TYPES),
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


def extension_types(profile: Body) -> frozenset[str]:
    """The types of the model's extensions, in lower case."""
    extensions = bodies_at(profile, "extensionProfile", "extensions")
    return frozenset(text_at(extension, "properties", "type").lower() for extension in extensions)


def normal_location(location: str) -> str:
    """A region in ARM's short form: ``West Europe`` and ``westeurope`` are one."""
    return location.replace(" ", "").lower()


def _health_sources(profile: Body, types: frozenset[str]) -> Iterator[HealthSource]:
    if text_at(profile, "networkProfile", "healthProbe", "id"):
        yield HealthSource.PROBE
    if types & HEALTH_EXTENSION_TYPES:
        yield HealthSource.EXTENSION


def _policy(fleet_id: FleetId, body: Body) -> UpgradePolicy:
    try:
        return parse_upgrade_policy(body)
    except ConfigurationError as error:
        raise ConfigurationError(f"upgradePolicy of {fleet_id.resource_id}: {error}") from None
