"""How a model names an image of a gallery: by an own id, by a shared one, by a public one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GALLERY_FORM = "/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/Microsoft.Compute/galleries/{name}"
_GALLERY_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/galleries/[^/]+", re.IGNORECASE
)
_BELOW = r"(?P<text>{}/images/(?P<image>[^/]+))(?:/versions/(?P<version>[^/]+))?/?"
_FIELDS = ("id", "sharedGalleryImageId", "communityGalleryImageId")


class Naming(StrEnum):
    """Which of the three."""

    OWN = "id"
    SHARED = "sharedGalleryImageId"
    COMMUNITY = "communityGalleryImageId"


_FORMS = {
    Naming.OWN: re.compile(_BELOW.format(f"(?P<gallery>{_GALLERY_ID.pattern})"), re.IGNORECASE),
    Naming.SHARED: re.compile(_BELOW.format(r"/sharedGalleries/(?P<gallery>[^/]+)"), re.IGNORECASE),
    Naming.COMMUNITY: re.compile(_BELOW.format(r"/communityGalleries/(?P<gallery>[^/]+)"), re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class GalleryReference:
    """An image of a gallery, and the version that the model asks for.

    :param gallery: the gallery's id, its unique name or its public name
    :param version: ``latest`` where the reference names none
    :param text: the reference without its version
    """

    naming: Naming
    gallery: str
    image: str
    version: str
    text: str


def gallery_reference(reference: Mapping[str, object]) -> GalleryReference | None:
    """What an ``imageReference`` names in a gallery; None where it names something else."""
    for name in _FIELDS:
        for naming, form in _FORMS.items():
            match = form.fullmatch(str(reference.get(name) or ""))
            if match is not None:
                version = match["version"] or "latest"
                return GalleryReference(naming, match["gallery"], match["image"], version, match["text"])
    return None


def is_gallery_id(text: object) -> bool:
    """Whether a text is the id of an own gallery."""
    return isinstance(text, str) and _GALLERY_ID.fullmatch(text) is not None
