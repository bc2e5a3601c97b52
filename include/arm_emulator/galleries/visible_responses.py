"""Routes of shared and community galleries: read only, region by region, without any word on replication."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.arm_errors import NotFoundError
from arm_emulator.galleries.rendering import image_properties, versions_of
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import paged
from arm_emulator.wire.router import COMPUTE_LOCATION, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.galleries.galleries import Galleries, Gallery, GalleryImage
    from arm_emulator.galleries.versions import GalleryVersion
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_DISCLAIMER = "Published by this world, for tests."


def visible_gallery_routes() -> tuple[Route, ...]:
    """All of them."""
    shared = VisibleGalleries("SharedGalleries", lambda galleries, name: galleries.shared(name))
    community = VisibleGalleries("CommunityGalleries", lambda galleries, name: galleries.community(name))
    listing = Route("GET", f"{COMPUTE_LOCATION}/sharedGalleries", shared.list_galleries)
    return (listing, *shared.routes("sharedGalleries"), *community.routes("communityGalleries"))


class VisibleGalleries:
    """What others see of the galleries that are shared, or of those in the community.

    :param owner: how ids name such a gallery
    :param find: a gallery by the name under which others see it
    """

    def __init__(self, owner: str, find: Callable[[Galleries, str], Gallery | None]) -> None:
        self._owner = owner
        self._find = find

    def routes(self, segment: str) -> tuple[Route, ...]:
        """The five reads of one gallery."""
        gallery = f"{COMPUTE_LOCATION}/{segment}/{{galleryUniqueName}}"
        image = f"{gallery}/images/{{galleryImageName}}"
        return (
            Route("GET", gallery, self.get_gallery),
            Route("GET", f"{gallery}/images", self.list_images),
            Route("GET", image, self.get_image),
            Route("GET", f"{image}/versions", self.list_versions),
            Route("GET", f"{image}/versions/{{galleryImageVersionName}}", self.get_version),
        )

    def list_galleries(self, world: World, call: ArmCall) -> ArmReply:
        """Those that are shared."""
        location = _location(world, call)
        shared = [g for g in world.galleries.by_id.values() if g.shared_as is not None]
        return _page(call, [self._body(location, str(g.shared_as), (), {}) for g in shared])

    def get_gallery(self, world: World, call: ArmCall) -> ArmReply:
        """One gallery."""
        self._gallery(world, call)
        return ArmReply.of(self._named(world, call, (), {}))

    def list_images(self, world: World, call: ArmCall) -> ArmReply:
        """Its images."""
        gallery = self._gallery(world, call)
        return _page(call, [self._image_body(world, call, gallery, i) for i in gallery.images.values()])

    def get_image(self, world: World, call: ArmCall) -> ArmReply:
        """One image."""
        gallery, image = self._image(world, call)
        return ArmReply.of(self._image_body(world, call, gallery, image))

    def list_versions(self, world: World, call: ArmCall) -> ArmReply:
        """The versions that the region has: what is not replicated to it is not there (R26)."""
        location = _location(world, call)
        _gallery, image = self._image(world, call)
        there = [version for version in versions_of(image) if version.is_in(location)]
        return _page(call, [self._version_body(world, call, image, version) for version in there])

    def get_version(self, world: World, call: ArmCall) -> ArmReply:
        """One version, if the region has it."""
        _gallery, image = self._image(world, call)
        version = image.versions.get(call.parameters["galleryImageVersionName"])
        if version is None or not version.is_in(_location(world, call)):
            raise _not_found(call)
        return ArmReply.of(self._version_body(world, call, image, version))

    def _gallery(self, world: World, call: ArmCall) -> Gallery:
        _location(world, call)
        call.expects("sharedto", frozenset({"tenant"}))
        found = self._find(world.galleries, call.parameters["galleryUniqueName"])
        if found is None:
            raise _not_found(call)
        return found

    def _image(self, world: World, call: ArmCall) -> tuple[Gallery, GalleryImage]:
        gallery = self._gallery(world, call)
        image = gallery.images.get(call.parameters["galleryImageName"].lower())
        if image is None:
            raise _not_found(call)
        return gallery, image

    def _image_body(self, world: World, call: ArmCall, gallery: Gallery, image: GalleryImage) -> JsonObject:
        return self._named(world, call, ("Images", image.name), image_properties(gallery, image))

    def _version_body(
        self, world: World, call: ArmCall, image: GalleryImage, version: GalleryVersion
    ) -> JsonObject:
        dates: JsonObject = {
            key: version.profile[key] for key in ("publishedDate", "endOfLifeDate") if key in version.profile
        }
        properties: JsonObject = {
            **dates,
            "excludeFromLatest": version.is_excluded(_location(world, call)),
            "storageProfile": {"osDiskImage": {"diskSizeGB": 30, "hostCaching": "ReadWrite"}},
            "artifactTags": {},
        }
        return self._named(world, call, ("Images", image.name, "Versions", version.name), properties)

    def _named(self, world: World, call: ArmCall, below: Sequence[str], properties: JsonObject) -> JsonObject:
        return self._body(_location(world, call), call.parameters["galleryUniqueName"], below, properties)

    def _body(self, location: str, gallery: str, below: Sequence[str], properties: JsonObject) -> JsonObject:
        body: dict[str, Any] = {
            "name": below[-1] if below else gallery,
            "location": location,
            "identifier": {"uniqueId": "/".join(("", self._owner, gallery, *below))},
            "properties": properties,
        }
        if self._owner == "CommunityGalleries":
            body["type"] = "/".join(("Microsoft.Compute/Locations", self._owner, *below[::2]))
            body["properties"] = {**properties, "disclaimer": _DISCLAIMER}
        return body


def _location(world: World, call: ArmCall) -> str:
    return world.region(call.parameters["subscriptionId"], call.parameters["location"])


def _not_found(call: ArmCall) -> NotFoundError:
    return NotFoundError(f"The resource {call.path} was not found, or is not shared with you.")


def _page(call: ArmCall, bodies: Sequence[JsonObject]) -> ArmReply:
    page, next_link = paged(call, bodies)
    return ArmReply.of({"value": list(page), **({"nextLink": next_link} if next_link else {})})
