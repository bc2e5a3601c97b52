"""Instances in flight, by region: what rules across scale sets go by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.referee.scale_set_record import Batch


@dataclass(slots=True, eq=False)
class Flight:
    """An instance from its accepted swap or rollback until it is ready, failed or out of time.

    :param image: image and version that it is to run.
    :param batch: that of the instance's last swap; None for one that was never swapped.
    """

    scale_set: str
    instance: str
    location: str
    image: str
    zone: str | None
    update_domain: int
    batch: Batch | None


class Place(NamedTuple):
    """Where a scale set has instances in flight."""

    scale_set: str
    zone: str | None


@dataclass(slots=True)
class RegionFlights:
    """What is in flight in one region: for each image version, how many instances in which place."""

    by_image: dict[str, Counter[Place]] = field(default_factory=dict)
    total: int = 0
    max_zones_per_image: int = 0

    def add(self, flight: Flight) -> None:
        """One more."""
        places = self.by_image.setdefault(flight.image, Counter())
        places[Place(flight.scale_set, flight.zone)] += 1
        self.total += 1

    def remove(self, flight: Flight) -> None:
        """One less."""
        places = self.by_image[flight.image]
        place = Place(flight.scale_set, flight.zone)
        places[place] -= 1
        if not places[place]:
            del places[place]
        if not places:
            del self.by_image[flight.image]
        self.total -= 1

    def places_of(self, image: str) -> Counter[Place]:
        """Where an image version is in flight."""
        return self.by_image.get(image, Counter())

    def note_zones(self, image: str) -> None:
        """Remember how many zones an image version is in flight in."""
        places = self.places_of(image)
        zones = {place.zone for place in places}
        count = max(len(zones - {None}), 1 if zones else 0)
        self.max_zones_per_image = max(self.max_zones_per_image, count)


@dataclass(slots=True)
class Overlap:
    """The time for which paired regions had instances in flight at once.

    :param pairs: each region's pairs.
    """

    pairs: Mapping[str, frozenset[str]]
    active: set[str] = field(default_factory=set)
    since: datetime | None = None
    seconds: float = 0.0

    def set_active(self, location: str, *, is_active: bool, at: datetime) -> None:
        """A region has something in flight, or nothing any more."""
        if is_active:
            self.active.add(location)
        else:
            self.active.discard(location)
        overlaps = any(self.pairs_in_flight(region) for region in self.active)
        if overlaps and self.since is None:
            self.since = at
        elif not overlaps and self.since is not None:
            self.seconds += (at - self.since).total_seconds()
            self.since = None

    def pairs_in_flight(self, location: str) -> frozenset[str]:
        """The pairs of a region that have something in flight."""
        return self.pairs.get(location, frozenset()) & self.active

    def seconds_by(self, now: datetime) -> float:
        """All of it up to now."""
        running = 0.0 if self.since is None else (now - self.since).total_seconds()
        return self.seconds + running
