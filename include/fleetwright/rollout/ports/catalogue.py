"""The catalogue of images."""

from __future__ import annotations

from typing import Protocol

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import ImageReference


class ImageCatalogue(Protocol):
    """Which versions of an image exist for a region."""

    def list_versions(self, fleet: Fleet, image: ImageReference) -> tuple[str, ...]:
        """Every exact version that the catalogue lists for the fleet, oldest first (R41).

        :raises ConfigurationError: when the image does not exist
        """
        ...

    def why_not_rolled_out(self, fleet: Fleet, image: ImageReference, version: str) -> str:
        """Why no rollout of the fleet goes to the version (R26, R27); empty where one may."""
        ...

    def why_not_deployable(self, fleet: Fleet, image: ImageReference, version: str) -> str:
        """Why the fleet's region cannot deploy the version, be it rolled out or not (O6); empty where it can."""
        ...

    def why_not_any_more(self, fleet: Fleet, image: ImageReference, version: str) -> str:
        """Why a rollout to the version has to stop, asked anew before each batch; empty where it may go on."""
        ...

    def forget(self) -> None:
        """Read anew whatever is asked from here on: until then answers are remembered."""
        ...
