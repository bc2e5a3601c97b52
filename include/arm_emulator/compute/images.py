"""Which image a scale set's instances come from, and which of its versions there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import PlatformImageNotFoundError

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def image_words(reference: JsonObject) -> str:
    """``publisher:offer:sku`` of a platform image, the id of another."""
    if reference.get("publisher"):
        return ":".join(str(reference.get(part, "")) for part in ("publisher", "offer", "sku"))
    return str(
        reference.get("id")
        or reference.get("sharedGalleryImageId")
        or reference.get("communityGalleryImageId")
    )


def require_version(world: World, scale_set: ScaleSet, version: str) -> str:
    """A version of the image that the model names, spelled as the catalogue spells it.

    :raises PlatformImageNotFoundError: the set's region does not have it.
    """
    reference = scale_set.model.image_reference
    if not reference.get("publisher"):
        raise PlatformImageNotFoundError(
            f"The version '{version}' of image '{image_words(reference)}' is not available in location "
            f"'{scale_set.location}'.",
            target="exactVersion",
        )
    found = world.catalogue.find_version(
        scale_set.location,
        world.now,
        publisher=str(reference.get("publisher")),
        offer=str(reference.get("offer")),
        sku=str(reference.get("sku")),
        version=version,
    )
    return found.name


def version_of_new_instances(world: World, scale_set: ScaleSet) -> str | None:
    """What an instance created now runs: the model's version, ``latest`` being the newest that the region has.

    Where the image cannot be resolved it is what the world document says the set runs.
    """
    version = scale_set.model.image_reference.get("version")
    if version is None:
        return scale_set.image_version
    try:
        return require_version(world, scale_set, str(version))
    except PlatformImageNotFoundError:
        return scale_set.image_version
