"""Changes of a gallery's versions: published, changed, withdrawn, replicated."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.compute.instance import Fate
from arm_emulator.galleries.documents import check_targets
from arm_emulator.galleries.versions import VERSION_NAME, GalleryVersion, target_names
from arm_emulator.instants import arm_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.galleries.galleries import Gallery, GalleryImage
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_WRITABLE = ("location", "tags", "properties")
_READ_ONLY_PROPERTIES = ("provisioningState", "replicationStatus")


def put_version(
    world: World, gallery: Gallery, image: GalleryImage, name: str, call: ArmCall
) -> GalleryVersion:
    """A version as the body of a PUT says; its regions have it at once.

    :raises InvalidParameterError: the name or the body has something that Azure refuses.
    """
    if VERSION_NAME.fullmatch(name) is None:
        raise InvalidParameterError(
            f"The galleryImageVersionName '{name}' is invalid: it is three numbers such as 1.0.0.",
            target="galleryImageVersionName",
        )
    there = image.versions.get(name)
    resource = {"location": gallery.location, **_written(call.json_object())}
    resource.setdefault("properties", {}).setdefault("publishingProfile", {})
    published = there.profile.get("publishedDate") if there else arm_instant(world.now)
    version = GalleryVersion(name, resource, dict(there.replication) if there else {})
    _apply(world, version, gallery.location)
    version.profile["publishedDate"] = published
    if call.disruption.fate is Fate.APPLY:
        image.versions[name] = version
    return version


def update_version(world: World, version: GalleryVersion, call: ArmCall) -> GalleryVersion:
    """A version with the body of a PATCH merged in.

    :raises InvalidParameterError: the result has something that Azure refuses.
    """
    changed = GalleryVersion(
        version.name, _merged(version.resource, _written(call.json_object())), dict(version.replication)
    )
    _apply(world, changed, str(version.resource["location"]))
    if call.disruption.fate is Fate.APPLY:
        version.resource, version.replication = changed.resource, changed.replication
    return changed


def remove_version(image: GalleryImage, version: GalleryVersion, call: ArmCall) -> None:
    """Take a version away, unless a fault keeps it."""
    if call.disruption.fate is Fate.APPLY:
        del image.versions[version.name]


def require_regions(world: World, names: list[str], field: str) -> None:
    """Refuse regions that the world does not have.

    :raises InvalidParameterError: naming the field and the region.
    """
    for index, name in enumerate(names):
        if name not in world.regions.by_name:
            raise InvalidParameterError(
                f"{field}[{index}]: {name!r} is none of the world's locations", target=field
            )


def _apply(world: World, version: GalleryVersion, location: str) -> None:
    if not isinstance(version.properties.get("publishingProfile"), dict | None):
        raise InvalidParameterError("publishingProfile is no object.", target="publishingProfile")
    targets = version.profile.get("targetRegions")
    try:
        check_targets(targets)
    except ValueError as error:
        raise InvalidParameterError(str(error), target="publishingProfile.targetRegions") from None
    if not targets:
        version.profile["targetRegions"] = [{"name": location}]
    names = target_names(version.profile)
    require_regions(world, names, "publishingProfile.targetRegions")
    version.replicate_to(names)


def _written(body: Mapping[str, Any]) -> JsonObject:
    written = copy.deepcopy({key: body[key] for key in _WRITABLE if body.get(key) is not None})
    if not isinstance(written.get("properties"), dict | None):
        raise InvalidParameterError("properties is no object.", target="properties")
    for name in _READ_ONLY_PROPERTIES:
        (written.get("properties") or {}).pop(name, None)
    return written


def _merged(old: JsonObject, new: Mapping[str, Any]) -> JsonObject:
    result = copy.deepcopy(old)
    for key, value in new.items():
        if isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result
