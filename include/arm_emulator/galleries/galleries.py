"""All galleries of a world, and what a region has of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import GalleryImageNotFoundError, ResourceNotFoundError
from arm_emulator.galleries.references import GalleryReference, Naming
from arm_emulator.galleries.versions import in_order

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.galleries.versions import GalleryVersion


@dataclass(slots=True)
class GalleryImage:
    """An image definition with its versions, by name.

    :param resource: as ARM writes it, without id, name and type
    """

    name: str
    resource: JsonObject
    versions: dict[str, GalleryVersion] = field(default_factory=dict)


@dataclass(slots=True)
class Gallery:
    """A gallery with its images, by name in lower case.

    :param resource: as ARM writes it, without name and type
    :param shared_as: its unique name where it is shared
    :param community_as: its public name where it is published to everybody
    """

    id: str
    resource: JsonObject
    shared_as: str | None = None
    community_as: str | None = None
    images: dict[str, GalleryImage] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its own name."""
        return self.id.rpartition("/")[2]

    @property
    def location(self) -> str:
        """Where it stands; its versions go anywhere."""
        return str(self.resource["location"])

    def image(self, name: str) -> GalleryImage:
        """An image by name.

        :raises ResourceNotFoundError: the gallery has no such one.
        """
        found = self.images.get(name.lower())
        if found is None:
            raise ResourceNotFoundError(
                f"The Resource 'Microsoft.Compute/galleries/{self.name}/images/{name}' was not found."
            )
        return found


class Galleries:
    """The galleries of a world, by id in lower case."""

    def __init__(self) -> None:
        self.by_id: dict[str, Gallery] = {}

    def add(self, gallery: Gallery) -> None:
        """Have one more."""
        self.by_id[gallery.id.lower()] = gallery

    def named(self, text: str) -> Gallery | None:
        """A gallery by its id or by its name, in any case."""
        wanted = text.lower().rstrip("/")
        by_name = (g for g in self.by_id.values() if g.name.lower() == wanted)
        return self.by_id.get(wanted) or next(by_name, None)

    def shared(self, unique_name: str) -> Gallery | None:
        """A gallery by the name under which it is shared."""
        return self._where("shared_as", unique_name)

    def community(self, public_name: str) -> Gallery | None:
        """A gallery by its public name."""
        return self._where("community_as", public_name)

    def _where(self, attribute: str, name: str) -> Gallery | None:
        found = (g for g in self.by_id.values() if (getattr(g, attribute) or "").lower() == name.lower())
        return next(found, None)

    def gallery_of(self, reference: GalleryReference) -> Gallery | None:
        """The gallery that a reference names, in any of the three ways."""
        if reference.naming is Naming.OWN:
            return self.by_id.get(reference.gallery.lower())
        find = self.shared if reference.naming is Naming.SHARED else self.community
        return find(reference.gallery)

    def resolve(self, reference: GalleryReference, version: str, region: str) -> GalleryVersion:
        """A version in a region; ``latest`` is the newest that it has and that is not excluded there (R26, R27).

        :raises GalleryImageNotFoundError: the region does not have it.
        """
        gallery = self.gallery_of(reference)
        image = gallery.images.get(reference.image.lower()) if gallery is not None else None
        present = [v for v in in_order(image.versions.values()) if v.is_in(region)] if image else []
        if version.lower() == "latest":
            fitting = [v for v in present if not v.is_excluded(region)]
        else:
            fitting = [v for v in present if v.name == version]
        if fitting:
            return fitting[-1]
        raise GalleryImageNotFoundError(
            f"The gallery image {reference.text}/versions/{version} is not available in {region} region. Please "
            "contact image owner to replicate to this region, or change your requested region.",
            target="imageReference",
        )
