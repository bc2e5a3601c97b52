"""The platform image catalogue of a region: publishers, offers, SKUs, versions (R41)."""

from __future__ import annotations

from fleetwright.azure.bodies import text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.urls import platform_versions_url
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
            items = self._client.list_items(platform_versions_url(self._client.url, fleet, image))
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
