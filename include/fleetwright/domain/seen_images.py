"""What the image watch sees and remembers: versions in regions, and what it says about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from fleetwright.domain.images import version_key
from fleetwright.domain.publications import Publication
from fleetwright.domain.quarantine import Quarantined, why_put_away


@dataclass(frozen=True, slots=True)
class WatchTimes:
    """When what is seen has its effect (R29), as data.

    :param cadence: time between two looks
    :param publication_delay: from the first sight of a version to its announcement
    :param enablement_delay: from the first sight of an enabled fleet to its first rollout
    :param late_starts: rollouts of late fleets begun by one look, at most
    :param poll: time between two polls of the watch that waits for events, where that is switched on
    """

    cadence: timedelta = timedelta(minutes=30)
    publication_delay: timedelta = timedelta(minutes=30)
    enablement_delay: timedelta = timedelta(hours=2)
    late_starts: int = 10
    poll: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """What the ledger knows of a version that the watch has seen.

    :param publication: with a region for every sight in one; a platform image's without, once it is
        where its first phase needs it
    :param announced_at: the intent: it was handed to Airflow then, unless a crash came between
    :param confirmed_at: its event, or what came of it, was found
    :param left_reason: why it is never announced
    """

    publication: Publication
    seen_at: datetime
    announced_at: datetime | None = None
    confirmed_at: datetime | None = None
    left_reason: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """What one region has of one image.

    :param versions: every version that is listed there, oldest first
    :param newest: the newest that may be rolled out there (R26, R27, R41), empty where none may
    :param passed: newer ones that may not, each with its reason
    :param problem: why the region could not be read
    """

    region: str
    versions: tuple[str, ...] = ()
    newest: str = ""
    passed: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class FirstStop:
    """Where a platform image has to be before it may begin: the first phase with fleets that use it.

    :param regions: of those fleets
    """

    phase: str
    regions: tuple[str, ...]


class Outlook(StrEnum):
    """What a look came to for one image."""

    ANNOUNCE = "announced"
    NOTHING_NEW = "nothing new"
    WAITS = "waits"
    BLOCKED = "blocked"  # nobody would hear it: a person has to act


@dataclass(frozen=True, slots=True)
class Finding:
    """What a look came to for one image, or for one of a gallery in one region.

    :param publication: what is announced, or would be
    :param due: when it is announced if nothing changes; None where time alone changes nothing
    """

    image: str
    outlook: Outlook
    words: str
    publication: Publication | None = None
    due: datetime | None = None
    region: str = ""

    @property
    def is_blocked(self) -> bool:
        """Whether a person has to act before it can go on."""
        return self.outlook is Outlook.BLOCKED

    def __str__(self) -> str:
        where = f" in {self.region}" if self.region else ""
        return f"{self.image}{where}: {self.words}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """The newest version that could begin now.

    :param publication: None where there is none
    :param notes: what newer ones wait for
    """

    image: str
    publication: Publication | None = None
    notes: tuple[str, ...] = ()
    region: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """What is known beside the catalogue.

    :param seen: every row of the ledger
    :param begun: what has come to a phase, or to its region
    """

    seen: Mapping[Publication, SeenVersion] = field(default_factory=dict)
    quarantined: tuple[Quarantined, ...] = ()
    begun: frozenset[Publication] = frozenset()

    def announced(self, candidate: Candidate) -> SeenVersion | None:
        """The newest version of the image (and region) that was announced."""
        rows = (row for row in self.seen.values() if row.announced_at is not None)
        ours = [
            r
            for r in rows
            if (r.publication.image, r.publication.region) == (candidate.image, candidate.region)
        ]
        return max(ours, key=lambda row: version_key(row.publication.version), default=None)

    def why_quarantined(self, publication: Publication) -> str:
        """Why the version is put away; empty where it is not."""
        return why_put_away(self.quarantined, publication.image, publication.version)


@dataclass(frozen=True, slots=True)
class SeenFleet:
    """What the ledger knows of a fleet that the watch has seen.

    :param enabled_at: since when it has been ours; None while it is not: opting in again starts anew
    :param reached: key of the publication on which all of its instances were found
    """

    fleet_key: str
    enabled_at: datetime | None
    reached: str = ""
