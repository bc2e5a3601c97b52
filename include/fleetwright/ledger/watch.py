"""What the image watch has seen, as rows: every version with its way to Airflow, every fleet since it is ours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, bindparam, insert, select, update

from fleetwright.domain.publications import Publication
from fleetwright.domain.seen_images import SeenFleet, SeenVersion
from fleetwright.ledger.database import Database
from fleetwright.ledger.tables import seen_fleets, seen_versions

_VERSIONS = select(seen_versions).order_by(seen_versions.c.seen_at, seen_versions.c.version)
_SEE = insert(seen_versions)
_OF_VERSION = (
    (seen_versions.c.image == bindparam("of_image"))
    & (seen_versions.c.version == bindparam("of_version"))
    & (seen_versions.c.region == bindparam("of_region"))
)
_ANNOUNCE = update(seen_versions).where(_OF_VERSION).values(announced_at=bindparam("at"), left_reason="")
_CONFIRM = (
    update(seen_versions)
    .where(_OF_VERSION, seen_versions.c.confirmed_at.is_(None))
    .values(confirmed_at=bindparam("at"))
)
_FLEETS = select(seen_fleets)
_NEW_FLEET = insert(seen_fleets)
_ENABLE = (
    update(seen_fleets)
    .where(seen_fleets.c.fleet_key == bindparam("fleet"))
    .values(enabled_at=bindparam("at"), reached="")
)
_REACH = (
    update(seen_fleets)
    .where(seen_fleets.c.fleet_key == bindparam("fleet"))
    .values(reached=bindparam("publication"))
)


class WatchInSql:
    """The image watch's part of ``SqlLedger``; see ``phases.watch_ports.WatchLedger`` for what each method promises."""

    _database: Database

    def list_seen_versions(self) -> tuple[SeenVersion, ...]:
        """Every version that was ever seen, oldest sight first."""
        with self._database.reading() as connection:
            return tuple(_seen(row) for row in connection.execute(_VERSIONS).mappings())

    def see_versions(self, publications: Collection[Publication], *, now: datetime, left: str = "") -> None:
        """Write first sights; what was seen before stays as it is.

        :param left: why these are never announced
        """
        with self._database.writing() as write:
            rows = write.connection.execute(_VERSIONS).mappings()
            known = {_seen(row).publication for row in rows}
            fresh = [p for p in dict.fromkeys(publications) if p not in known]
            if fresh:
                rows_of = [{**_named(p), "seen_at": now, "left_reason": left} for p in fresh]
                write.connection.execute(_SEE, rows_of)

    def note_announcement(self, publication: Publication, *, now: datetime) -> None:
        """Write the intent to announce, before Airflow hears of it."""
        with self._database.writing() as write:
            write.connection.execute(_ANNOUNCE, {**_of(publication), "at": now})

    def confirm_announcement(self, publication: Publication, *, now: datetime) -> None:
        """Write that the announcement has arrived; the first confirmation stays."""
        with self._database.writing() as write:
            write.connection.execute(_CONFIRM, {**_of(publication), "at": now})

    def note_fleets(self, enabled: Collection[str], *, now: datetime) -> Mapping[str, SeenFleet]:
        """Write which fleets are ours now, and since when; whoever has left starts anew.

        :param enabled: the keys of all of them
        """
        with self._database.writing() as write:
            known = {row["fleet_key"]: row for row in write.connection.execute(_FLEETS).mappings()}
            for key in sorted(set(enabled) - set(known)):
                write.connection.execute(_NEW_FLEET, {"fleet_key": key, "enabled_at": now})
            for key, row in known.items():
                if (key in enabled) is (row["enabled_at"] is None):
                    at = now if key in enabled else None
                    write.connection.execute(_ENABLE, {"fleet": key, "at": at})
            rows = write.connection.execute(_FLEETS).mappings()
            return {row["fleet_key"]: SeenFleet(**row) for row in rows}

    def list_seen_fleets(self) -> Mapping[str, SeenFleet]:
        """Every fleet that was ever ours, by its key."""
        with self._database.reading() as connection:
            rows = connection.execute(_FLEETS).mappings()
            return {row["fleet_key"]: SeenFleet(**row) for row in rows}

    def note_reached(self, fleet_key: str, publication: Publication) -> None:
        """Write that all instances of a fleet were found on a version: it is not looked at again for that one."""
        with self._database.writing() as write:
            write.connection.execute(_REACH, {"fleet": fleet_key, "publication": publication.key})


def _named(publication: Publication) -> dict[str, Any]:
    return {
        "image": publication.image,
        "version": publication.version,
        "region": publication.region,
    }


def _of(publication: Publication) -> dict[str, Any]:
    return {f"of_{name}": value for name, value in _named(publication).items()}


def _seen(row: RowMapping) -> SeenVersion:
    return SeenVersion(
        Publication(row["image"], row["version"], row["region"]),
        row["seen_at"],
        row["announced_at"],
        row["confirmed_at"],
        row["left_reason"],
    )
