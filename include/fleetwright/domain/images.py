"""Image references and the order of their versions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from fleetwright.domain.errors import ConfigurationError

LATEST = "latest"

_VERSION = re.compile(r"\d+(\.\d+)*")


class ImageKind(StrEnum):
    """Where an image comes from."""

    PLATFORM = "platform"
    GALLERY = "gallery"
    MANAGED = "managed"  # Microsoft.Compute/images: cannot be upgraded automatically (R28)
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ImageReference:
    """What a scale set's model says it boots from (``storageProfile.imageReference``).

    :param version: ``latest`` or an exact version; empty where the reference is an id without one
    :param resource_id: a gallery or managed image's ARM id, empty for platform images
    """

    publisher: str = ""
    offer: str = ""
    sku: str = ""
    version: str = ""
    resource_id: str = ""

    @property
    def kind(self) -> ImageKind:
        """Tell platform, gallery and managed images apart by their ids."""
        lowered = self.resource_id.lower()
        if "galleries/" in lowered:
            return ImageKind.GALLERY
        if "/images/" in lowered:
            return ImageKind.MANAGED
        return ImageKind.PLATFORM if self.publisher and self.offer and self.sku else ImageKind.UNKNOWN

    @property
    def name(self) -> str:
        """The image in one word, without its version: ``Canonical:UbuntuServer:18.04-LTS``."""
        return self.resource_id or f"{self.publisher}:{self.offer}:{self.sku}"

    @property
    def follows_latest(self) -> bool:
        """Whether the model asks for the newest version (R15)."""
        if self.kind is ImageKind.PLATFORM:
            return self.version.lower() == LATEST
        return "/versions/" not in self.resource_id.lower() or self.resource_id.lower().endswith("/latest")


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
