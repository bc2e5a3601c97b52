"""The gallery part of a world document."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from arm_emulator.galleries.references import GALLERY_FORM, is_gallery_id
from arm_emulator.galleries.versions import VERSION_NAME, ReplicationState
from arm_emulator.world.words import Document, Location

Properties = dict[str, Any]


def _version_name(value: object) -> object:
    if not isinstance(value, str) or VERSION_NAME.fullmatch(value) is None:
        raise ValueError(f"{value!r} is no version such as 1.0.0")
    return value


VersionName = Annotated[str, BeforeValidator(_version_name)]
"""Three numbers."""


def _has_name(target: object) -> bool:
    return isinstance(target, dict) and isinstance(target.get("name"), str)


def _target_region(value: object) -> object:
    target = {"name": value} if isinstance(value, str) else value
    if not _has_name(target):
        raise ValueError(f"{value!r} is no region such as West Europe or {{name: West Europe}}")
    return target


TargetRegion = Annotated[dict[str, Any], BeforeValidator(_target_region)]
"""A region by its name, or as ARM writes it."""


class ResourceDocument(Document):
    """What every resource of a gallery may have beside its properties; read-only fields are taken and ignored."""

    id: str | None = None
    type: str | None = None
    location: Location | None = None
    tags: dict[str, str] | None = None
    properties: Properties = Field(default_factory=dict)


class ReplicationDocument(Document):
    """How far a version has come in one region."""

    state: ReplicationState = Field(strict=False)
    progress: int | None = Field(default=None, ge=0, le=100)
    details: str = ""


class VersionExtrasDocument(Document):
    """What ARM has no field for.

    ``replicated`` lists the regions that have the version, all where it is not given; ``replication`` says more of
    single ones.
    """

    replicated: list[Location] | None = None
    replication: dict[Location, ReplicationDocument] = Field(default_factory=dict)


class VersionDocument(ResourceDocument):
    """A version of an image."""

    name: VersionName
    x_emulator: VersionExtrasDocument = Field(default_factory=VersionExtrasDocument, alias="x-emulator")

    @model_validator(mode="after")
    def _targets_are_readable(self) -> Self:
        profile = self.properties.get("publishingProfile")
        if not isinstance(profile, dict | None):
            raise ValueError("properties.publishingProfile is no mapping")  # noqa: TRY004 - pydantic's own
        check_targets((profile or {}).get("targetRegions"))
        return self


class GalleryImageDocument(ResourceDocument):
    """An image definition with its versions."""

    name: str
    versions: list[VersionDocument] = Field(default_factory=list)


class GalleryExtrasDocument(Document):
    """Under which names others see it: its unique name where it is shared, its public name in the community."""

    sharedAs: str | None = None
    communityAs: str | None = None


class GalleryDocument(ResourceDocument):
    """A gallery with its images."""

    id: str
    name: str | None = None
    images: list[GalleryImageDocument] = Field(default_factory=list)
    x_emulator: GalleryExtrasDocument = Field(default_factory=GalleryExtrasDocument, alias="x-emulator")

    @model_validator(mode="after")
    def _id_is_one(self) -> Self:
        if not is_gallery_id(self.id):
            raise ValueError(f"id: {self.id!r} is no gallery's id; one looks like {GALLERY_FORM}")
        return self


def check_targets(targets: object) -> None:
    """Refuse ``targetRegions`` that cannot be read.

    :raises ValueError: they are no list of objects with a name.
    """
    if targets is None:
        return
    if not isinstance(targets, list):
        raise ValueError(f"publishingProfile.targetRegions: {targets!r} is no list")  # noqa: TRY004 - pydantic's own
    for index, target in enumerate(targets):
        if not _has_name(target):
            raise ValueError(
                f"publishingProfile.targetRegions[{index}]: {target!r} is no region such as {{name: West Europe}}"
            )
