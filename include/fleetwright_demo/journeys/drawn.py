"""What a random world is made of: values that a seed has drawn, before anything of them is run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from fleetwright.rollout.ports.holds import HoldSubject

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
START = datetime(2024, 6, 1, tzinfo=UTC)
PLATFORM_IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
GALLERY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/images/providers/Microsoft.Compute/galleries/own"
GALLERY_IMAGE = "web"
OLD_VERSIONS = {False: "18.04.202401010", True: "1.0.0"}
"""What all instances run at first, by whether their image comes from a gallery."""


class Harm(StrEnum):
    """Where a version makes instances ill."""

    NOWHERE = "good"
    EVERYWHERE = "bad everywhere"
    REGION = "bad in one region"
    INSTANCES = "bad on some instances"


class Work(StrEnum):
    """What a process is at work on."""

    ROLLOUT = "rollout"
    JOURNEY = "journey"  # of a version through its phases
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class DrawnRegion:
    """A region.

    :param paired: the region that it names as its pair, which need not name it back; empty for none
    :param zones: how many it has
    """

    name: str
    paired: str = ""
    zones: int = 0


@dataclass(frozen=True, slots=True)
class DrawnFleet:
    """A scale set.

    :param zones: none for a regional set
    :param policy: its own rolling policy, empty where the default is in force (C7)
    """

    name: str
    region: str
    size: int
    zones: tuple[str, ...] = ()
    is_gallery: bool = False
    is_opted_out: bool = False
    policy: dict[str, Any] = field(default_factory=dict)

    @property
    def fleet_id(self) -> str:
        """Its ARM id."""
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.region}"
        return f"{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{self.name}"

    @property
    def crosses_zones(self) -> bool:
        """Whether its zones are upgraded at once (N14)."""
        return bool(self.policy.get("enableCrossZoneUpgrade"))


@dataclass(frozen=True, slots=True)
class DrawnVersion:
    """A version that is published while the world goes on.

    :param at: seconds after the world's start
    :param region: where it does harm, for ``Harm.REGION``
    :param health: how an ill instance behaves
    :param replicas: for a gallery's version, the seconds after ``at`` until it is in each region
    """

    version: str
    at: float
    harm: Harm = Harm.NOWHERE
    region: str = ""
    health: str = "never"
    is_gallery: bool = False
    replicas: tuple[tuple[str, float], ...] = ()

    @property
    def published_at(self) -> datetime:
        """When."""
        return START + timedelta(seconds=self.at)


@dataclass(frozen=True, slots=True)
class DrawnDeath:
    """A process that dies in the middle of its work, which another process takes up.

    :param of: whose process it is
    :param number: of which one of them, counted as they begin
    :param call: at which of the calls that it makes
    :param is_after: the call was carried out, and its answer was not heard
    """

    of: Work
    number: int
    call: int
    is_after: bool = False


@dataclass(frozen=True, slots=True)
class DrawnHold:
    """A person's word that nothing new begins, and its release.

    :param name: of a fleet, a phase's label, or a version
    :param at: seconds after the world's start
    """

    subject: HoldSubject
    name: str
    at: float
    seconds: float


@dataclass(frozen=True, slots=True)
class DrawnWorld:
    """Everything that a journey depends on.

    :param phases: the regions of each phase, in order
    :param concurrency: rollouts at once in a phase
    :param giving_way: the share of calls before which a process lets all others go first
    :param faults: as the emulator takes them
    :param outages: zones that go down: seconds after the start, region, zone, for how many seconds
    :param manual: rollouts that a person starts: seconds after the start, name of the fleet
    """

    seed: int
    regions: tuple[DrawnRegion, ...]
    fleets: tuple[DrawnFleet, ...]
    versions: tuple[DrawnVersion, ...]
    phases: tuple[tuple[str, ...], ...]
    concurrency: int = 10
    bake_seconds: float = 60.0
    giving_way: float = 0.0
    timings: dict[str, Any] = field(default_factory=dict)
    poll_seconds: float = 10.0
    health_timeout_seconds: float = 60.0
    faults: tuple[dict[str, Any], ...] = ()
    outages: tuple[tuple[float, str, str, float], ...] = ()
    deaths: tuple[DrawnDeath, ...] = ()
    manual: tuple[tuple[float, str], ...] = ()
    holds: tuple[DrawnHold, ...] = ()

    @property
    def is_calm(self) -> bool:
        """Nothing goes wrong in it: every version has to come everywhere (R1)."""
        is_good = all(version.harm is Harm.NOWHERE for version in self.versions)
        return is_good and not (self.faults or self.outages or self.manual or self.holds)

    def fleet(self, name: str) -> DrawnFleet:
        """A fleet by its name."""
        return next(fleet for fleet in self.fleets if fleet.name == name)

    def phase_of(self, region: str) -> int:
        """The place of a region's phase in the order."""
        return next(index for index, regions in enumerate(self.phases) if region in regions)
