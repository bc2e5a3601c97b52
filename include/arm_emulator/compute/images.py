"""Which image a scale set's instances come from, and which of its versions there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import GalleryImageNotFoundError, PlatformImageNotFoundError
from arm_emulator.galleries.references import gallery_reference

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def image_words(reference: JsonObject) -> str:
    """``publisher:offer:sku`` of a platform image, the id of another, without its version."""
    if reference.get("publisher"):
        return ":".join(str(reference.get(part, "")) for part in ("publisher", "offer", "sku"))
    named = gallery_reference(reference)
    return str(reference.get("id")) if named is None else named.text


def require_version(world: World, scale_set: ScaleSet, version: str) -> str:
    """A version of the image that the model names, spelled as the catalogue spells it.

    :raises PlatformImageNotFoundError: the set's region does not have it.
    :raises GalleryImageNotFoundError: the same of a gallery's image.
    """
    reference = scale_set.model.image_reference
    in_gallery = gallery_reference(reference)
    if in_gallery is not None:
        return world.galleries.resolve(in_gallery, version, scale_set.location).name
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


def followed_version(world: World, scale_set: ScaleSet) -> str | None:
    """The newest version that the set follows; None where the model is pinned, or its image cannot be resolved."""
    asked = asked_version(scale_set)
    if asked is None or asked.lower() != "latest":
        return None
    try:
        return require_version(world, scale_set, asked)
    except (PlatformImageNotFoundError, GalleryImageNotFoundError):
        return None


def version_of_new_instances(world: World, scale_set: ScaleSet) -> str | None:
    """What an instance created now runs: the model's version, ``latest`` being the newest that the region has.

    Where the image cannot be resolved it is what the world document says the set runs.
    """
    asked = asked_version(scale_set)
    try:
        return scale_set.image_version if asked is None else require_version(world, scale_set, asked)
    except (PlatformImageNotFoundError, GalleryImageNotFoundError):
        return scale_set.image_version


def asked_version(scale_set: ScaleSet) -> str | None:
    """What the model asks for: ``latest``, a version, or None where it does not say."""
    reference = scale_set.model.image_reference
    in_gallery = gallery_reference(reference)
    version = reference.get("version") if in_gallery is None else in_gallery.version
    return None if version is None else str(version)
