"""One version of a gallery's image: which regions it goes to, and how far it has come there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from arm_emulator.images.versions import version_order
from arm_emulator.resources.regions import region_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.compute.model import JsonObject

VERSION_NAME = re.compile(r"\d+\.\d+\.\d+")
"""Three numbers: Azure takes no other name for a version of a gallery's image."""


class ReplicationState(StrEnum):
    """``state`` of one region."""

    UNKNOWN = "Unknown"
    REPLICATING = "Replicating"
    COMPLETED = "Completed"
    FAILED = "Failed"


@dataclass(slots=True)
class Replication:
    """How far a version has come in one region.

    :param progress: percent
    """

    state: ReplicationState
    progress: int = 0
    details: str = ""

    @classmethod
    def at(cls, state: ReplicationState, progress: int | None = None, details: str = "") -> Replication:
        """A state with its usual progress: all of it when it is completed, none of it before."""
        usual = 100 if state is ReplicationState.COMPLETED else 0
        return cls(state, usual if progress is None else progress, details)


@dataclass(slots=True)
class GalleryVersion:
    """A version.

    :param resource: as ARM writes it, without id, name and type; ``targetRegions`` are those that it goes to
    :param replication: by the region's name; exactly the target regions
    """

    name: str
    resource: JsonObject
    replication: dict[str, Replication] = field(default_factory=dict)

    @property
    def properties(self) -> JsonObject:
        """``properties``."""
        found: JsonObject = self.resource.setdefault("properties", {})
        return found

    @property
    def profile(self) -> JsonObject:
        """``publishingProfile``."""
        if self.properties.get("publishingProfile") is None:
            self.properties["publishingProfile"] = {}
        found: JsonObject = self.properties["publishingProfile"]
        return found

    def is_in(self, region: str) -> bool:
        """Whether the region has it (R26)."""
        there = self.replication.get(region)
        return there is not None and there.state is ReplicationState.COMPLETED

    def is_excluded(self, region: str) -> bool:
        """Whether ``latest`` never means it there, by either of the two flags (R27)."""
        return bool(self.profile.get("excludeFromLatest") or self.target(region).get("excludeFromLatest"))

    def target(self, region: str) -> JsonObject:
        """The region's entry of ``targetRegions``, empty where there is none."""
        named = (t for t in self.profile.get("targetRegions") or () if region_name(t["name"]) == region)
        return next(named, {})

    def replicate_to(self, regions: Iterable[str]) -> None:
        """Go to these regions and no others: new ones have it at once, the others stay as they are."""
        kept = self.replication
        self.replication = {
            region: kept.get(region) or Replication.at(ReplicationState.COMPLETED) for region in regions
        }


def target_names(profile: dict[str, Any]) -> list[str]:
    """The names of the regions in a ``publishingProfile``."""
    return [region_name(target["name"]) for target in profile.get("targetRegions") or ()]


def in_order(versions: Iterable[GalleryVersion]) -> list[GalleryVersion]:
    """Oldest first, by number."""
    return sorted(versions, key=lambda version: version_order(version.name))
