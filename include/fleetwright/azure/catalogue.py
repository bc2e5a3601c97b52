"""Which versions of an image a region has: one catalogue that asks the one of the image's kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from fleetwright.azure.client import ArmClient
from fleetwright.azure.gallery_images import GalleryImages
from fleetwright.azure.platform_images import PlatformImages
from fleetwright.azure.visible_images import VisibleImages
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.image_versions import ImageVersion
from fleetwright.domain.images import IN_GALLERIES, ImageKind, ImageReference, version_key


class _Images(Protocol):
    def list_versions(self, fleet: Fleet, image: ImageReference) -> tuple[ImageVersion, ...]: ...

    def confirm(self, fleet: Fleet, image: ImageReference, version: ImageVersion) -> ImageVersion: ...


class AzureImageCatalogue:
    """An ``ImageCatalogue`` of platform and gallery images; what was read is remembered until ``forget``."""

    def __init__(self, client: ArmClient) -> None:
        visible = VisibleImages(client)
        self._kinds: Mapping[ImageKind, _Images] = {
            ImageKind.PLATFORM: PlatformImages(client),
            ImageKind.GALLERY: GalleryImages(client),
            ImageKind.SHARED_GALLERY: visible,
            ImageKind.COMMUNITY_GALLERY: visible,
        }
        self._listed: dict[tuple[str, str], dict[str, ImageVersion]] = {}
        self._confirmed: dict[tuple[str, str, str], ImageVersion] = {}

    def list_versions(self, fleet: Fleet, image: ImageReference) -> tuple[str, ...]:
        """Every exact version that the catalogue lists, oldest first, ordered by number (R41).

        :raises ConfigurationError: when the image does not exist there, or is of no kind that has versions
        """
        return tuple(self._list(fleet, image))

    def why_not_rolled_out(self, fleet: Fleet, image: ImageReference, version: str) -> str:
        """Why no rollout goes to the version (R26, R27): no further call where the list says so already."""
        return (
            self._listed_version(fleet, image, version).obstacle
            or self._confirm(fleet, image, version).obstacle
        )

    def why_not_deployable(self, fleet: Fleet, image: ImageReference, version: str) -> str:
        """Why the fleet's region cannot deploy the version (O6); one that is excluded from latest it can."""
        return self._confirm(fleet, image, version).missing

    def why_not_any_more(self, fleet: Fleet, image: ImageReference, version: str) -> str:
        """Why a rollout to the version has to stop, asked anew in one call (R26, R27).

        Platform images have neither flags nor replication: Azure refuses what it has withdrawn.
        """
        if image.kind not in IN_GALLERIES:
            return ""
        if image.kind is ImageKind.GALLERY:
            return self._images(fleet, image).confirm(fleet, image, ImageVersion(version)).obstacle
        self._listed.pop((fleet.location, image.key), None)
        return self._listed_version(fleet, image, version).obstacle

    def forget(self) -> None:
        """Read anew whatever is asked from here on."""
        self._listed.clear()
        self._confirmed.clear()

    def _confirm(self, fleet: Fleet, image: ImageReference, version: str) -> ImageVersion:
        key = (fleet.location, image.key, version)
        if key not in self._confirmed:
            listed = self._listed_version(fleet, image, version)
            self._confirmed[key] = (
                listed if listed.missing else self._images(fleet, image).confirm(fleet, image, listed)
            )
        return self._confirmed[key]

    def _listed_version(self, fleet: Fleet, image: ImageReference, version: str) -> ImageVersion:
        gone = ImageVersion(version, missing="is gone from the catalogue")
        return self._list(fleet, image).get(version, gone)

    def _list(self, fleet: Fleet, image: ImageReference) -> dict[str, ImageVersion]:
        key = (fleet.location, image.key)
        if key not in self._listed:
            found = self._images(fleet, image).list_versions(fleet, image)
            self._listed[key] = {v.version: v for v in sorted(found, key=lambda v: version_key(v.version))}
        return self._listed[key]

    def _images(self, fleet: Fleet, image: ImageReference) -> _Images:
        if image.kind not in self._kinds:
            raise ConfigurationError(
                f"{fleet.name} boots {image.name}, a {image.kind} image; only platform and gallery images"
                " have versions to roll out (R28)"
            )
        return self._kinds[image.kind]
