"""Images of galleries that others share with us or publish to everybody: read only, region by region."""

from __future__ import annotations

from fleetwright.azure.bodies import Body, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.gallery_parsing import parse_visible_version
from fleetwright.azure.urls import GALLERIES, arm_url, segment
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.image_versions import ImageVersion
from fleetwright.domain.images import ImageKind, ImageReference, is_exact_version


class VisibleImages:
    """A version that the region shows is there: these galleries tell no replication (R26)."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def list_versions(self, fleet: Fleet, image: ImageReference) -> tuple[ImageVersion, ...]:
        """Every exact version that the fleet's region shows, in no order.

        :raises ConfigurationError: when the region shows no such image
        """
        try:
            items = self._items(fleet, image)
        except NotFoundError as error:
            raise ConfigurationError(
                f"image {image.name} of {fleet.name} is not visible in {fleet.location}:"
                f" {error.code}: {error.failure.message}"
            ) from error
        now = self._client.clock.now()
        return tuple(
            parse_visible_version(item, now) for item in items if is_exact_version(text_at(item, "name"))
        )

    def confirm(self, _fleet: Fleet, _image: ImageReference, version: ImageVersion) -> ImageVersion:
        """The list has said all that there is to say."""
        return version

    def _items(self, fleet: Fleet, image: ImageReference) -> tuple[Body, ...]:
        url = self._versions_url(fleet, image)
        try:
            return self._client.list_items(url)
        except NotFoundError:
            if image.kind is not ImageKind.SHARED_GALLERY:
                raise
            # A gallery is shared with the subscription or with its whole tenant, and each has to be asked for.
            return self._client.list_items(f"{url}&sharedTo=tenant")

    def _versions_url(self, fleet: Fleet, image: ImageReference) -> str:
        _, owner, gallery, _, name = image.image_id.rsplit("/", 4)
        path = (
            f"/subscriptions/{fleet.fleet_id.subscription}/providers/Microsoft.Compute"
            f"/locations/{segment(fleet.location)}/{owner}/{segment(gallery)}/images/{segment(name)}/versions"
        )
        return arm_url(self._client.url, path, GALLERIES)
