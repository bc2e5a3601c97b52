"""What happens to images from outside: versions are published, replicated, withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.admin.image_bodies import GalleryImageVersion, PublishPlatformImage
from arm_emulator.arm_errors import InvalidParameterError, ResourceNotFoundError
from arm_emulator.galleries.changes import require_regions
from arm_emulator.galleries.galleries import GalleryImage
from arm_emulator.galleries.versions import GalleryVersion, Replication, ReplicationState, target_names
from arm_emulator.images.catalogue import ImageVersion, PlatformImage
from arm_emulator.instants import arm_instant
from arm_emulator.record import UpgradeRenewed

if TYPE_CHECKING:
    from arm_emulator.admin.image_bodies import (
        PlatformVersion,
        PublishGalleryImage,
        ReplicateImage,
    )
    from arm_emulator.galleries.galleries import Gallery
    from arm_emulator.world.world import World


def publish_image(world: World, body: PublishPlatformImage | PublishGalleryImage) -> None:
    """Publish a version now. One that is there already is published anew: its regions and behaviours are replaced.

    Its behaviours come before those that the world has: the newest word counts.

    :raises ResourceNotFoundError: the world has no such gallery.
    :raises InvalidParameterError: the world has no such region.
    """
    if isinstance(body, PublishPlatformImage):
        _publish_on_platform(world, body)
    else:
        _publish_in_gallery(world, body)
    world.behaviours[:0] = [line.for_version(line.version or body.version) for line in body.behaviours]


def replicate_image(world: World, body: ReplicateImage) -> None:
    """Say how far a version has come in one of its regions.

    :raises ResourceNotFoundError: the world has no such gallery, image or version.
    :raises InvalidParameterError: the version does not go to that region.
    """
    version = _version(_image(_gallery(world, body.gallery), body.image), body.version)
    if body.region not in version.replication:
        there = ", ".join(version.replication)
        raise InvalidParameterError(
            f"region: {body.region!r} is none of the version's target regions: {there}", target="region"
        )
    version.replication[body.region] = Replication.at(body.state, body.progress)


def withdraw_image(world: World, body: PlatformVersion | GalleryImageVersion) -> None:
    """Take a version away: it is not listed any more, and nothing is deployed from it; what runs it goes on.

    :raises ResourceNotFoundError: there is no such version.
    """
    if isinstance(body, GalleryImageVersion):
        image = _image(_gallery(world, body.gallery), body.image)
        del image.versions[_version(image, body.version).name]
        return
    key = (body.publisher.lower(), body.offer.lower(), body.sku.lower())
    found = world.catalogue.images.get(key)
    if found is None or found.versions.pop(body.version, None) is None:
        raise ResourceNotFoundError(
            f"version: the world has no version {body.version!r} of {body.publisher}:{body.offer}:{body.sku}"
        )


def _publish_on_platform(world: World, body: PublishPlatformImage) -> None:
    key = (body.publisher.lower(), body.offer.lower(), body.sku.lower())
    image = world.catalogue.images.get(key)
    if image is None:
        image = PlatformImage(body.publisher, body.offer, body.sku)
        world.catalogue.images[key] = image
    if body.automaticOSUpgradeSupported is not None:
        image.automatic_os_upgrade_supported = body.automaticOSUpgradeSupported
    locations = None if body.locations is None else frozenset(body.locations)
    if body.version in image.versions:
        _tell_renewal(world, body.version)
    image.versions[body.version] = ImageVersion(body.version, world.now, locations)


def _publish_in_gallery(world: World, body: PublishGalleryImage) -> None:
    gallery = _gallery(world, body.gallery)
    profile = {
        "targetRegions": list(body.targetRegions),
        "excludeFromLatest": body.excludeFromLatest,
        "publishedDate": arm_instant(world.now),
        **({} if body.endOfLifeDate is None else {"endOfLifeDate": body.endOfLifeDate}),
    }
    names = target_names(profile)
    require_regions(world, names, "targetRegions")
    has_it = names if body.replicated is None else body.replicated
    for name in has_it:
        if name not in names:
            raise InvalidParameterError(f"replicated: {name!r} is none of targetRegions", target="replicated")
    resource = {"location": gallery.location, "properties": {"publishingProfile": profile}}
    version = GalleryVersion(body.version, resource)
    for name in names:
        state = ReplicationState.COMPLETED if name in has_it else ReplicationState.REPLICATING
        version.replication[name] = Replication.at(state)
    image = gallery.images.setdefault(
        body.image.lower(), GalleryImage(body.image, {"location": gallery.location})
    )
    if body.version in image.versions:
        _tell_renewal(world, body.version)
    image.versions[body.version] = version


def _tell_renewal(world: World, version: str) -> None:
    """A version that is published anew is to be rolled out anew: whoever keeps count of swaps has to know."""
    for scale_set in world.scale_sets.values():
        world.observer.observe(UpgradeRenewed(world.now, scale_set.told_as, version))


def _gallery(world: World, name: str) -> Gallery:
    found = world.galleries.named(name)
    if found is None:
        raise ResourceNotFoundError(f"gallery: the world has no gallery {name!r}")
    return found


def _image(gallery: Gallery, name: str) -> GalleryImage:
    found = gallery.images.get(name.lower())
    if found is None:
        raise ResourceNotFoundError(f"image: gallery {gallery.name} has no image {name!r}")
    return found


def _version(image: GalleryImage, name: str) -> GalleryVersion:
    found = image.versions.get(name)
    if found is None:
        raise ResourceNotFoundError(f"version: image {image.name} has no version {name!r}")
    return found
