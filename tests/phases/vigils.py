"""A vigil: the image watch over an emulated world, in virtual time, with an audience that can be deaf."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rehearsals import TOKEN
from voyages import IMAGE_KEY, Voyage
from worlds import IMAGE, SUBSCRIPTION

from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.domain.publications import Publication
from fleetwright.domain.seen_images import WatchTimes
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.phases.watch.news import News, find_news
from fleetwright.phases.watch.watch_ports import WatchPorts
from fleetwright.phases.watch.watching import Look, announce, look

HALF_HOUR = timedelta(minutes=30)
AT_ONCE = WatchTimes(publication_delay=timedelta(), enablement_delay=timedelta())


@dataclass
class Listeners:
    """Whoever hears announcements.

    :param deaf: why nothing is heard, empty where something is
    :param heard: every announcement that arrived, in order
    """

    deaf: str = ""
    heard: list[Publication] = field(default_factory=list)

    def obstacle(self, _publication: Publication) -> str:
        """Why an announcement would be lost now."""
        return self.deaf

    def has_heard(self, publication: Publication) -> bool:
        """Whether it has arrived."""
        return publication in self.heard


class Vigil(Voyage):
    """Looks at one world, again and again."""

    times = AT_ONCE

    def __init__(self, *args: Any, times: WatchTimes = AT_ONCE, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **options)
        self.times = times
        self.listeners = Listeners()

    def watch_ports(self, ledger: SqlLedger | None = None) -> WatchPorts:
        """The ports of one look: a process of its own."""
        client = connect(AzureEndpoint(self.url, StaticToken(TOKEN)), self.clock)
        ledger = ledger or open_ledger(self.ledger_url, wall_clock=self.wall)
        self._open += [client, ledger]
        return WatchPorts(
            clock=self.clock,
            fleets=AzureFleetDirectory(client, SUBSCRIPTION),
            regions=AzureRegionDirectory(client),
            driver=FleetDrivers(client),
            catalogue=AzureImageCatalogue(client),
            ledger=ledger,
        )

    def look(self, ports: WatchPorts | None = None) -> Look:
        """Look, announce, and let the announcements arrive."""
        ports = ports or self.watch_ports()
        found = look(ports, self.plan, self.times, self.listeners)
        self.listeners.heard += announce(ports, self.listeners, found.announcements)
        return found

    def news(self) -> tuple[News, ...]:
        """What would wake the watch."""
        return find_news(self.watch_ports(), self.plan, self.times)

    def watch_until(self, instant: datetime, cadence: timedelta = HALF_HOUR) -> dict[str, datetime]:
        """Look again and again; the instants at which announcements and late starts were made, by key or fleet."""
        when: dict[str, datetime] = {}
        while self.clock.now() <= instant:
            begun = self.clock.now()
            found = self.look()
            told = [p.key for p in found.announcements] + [s.fleet_id for s in found.starts]
            for one in told:
                when.setdefault(one, self.clock.now())
            self.clock.wait_until(begun + cadence)
        return when

    def publish(self, version: str, *regions: str) -> datetime:
        """The publisher brings a version out, everywhere unless told otherwise."""
        where = {"locations": list(regions)} if regions else {}
        self.admin.post("images", **IMAGE, version=version, **where)
        return self.clock.now()

    def asked(self) -> list[str]:
        """Every ARM call so far, without its host and api-version."""
        log = self.admin.get("requests")["log"]
        return [f"{one['method']} {one['path']}" for one in log]


def words(found: Look, image: str = IMAGE_KEY) -> str:
    """What a look said about one image."""
    return "\n".join(finding.words for finding in found.findings if finding.image == image)
