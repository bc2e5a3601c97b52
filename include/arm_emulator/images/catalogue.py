"""The platform image catalogue: publishers, offers, skus and versions, by region and by time of publication."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import NotFoundError, PlatformImageNotFoundError
from arm_emulator.images.versions import version_order

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(slots=True)
class ImageVersion:
    """One published version.

    :param published_at: visible from then on; None for always.
    :param locations: the regions that have it; None for all of its image's.
    """

    name: str
    published_at: datetime | None = None
    locations: frozenset[str] | None = None


@dataclass(slots=True)
class PlatformImage:
    """A publisher's offer and sku with its versions.

    :param locations: the regions that have it; None for all.
    """

    publisher: str
    offer: str
    sku: str
    locations: frozenset[str] | None = None
    automatic_os_upgrade_supported: bool = True
    os_type: str = "Linux"
    versions: dict[str, ImageVersion] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, str]:
        """Publisher, offer and sku as they are compared."""
        return self.publisher.lower(), self.offer.lower(), self.sku.lower()

    def visible(self, location: str, now: datetime) -> list[ImageVersion]:
        """The versions that a region has by now, oldest first."""
        seen = [v for v in self.versions.values() if _is_visible(v, self.locations, location, now)]
        return sorted(seen, key=lambda version: version_order(version.name))


def _is_visible(
    version: ImageVersion, image_locations: frozenset[str] | None, location: str, now: datetime
) -> bool:
    locations = image_locations if version.locations is None else version.locations
    is_published = version.published_at is None or version.published_at <= now
    return is_published and (locations is None or location in locations)


class Catalogue:
    """All platform images of a world."""

    def __init__(self, images: Iterable[PlatformImage] = ()) -> None:
        self.images: dict[tuple[str, str, str], PlatformImage] = {image.key: image for image in images}

    def publishers(self, location: str, now: datetime) -> list[str]:
        """The publishers with anything in a region, in order."""
        return _names(image.publisher for image in self._in(location, now))

    def offers(self, location: str, now: datetime, publisher: str) -> list[str]:
        """The offers of a publisher in a region.

        :raises NotFoundError: no such publisher there.
        """
        found = [i for i in self._in(location, now) if i.publisher.lower() == publisher.lower()]
        return _names(_required([i.offer for i in found], publisher))

    def skus(self, location: str, now: datetime, publisher: str, offer: str) -> list[str]:
        """The skus of an offer in a region.

        :raises NotFoundError: no such offer there.
        """
        wanted = (publisher.lower(), offer.lower())
        found = [i.sku for i in self._in(location, now) if i.key[:2] == wanted]
        return _names(_required(found, f"{publisher}/{offer}"))

    def image(self, publisher: str, offer: str, sku: str) -> PlatformImage:
        """One image.

        :raises NotFoundError: no such publisher, offer and sku.
        """
        image = self.images.get((publisher.lower(), offer.lower(), sku.lower()))
        if image is None:
            raise NotFoundError(f"Artifact: VMImage was not found: {publisher}/{offer}/{sku}.")
        return image

    def find_version(
        self, location: str, now: datetime, *, publisher: str, offer: str, sku: str, version: str
    ) -> ImageVersion:
        """One version in a region; ``latest`` is the newest.

        :raises PlatformImageNotFoundError: the region has no such version.
        """
        image = self.images.get((publisher.lower(), offer.lower(), sku.lower()))
        seen = image.visible(location, now) if image else []
        if version.lower() == "latest" and seen:
            return seen[-1]
        for candidate in seen:
            if candidate.name == version:
                return candidate
        raise PlatformImageNotFoundError(
            f"The platform image '{publisher}:{offer}:{sku}:{version}' is not available in location '{location}'. "
            "Verify that all fields in the storage profile are correct.",
            target="imageReference",
        )

    def _in(self, location: str, now: datetime) -> list[PlatformImage]:
        return [image for image in self.images.values() if image.visible(location, now)]


def _names(names: Iterable[str]) -> list[str]:
    return sorted(set(names), key=str.lower)


def _required(names: list[str], what: str) -> list[str]:
    if not names:
        raise NotFoundError(f"Artifact: VMImage was not found: {what}.")
    return names
