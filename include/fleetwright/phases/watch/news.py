"""Whether a look would find something: what wakes the watch between two looks; nothing is written here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from fleetwright.domain.image_watch import judge
from fleetwright.domain.phases import PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.domain.seen_images import Memory, Outlook, WatchTimes
from fleetwright.phases.watch.late import list_ready
from fleetwright.phases.watch.scene import Scene, read_scene
from fleetwright.phases.watch.watch_ports import WatchPorts
from fleetwright.phases.watch.watching import recall


@dataclass(frozen=True, slots=True)
class News:
    """One reason to look.

    :param image: its key
    """

    image: str
    words: str

    def to_dict(self) -> dict[str, str]:
        """As plain JSON."""
        return {"image": self.image, "words": self.words}


def find_news(ports: WatchPorts, plan: PhasePlan, times: WatchTimes) -> tuple[News, ...]:
    """Everything that a look would act on now, by the calls of one look and without a trace.

    :raises ProviderError: when the fleets cannot be listed
    """
    scene, memory, now = read_scene(ports, plan), recall(ports.ledger), ports.clock.now()
    found = (
        *_versions(scene, memory, times, now),
        *_fleets(ports, scene),
        *(
            News(late.fleet.image.key, f"{late.fleet.name} is behind {late.target.version}")
            for late in list_ready(ports, scene, memory, times)
        ),
    )
    return tuple(dict.fromkeys(found))


def _versions(scene: Scene, memory: Memory, times: WatchTimes, now: datetime) -> Iterator[News]:
    for publication in scene.sights:
        if publication not in memory.seen:
            yield News(publication.image, f"{_short(publication)} was not seen before")
    for candidate in scene.candidates:
        finding = judge(candidate, memory, times, now)
        if finding.outlook is not Outlook.ANNOUNCE or finding.publication is None:
            continue
        row = memory.seen.get(finding.publication)
        is_made = row is not None and row.announced_at is not None
        words = "was announced, and nothing shows yet that it arrived" if is_made else "is due"
        yield News(candidate.image, f"{_short(finding.publication)} {words}")


def _short(publication: Publication) -> str:
    return f"{publication.version} in {publication.region}" if publication.region else publication.version


def _fleets(ports: WatchPorts, scene: Scene) -> Iterator[News]:
    seen = ports.ledger.list_seen_fleets()
    for fleet in scene.fleets:
        known = seen.get(fleet.key)
        if known is None or known.enabled_at is None:
            yield News(fleet.image.key, f"{fleet.name} has been enabled")
