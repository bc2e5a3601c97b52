"""The platform image catalogue of a region: publishers, offers, SKUs, versions (R41)."""

from __future__ import annotations

from fleetwright.azure.bodies import text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.urls import PLATFORM_IMAGES, arm_url, segment
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.image_versions import ImageVersion
from fleetwright.domain.images import ImageReference, is_exact_version


class PlatformImages:
    """Every version that a region lists can be deployed there."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def list_versions(self, fleet: Fleet, image: ImageReference) -> tuple[ImageVersion, ...]:
        """Every exact version of the image in the fleet's region, in no order.

        :raises ConfigurationError: when the image does not exist there
        """
        try:
            items = self._client.list_items(self._versions_url(fleet, image))
        except NotFoundError as error:
            raise ConfigurationError(
                f"image {image.name} of {fleet.name} does not exist in {fleet.location}:"
                f" {error.code}: {error.failure.message}"
            ) from error
        names = (text_at(item, "name") for item in items)
        return tuple(ImageVersion(name) for name in names if is_exact_version(name))

    def confirm(self, _fleet: Fleet, _image: ImageReference, version: ImageVersion) -> ImageVersion:
        """The list has said all that there is to say."""
        return version

    def _versions_url(self, fleet: Fleet, image: ImageReference) -> str:
        path = (
            f"/subscriptions/{fleet.fleet_id.subscription}/providers/Microsoft.Compute"
            f"/locations/{segment(fleet.location)}/publishers/{segment(image.publisher)}"
            f"/artifacttypes/vmimage/offers/{segment(image.offer)}/skus/{segment(image.sku)}/versions"
        )
        return arm_url(self._client.url, path, PLATFORM_IMAGES)
