"""What the routes about images take: each in two forms, for platform images and for those of galleries."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Field, Tag

from arm_emulator.galleries.documents import TargetRegion, VersionName
from arm_emulator.galleries.versions import ReplicationState
from arm_emulator.world.images_document import BehaviourDocument
from arm_emulator.world.words import Document, Instant, Location

IMAGE_FORMS = ("platform image", "gallery image")
"""The two forms, as errors tell them apart; they are no part of a body."""


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


def _form(value: Any) -> str:  # noqa: ANN401 - whatever the body holds
    return IMAGE_FORMS[isinstance(value, dict) and "gallery" in value]


PublishImage: TypeAlias = Annotated[
    Annotated[PublishPlatformImage, Tag(IMAGE_FORMS[0])]
    | Annotated[PublishGalleryImage, Tag(IMAGE_FORMS[1])],
    Discriminator(_form),
]
"""A version to publish, in either form."""

WithdrawImage: TypeAlias = Annotated[
    Annotated[PlatformVersion, Tag(IMAGE_FORMS[0])] | Annotated[GalleryImageVersion, Tag(IMAGE_FORMS[1])],
    Discriminator(_form),
]
"""A version to withdraw, in either form."""
