"""Images of an own compute gallery: one list of versions, and each version's replication to the regions."""

from __future__ import annotations

from fleetwright.azure.bodies import text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.gallery_parsing import parse_listed_version, parse_replicated_version
from fleetwright.azure.urls import GALLERIES, arm_url
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.image_versions import ImageVersion
from fleetwright.domain.images import ImageReference, is_exact_version


class GalleryImages:
    """What is excluded stands in the list; whether a version is replicated is asked for one by one (R26, R27)."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def list_versions(self, fleet: Fleet, image: ImageReference) -> tuple[ImageVersion, ...]:
        """Every exact version of the image, as far as the list tells, in no order.

        :raises ConfigurationError: when the gallery or the image does not exist
        """
        try:
            items = self._client.list_items(self._url(image))
        except NotFoundError as error:
            raise ConfigurationError(
                f"image {image.name} of {fleet.name} does not exist: {error.code}: {error.failure.message}"
            ) from error
        now = self._client.clock.now()
        return tuple(
            parse_listed_version(item, fleet.location, now)
            for item in items
            if is_exact_version(text_at(item, "name"))
        )

    def confirm(self, fleet: Fleet, image: ImageReference, version: ImageVersion) -> ImageVersion:
        """Ask about the replication to the fleet's region, which no list tells."""
        url = self._url(image, f"/{version.version}", expand="ReplicationStatus")
        try:
            body = self._client.get(url)
        except NotFoundError:
            return ImageVersion(version.version, missing="is gone from the gallery")
        return parse_replicated_version(body, fleet.location, self._client.clock.now())

    def _url(self, image: ImageReference, below: str = "", **query: str) -> str:
        return arm_url(self._client.url, f"{image.image_id}/versions{below}", GALLERIES, **query)
