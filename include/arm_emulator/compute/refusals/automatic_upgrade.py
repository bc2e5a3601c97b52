"""What a scale set needs before ``enableAutomaticOSUpgrade`` may be true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ArmError, BadRequestError, InvalidParameterError, OperationNotAllowedError
from arm_emulator.compute.refusals.service_fabric import needs_no_health_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from arm_emulator.compute.refusals.asked import Asked

_MANAGED_IMAGE = re.compile(r"/providers/microsoft\.compute/images/[^/]+/?", re.IGNORECASE)
_IMAGE = "virtualMachineProfile.storageProfile.imageReference"
_FLAG = "upgradePolicy.automaticOSUpgradePolicy.enableAutomaticOSUpgrade"
_UNSUPPORTED = "Automatic OS Upgrade is not supported for this Virtual Machine Scale Set because"


def automatic_upgrade_refusals(asked: Asked) -> Iterator[ArmError]:
    """Why automatic OS upgrade cannot be enabled with what the set has; nothing where it is off."""
    if asked.is_automatic:
        yield from _image_refusals(asked)
        yield from _support_refusals(asked)
        yield from _source_refusals(asked)
        yield from _patching_refusals(asked)
        yield from _surge_refusals(asked)


def _image_refusals(asked: Asked) -> Iterator[ArmError]:
    """The version is ``latest`` (R15), the image no managed one (R28)."""
    reference = asked.model.image_reference
    image_id = str(
        reference.get("id")
        or reference.get("sharedGalleryImageId")
        or reference.get("communityGalleryImageId")
        or ""
    )
    if _MANAGED_IMAGE.search(image_id):
        yield BadRequestError(
            f"{_UNSUPPORTED} it uses the managed image '{image_id}'; custom images must be in a compute gallery.",
            target=f"{_IMAGE}.id",
        )
    version = _version(reference, image_id)
    if reference and version.lower() != "latest":
        yield BadRequestError(
            f"{_UNSUPPORTED} the version of its image reference is '{version}'; it must be 'latest'.",
            target=f"{_IMAGE}.version",
        )


def _version(reference: dict[str, object], image_id: str) -> str:
    """What the reference says of the version: a gallery image without one means the latest."""
    if reference.get("publisher"):
        return str(reference.get("version") or "")
    return (
        re.split("/versions/", image_id, flags=re.IGNORECASE)[1]
        if "/versions/" in image_id.lower()
        else "latest"
    )


def _support_refusals(asked: Asked) -> Iterator[ArmError]:
    """A platform image is one that Azure upgrades (R53); nothing is known of one that the world does not have."""
    reference = asked.model.image_reference
    publisher, offer, sku = (str(reference.get(part) or "").lower() for part in ("publisher", "offer", "sku"))
    image = asked.world.catalogue.images.get((publisher, offer, sku))
    if image is not None and not image.automatic_os_upgrade_supported:
        yield BadRequestError(
            "Automatic OS Upgrade cannot be enabled on virtualMachineScaleSets configured with a Platform Image.",
            target=_IMAGE,
        )


def _source_refusals(asked: Asked) -> Iterator[ArmError]:
    """Exactly one health source (R16, N1, N4), which durable Service Fabric nodes do without (R23)."""
    if asked.has_health_extension and asked.probe:
        yield BadRequestError(
            f"{_UNSUPPORTED} both a health probe and a health extension were provided. Remove the health probe or "
            "health extension prior to enabling automatic OS upgrade.",
            target=_FLAG,
        )
    if asked.model.health_source is None and not needs_no_health_source(asked):
        yield BadRequestError(
            f"{_UNSUPPORTED} a health probe or health extension was not specified.", target=_FLAG
        )


def _patching_refusals(asked: Asked) -> Iterator[ArmError]:
    """Nothing else patches the instances (N2)."""
    for name, configuration in (("windowsConfiguration", asked.windows), ("linuxConfiguration", asked.linux)):
        mode = (configuration.get("patchSettings") or {}).get("patchMode")
        if str(mode).lower() == "automaticbyplatform":
            target = f"virtualMachineProfile.osProfile.{name}.patchSettings.patchMode"
            yield InvalidParameterError(
                f"{target} cannot be set to {mode} when {_FLAG} is true.", target=target
            )


def _surge_refusals(asked: Asked) -> Iterator[ArmError]:
    """Flexible orchestration knows no surge for OS upgrades (N17)."""
    surge = (asked.upgrade_policy.get("rollingUpgradePolicy") or {}).get("maxSurge")
    if asked.is_flexible and surge is True:
        yield OperationNotAllowedError(
            "MaxSurge together with automatic OS upgrade is not supported for Virtual Machine Scale Sets with "
            "Flexible orchestration mode.",
            target="upgradePolicy.rollingUpgradePolicy.maxSurge",
        )
