"""What the routes about images take: each in forms, for platform images, those of galleries, and node images of AKS."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeAlias

from pydantic import Discriminator, Field, Tag, model_validator

from arm_emulator.aks.node_images import is_version, patched_to
from arm_emulator.galleries.documents import TargetRegion, VersionName
from arm_emulator.galleries.versions import ReplicationState
from arm_emulator.world.images_document import BehaviourDocument
from arm_emulator.world.words import Document, Instant, Location

IMAGE_FORMS = ("platform image", "gallery image", "node image")
"""The forms, as errors tell them apart; they are no part of a body."""


class PublishedBehaviour(BehaviourDocument):
    """A behaviour of the version that is being published, unless it names another."""

    version: str | None = None


class PlatformVersion(Document):
    """A version of a platform image."""

    publisher: str
    offer: str
    sku: str
    version: str


class GalleryImageVersion(Document):
    """A version of a gallery's image; the gallery is given by its id or by its name."""

    gallery: str
    image: str
    version: VersionName


class PublishPlatformImage(PlatformVersion):
    """A version to publish."""

    locations: list[Location] | None = None
    automaticOSUpgradeSupported: bool | None = None
    behaviours: list[PublishedBehaviour] = Field(default_factory=list)


class PublishGalleryImage(GalleryImageVersion):
    """A version to publish in a gallery; ``replicated`` lists the regions that have it at once, all by default."""

    targetRegions: list[TargetRegion] = Field(min_length=1)
    excludeFromLatest: bool = False
    replicated: list[Location] | None = None
    endOfLifeDate: Instant | None = None
    behaviours: list[PublishedBehaviour] = Field(default_factory=list)


class ReplicateImage(GalleryImageVersion):
    """How far a version has come in a region, from now on."""

    region: Location
    state: ReplicationState = Field(strict=False)
    progress: int | None = Field(default=None, ge=0, le=100)


class PublishNodeImage(Document):
    """A node image of AKS to publish, for all clusters; without an instant it is there at once.

    ``security`` follows from the name where it is left out: a security-only image has the date of its patches.
    """

    nodeImage: str
    security: bool | None = None
    needsReimage: bool = False
    regions: list[Location] | None = None
    publishedAt: Instant | None = None

    @model_validator(mode="after")
    def _is_named_for_what_it_is(self) -> Self:
        if not is_version(self.nodeImage):
            raise ValueError(
                f"nodeImage: {self.nodeImage!r} names no node image with its build, "
                "such as AKSUbuntu-2204gen2containerd-202402.12.0"
            )
        if self.security is not None and self.security != bool(patched_to(self.nodeImage)):
            raise ValueError(
                f"security: {str(self.security).lower()} does not go with {self.nodeImage!r}; a security-only image, "
                "and no other, ends with the date of its patches, such as -2024.02.20"
            )
        return self


def _form(value: Any) -> str:  # noqa: ANN401 - whatever the body holds
    return IMAGE_FORMS[isinstance(value, dict) and "gallery" in value]


def _published_form(value: Any) -> str:  # noqa: ANN401 - whatever the body holds
    return IMAGE_FORMS[2] if isinstance(value, dict) and "nodeImage" in value else _form(value)


PublishImage: TypeAlias = Annotated[
    Annotated[PublishPlatformImage, Tag(IMAGE_FORMS[0])]
    | Annotated[PublishGalleryImage, Tag(IMAGE_FORMS[1])]
    | Annotated[PublishNodeImage, Tag(IMAGE_FORMS[2])],
    Discriminator(_published_form),
]
"""A version to publish, in any form."""

WithdrawImage: TypeAlias = Annotated[
    Annotated[PlatformVersion, Tag(IMAGE_FORMS[0])] | Annotated[GalleryImageVersion, Tag(IMAGE_FORMS[1])],
    Discriminator(_form),
]
"""A version to withdraw, in either form."""
