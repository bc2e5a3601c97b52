"""One look of the image watch: read, remember, decide, say why (R1, R26, R27, R29, R41, R50)."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from fleetwright.domain.image_watch import judge, passed_over
from fleetwright.domain.phases import PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.domain.seen_images import Finding, Memory, Outlook, SeenVersion, WatchTimes
from fleetwright.phases.watch.late import find_late
from fleetwright.phases.watch.late_findings import LateFinding, LateStart
from fleetwright.phases.watch.scene import Scene, read_scene
from fleetwright.phases.watch.watch_ports import Audience, WatchLedger, WatchPorts

log = logging.getLogger(__name__)

# What falls due so soon is waited for: a scheduler is never exact, and the next look is half an hour away.
PATIENCE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Look:
    """What one look came to, with its reasons.

    :param late: fleets whose rollouts are begun apart from every phase, and those that wait for that
    :param without_phase: names of fleets that nothing upgrades
    """

    at: datetime
    findings: tuple[Finding, ...]
    late: tuple[LateFinding, ...] = ()
    without_phase: tuple[str, ...] = ()

    @property
    def announcements(self) -> tuple[Publication, ...]:
        """What is announced now."""
        return tuple(
            f.publication
            for f in self.findings
            if f.outlook is Outlook.ANNOUNCE and f.publication is not None
        )

    @property
    def starts(self) -> tuple[LateStart, ...]:
        """The late fleets whose rollouts begin now."""
        return tuple(finding.start for finding in self.late if finding.start is not None)

    def next_due(self) -> datetime | None:
        """When the first thing falls due that time alone holds back."""
        waiting = [f.due for f in self.findings if f.outlook is Outlook.WAITS]
        return min((due for due in (*waiting, *(f.due for f in self.late)) if due), default=None)

    def further_lines(self) -> tuple[str, ...]:
        """What there is to say beside the images, one line each."""
        homeless = ", ".join(self.without_phase)
        nothing = (f"no phase has {homeless}: nothing upgrades them",) if homeless else ()
        nobody = () if self.findings else ("no fleet of ours follows the latest version of an image",)
        return (*nobody, *map(str, self.late), *nothing)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {
            "at": self.at.isoformat(),
            "images": [_as_json(finding) for finding in self.findings],
            "announce": [publication.key for publication in self.announcements],
            "late": [str(finding) for finding in self.late],
            "start": [start.to_dict() for start in self.starts],
            "fleetsWithoutPhase": list(self.without_phase),
        }


def look(ports: WatchPorts, plan: PhasePlan, times: WatchTimes, audience: Audience) -> Look:
    """Read everything, write first sights, and decide what is announced and begun now.

    :raises ProviderError: when the fleets cannot be listed
    """
    scene = read_scene(ports, plan)
    remember(ports.ledger, scene, ports.clock.now())
    settle_announcements(ports.ledger, audience, ports.clock.now())
    found = assess(ports, scene, times)
    due = found.next_due()
    if due is not None and due - ports.clock.now() <= PATIENCE:
        log.info("something falls due at %s: waiting for it", f"{due:%H:%M:%S}")
        ports.clock.wait_until(due)
        found = assess(ports, scene, times)
    return replace(found, findings=tuple(_with_audience(finding, audience) for finding in found.findings))


def assess(ports: WatchPorts, scene: Scene, times: WatchTimes) -> Look:
    """What follows from the scene now; nothing is written but what was read of late fleets."""
    now = ports.clock.now()
    memory = recall(ports.ledger)
    findings = tuple(judge(candidate, memory, times, now) for candidate in scene.candidates)
    late = find_late(ports, scene, memory, times)
    return Look(now, findings, late, tuple(fleet.name for fleet in scene.without_phase))


def remember(ledger: WatchLedger, scene: Scene, now: datetime) -> None:
    """Write what is seen for the first time, and which fleets are ours by now."""
    memory = recall(ledger)
    for publication in scene.sights:
        if publication in memory.seen:
            continue
        over = passed_over(publication, _listed(scene, publication), memory)
        newer = f"passed over: {publication.version} came before it was seen"
        ledger.see_versions(over, now=now, left=newer)
    ledger.see_versions([p for p in scene.sights if p not in memory.seen], now=now)
    ledger.note_fleets([fleet.key for fleet in scene.fleets], now=now)


def recall(ledger: WatchLedger) -> Memory:
    """What the ledger knows."""
    seen = {row.publication: row for row in ledger.list_seen_versions()}
    begun = frozenset(run.publication for run in ledger.list_phase_runs())
    return Memory(seen, ledger.list_quarantined(), begun)


def settle_announcements(ledger: WatchLedger, audience: Audience, now: datetime) -> None:
    """Confirm what was announced and has arrived since; what has not is announced again."""
    memory = recall(ledger)
    for row in filter(is_pending, memory.seen.values()):
        if row.publication in memory.begun or audience.has_heard(row.publication):
            ledger.confirm_announcement(row.publication, now=now)


def is_pending(row: SeenVersion) -> bool:
    """Whether it was announced, and nothing shows yet that it arrived."""
    return row.announced_at is not None and row.confirmed_at is None


def announce(
    ports: WatchPorts, audience: Audience, publications: Iterable[Publication]
) -> tuple[Publication, ...]:
    """Write the intent of each announcement, and return those that are to be made now.

    Whoever was cleared or tried again finds here what has arrived already, and repeats nothing.
    """
    settle_announcements(ports.ledger, audience, ports.clock.now())
    seen = recall(ports.ledger).seen
    made = []
    for publication in publications:
        row = seen.get(publication)
        if row is not None and row.confirmed_at is not None:
            log.info("%s has arrived already: it is not announced again", publication)
        elif obstacle := audience.obstacle(publication):
            log.error("%s is NOT announced: %s", publication, obstacle)
        else:
            ports.ledger.note_announcement(publication, now=ports.clock.now())
            made.append(publication)
    return tuple(made)


def _with_audience(finding: Finding, audience: Audience) -> Finding:
    """Nothing is announced to nobody: an event that nobody hears is lost for ever."""
    if finding.outlook is not Outlook.ANNOUNCE or finding.publication is None:
        return finding
    obstacle = audience.obstacle(finding.publication)
    if not obstacle:
        return finding
    words = f"{finding.publication.version} is NOT announced: {obstacle}"
    return replace(finding, outlook=Outlook.BLOCKED, words=words, due=None)


def _listed(scene: Scene, publication: Publication) -> tuple[str, ...]:
    regions = {publication.region} if publication.region else {region for _, region in scene.shelves}
    found = (scene.shelves.get((publication.image, region)) for region in regions)
    return tuple(dict.fromkeys(version for shelf in found if shelf for version in shelf.versions))


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "image": finding.image,
        "region": finding.region,
        "version": finding.publication.version if finding.publication else "",
        "outlook": str(finding.outlook),
        "words": finding.words,
    }
