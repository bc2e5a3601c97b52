"""Which versions of an image a region has: the platform image catalogue (R41)."""

from __future__ import annotations

from fleetwright.azure.bodies import text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.urls import PLATFORM_IMAGES, arm_url, segment
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import ImageKind, ImageReference, is_exact_version, version_key


class PlatformImageCatalogue:
    """An ``ImageCatalogue`` of platform images; a list that was read is remembered while this object lives."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._known: dict[str, tuple[str, ...]] = {}

    def list_versions(self, fleet: Fleet, image: ImageReference) -> tuple[str, ...]:
        """Every exact version in the fleet's region, oldest first, ordered by number.

        :raises ConfigurationError: when the image does not exist there, or is no platform image
        """
        _require_platform(fleet, image)
        url = self._versions_url(fleet, image)
        if url not in self._known:
            self._known[url] = self._fetch(url, fleet, image)
        return self._known[url]

    def _fetch(self, url: str, fleet: Fleet, image: ImageReference) -> tuple[str, ...]:
        try:
            items = self._client.list_items(url)
        except NotFoundError as error:
            raise ConfigurationError(
                f"image {image.name} of {fleet.name} does not exist in {fleet.location}:"
                f" {error.code}: {error.failure.message}"
            ) from error
        names = (text_at(item, "name") for item in items)
        return tuple(sorted(filter(is_exact_version, names), key=version_key))

    def _versions_url(self, fleet: Fleet, image: ImageReference) -> str:
        path = (
            f"/subscriptions/{fleet.fleet_id.subscription}/providers/Microsoft.Compute"
            f"/locations/{segment(fleet.location)}/publishers/{segment(image.publisher)}"
            f"/artifacttypes/vmimage/offers/{segment(image.offer)}/skus/{segment(image.sku)}/versions"
        )
        return arm_url(self._client.url, path, PLATFORM_IMAGES)


def _require_platform(fleet: Fleet, image: ImageReference) -> None:
    if image.kind is not ImageKind.PLATFORM:
        raise ConfigurationError(
            f"{fleet.name} boots {image.name}, a {image.kind} image:"
            " this version of Fleetwright resolves platform images only"
        )
