"""The image part of a world document."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from arm_emulator.images.behaviours import HealthWord, ImageBehaviour
from arm_emulator.world.words import Document, InstanceId, Instant, Location


class ImageVersionDocument(Document):
    """One version of a platform image."""

    name: str
    publishedAt: Instant | None = None
    locations: list[Location] | None = None


class PlatformImageDocument(Document):
    """A publisher's offer and sku."""

    publisher: str
    offer: str
    sku: str
    locations: list[Location] | None = None
    automaticOSUpgradeSupported: bool = True
    osType: Literal["Linux", "Windows"] = "Linux"
    versions: list[ImageVersionDocument] = Field(default_factory=list)


class BehaviourDocument(Document):
    """What instances do when they boot the version that is being published."""

    instances: list[InstanceId] | None = None
    percent: float = Field(default=100, ge=0, le=100)
    health: HealthWord = Field(default=HealthWord.HEALTHY, strict=False)
    extension: str | None = None
    extensionResult: Literal["succeeded", "failed"] | None = None
    scaleSet: str | None = None

    @model_validator(mode="after")
    def _extension_has_result(self) -> Self:
        if (self.extension is None) != (self.extensionResult is None):
            raise ValueError("extension and extensionResult belong together: one of them is missing")
        return self

    def for_version(self, version: str) -> ImageBehaviour:
        """The behaviour that it describes, of one version."""
        return ImageBehaviour(
            version=version,
            instances=None if self.instances is None else frozenset(self.instances),
            percent=self.percent,
            health=self.health,
            extension=self.extension,
            extension_failed=self.extensionResult == "failed",
            scale_set=None if self.scaleSet is None else self.scaleSet.lower(),
        )


class ImageBehaviourDocument(BehaviourDocument):
    """One line of ``imageBehaviours``."""

    version: str

    def behaviour(self) -> ImageBehaviour:
        """The behaviour that it describes."""
        return self.for_version(self.version)
