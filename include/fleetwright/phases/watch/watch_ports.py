"""What the image watch needs from the world."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fleetwright.domain.publications import Publication
from fleetwright.domain.seen_images import SeenFleet, SeenVersion
from fleetwright.phases.ports import PhaseLedger, PhasePorts


class SeenLedger(Protocol):
    """What the watch remembers. Every method raises ``LedgerError`` when it cannot be read or written."""

    def list_seen_versions(self) -> tuple[SeenVersion, ...]:
        """Every version that was ever seen, oldest sight first."""
        ...

    def see_versions(self, publications: Collection[Publication], *, now: datetime, left: str = "") -> None:
        """Write first sights; what was seen before stays as it is.

        :param left: why these are never announced
        """
        ...

    def note_announcement(self, publication: Publication, *, now: datetime) -> None:
        """Write the intent to announce, before anybody hears of it."""
        ...

    def confirm_announcement(self, publication: Publication, *, now: datetime) -> None:
        """Write that the announcement has arrived; the first confirmation stays."""
        ...

    def note_fleets(self, enabled: Collection[str], *, now: datetime) -> Mapping[str, SeenFleet]:
        """Write which fleets are ours now, and since when; one that left and comes again starts anew.

        :param enabled: the keys of all of them
        """
        ...

    def list_seen_fleets(self) -> Mapping[str, SeenFleet]:
        """Every fleet that was ever ours, by its key."""
        ...

    def note_reached(self, fleet_key: str, publication: Publication) -> None:
        """Write that all instances of a fleet were found on a version."""
        ...


class WatchLedger(SeenLedger, PhaseLedger, Protocol):
    """The ledger as the watch uses it."""


class Audience(Protocol):
    """Whoever begins the way of a publication: in Airflow the DAGs that listen to an asset."""

    def obstacle(self, publication: Publication) -> str:
        """Why an announcement would be lost now, and what a person does; empty where somebody listens."""
        ...

    def has_heard(self, publication: Publication) -> bool:
        """Whether an announcement of it has arrived."""
        ...


@dataclass(frozen=True, slots=True)
class WatchPorts(PhasePorts):
    """Everything outside of the watch: what phases need, and what the watch remembers.

    :param requires_deferral: the endpoint is one where Azure itself would upgrade a flagged set (O2)
    """

    ledger: WatchLedger
    requires_deferral: bool = False
