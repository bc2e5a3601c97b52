"""Image references and the order of their versions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from fleetwright.domain.errors import ConfigurationError

LATEST = "latest"

_VERSION = re.compile(r"\d+(\.\d+)*")
_GALLERY_IMAGE = re.compile(
    r"(?P<image>.*/(?P<owner>galleries|sharedgalleries|communitygalleries)/[^/]+/images/[^/]+)"
    r"(/versions/(?P<version>[^/]+))?/?",
    re.IGNORECASE,
)


class ImageKind(StrEnum):
    """Where an image comes from."""

    PLATFORM = "platform"
    GALLERY = "gallery"
    SHARED_GALLERY = "shared gallery"
    COMMUNITY_GALLERY = "community gallery"
    MANAGED = "managed"  # Microsoft.Compute/images: cannot be upgraded automatically (R28)
    UNKNOWN = "unknown"


IN_GALLERIES = frozenset({ImageKind.GALLERY, ImageKind.SHARED_GALLERY, ImageKind.COMMUNITY_GALLERY})
"""Kinds of image that a gallery publishes, whoever owns it."""

_OWNERS = {
    "galleries": ImageKind.GALLERY,
    "sharedgalleries": ImageKind.SHARED_GALLERY,
    "communitygalleries": ImageKind.COMMUNITY_GALLERY,
}
_ID_FIELDS = {
    ImageKind.SHARED_GALLERY: "sharedGalleryImageId",
    ImageKind.COMMUNITY_GALLERY: "communityGalleryImageId",
}


@dataclass(frozen=True, slots=True)
class ImageReference:
    """What a scale set's model says it boots from (``storageProfile.imageReference``).

    :param version: ``latest`` or an exact version; empty where the reference is an id without one
    :param resource_id: a gallery or managed image's id as the model writes it, empty for platform images
    """

    publisher: str = ""
    offer: str = ""
    sku: str = ""
    version: str = ""
    resource_id: str = ""

    @property
    def kind(self) -> ImageKind:
        """Tell platform images, the three kinds of gallery and managed images apart (R28)."""
        match = _GALLERY_IMAGE.fullmatch(self.resource_id)
        if match is not None:
            return _OWNERS[match["owner"].lower()]
        if self.resource_id:
            return ImageKind.MANAGED if "/images/" in self.resource_id.lower() else ImageKind.UNKNOWN
        return ImageKind.PLATFORM if self.publisher and self.offer and self.sku else ImageKind.UNKNOWN

    @property
    def image_id(self) -> str:
        """The id without its version, as the model writes it; empty for platform images."""
        match = _GALLERY_IMAGE.fullmatch(self.resource_id)
        return match["image"] if match is not None else self.resource_id

    @property
    def name(self) -> str:
        """The image without its version: ``Canonical:UbuntuServer:18.04-LTS``, or its id as it is written."""
        return self.image_id or f"{self.publisher}:{self.offer}:{self.sku}"

    @property
    def key(self) -> str:
        """The one key of an image, whatever case, region or version it is written with."""
        return self.name.lower()

    @property
    def follows_latest(self) -> bool:
        """Whether the model asks for the newest version (R15): a gallery's id does so by naming none."""
        return self.asked_version.lower() == LATEST

    @property
    def asked_version(self) -> str:
        """The version that the model asks for: ``latest``, or the one that it is pinned to."""
        match = _GALLERY_IMAGE.fullmatch(self.resource_id)
        return (match["version"] or LATEST) if match is not None else self.version

    def to_dict(self) -> dict[str, str]:
        """The reference without its version, in Azure's fields."""
        if self.resource_id:
            return {_ID_FIELDS.get(self.kind, "id"): self.image_id}
        return {"publisher": self.publisher, "offer": self.offer, "sku": self.sku}


def target_reference(image: Mapping[str, str], version: str) -> dict[str, str]:
    """``targetImageReference`` of the history (R40): a gallery's id carries the version, too.

    :param image: as ``ImageReference.to_dict`` gives it
    """
    if "publisher" in image:
        return {**image, "version": version}
    return {**{name: f"{text}/versions/{version}" for name, text in image.items()}, "version": version}


@lru_cache(maxsize=1024)
def version_key(version: str) -> tuple[int, ...]:
    """Order versions by number, segment by segment, never by letter (R41).

    >>> version_key("18.04.202401010") < version_key("18.04.1000000000")
    True

    :raises ConfigurationError: when the version is not dotted numbers
    """
    if not _VERSION.fullmatch(version):
        raise ConfigurationError(f"image version {version!r} is not dotted numbers such as 18.04.202401010")
    return tuple(int(segment) for segment in version.split("."))


def is_exact_version(version: str) -> bool:
    """Whether the text is an exact version: dotted numbers, and not ``latest``."""
    return _VERSION.fullmatch(version) is not None


def newest(versions: tuple[str, ...]) -> str | None:
    """The numerically newest of the versions, or None where there is none.

    >>> newest(("1.9.0", "1.10.0"))
    '1.10.0'
    """
    return max(versions, key=version_key, default=None)


def is_older(version: str, target: str) -> bool:
    """Whether ``version`` has to move up to reach ``target``; an unreadable version has to."""
    if not is_exact_version(version):
        return True
    return version_key(version) < version_key(target)
