"""A year of schedules in virtual time: at each opening the product looks, and begins what it came to at its place.

By hand, with other seeds and longer years: ``python tests/node_year/year_playing.py --seed 7 --weeks 104``.
"""

from __future__ import annotations

import argparse
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from year_judging import Accepted, Judge, Looked, as_open
from year_worlds import DrawnYear, draw_year

from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.calls import Answer
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.domain.errors import HeldError
from fleetwright.domain.maintenance import SUNDAY, MaintenanceWindow
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.openings import opening_after
from fleetwright.ledger.store import open_ledger
from fleetwright.node_images.evaluating import evaluate_channel, request_of
from fleetwright.node_images.ports import ClusterDriver, NodePorts
from fleetwright.node_images.runner import opened, roll_out_nodes
from fleetwright.node_images.validating import validate
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright_demo.journeys.in_process import URL, EmulatorInProcess, InProcessClock, InProcessTransport
from fleetwright_demo.journeys.shared_clock import SharedClock

MANNERS = Manners(poll=timedelta(minutes=10))
WEEKLY = NodeOsChannel.NODE_IMAGE
# Real time means nothing to who waits in virtual time.
TERMS = LeaseTerms(expiry=timedelta(hours=1))
TOKEN = "header.payload.signature"


class WatchedEmulator(EmulatorInProcess):
    """An emulator that remembers every upgrade that it accepted, and counts what it was asked."""

    def __init__(self, world: dict[str, object]) -> None:
        super().__init__(world)
        self.accepted: list[Accepted] = []
        self.calls: Counter[str] = Counter()

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Carry a request out."""
        answer = super().handle(method, url, headers, body)
        path = url.removeprefix(URL).partition("?")[0]
        if "/_emulator/" in path:
            return answer
        self.calls[f"{method} {path.rpartition('/')[2]}" if method == "POST" else method] += 1
        if path.endswith("/upgradeNodeImageVersion") and answer is not None and answer.status == 202:
            at = datetime.fromisoformat(self.get("clock")["now"])
            self.accepted.append(Accepted(path.removesuffix("/upgradeNodeImageVersion"), at))
        return answer

    def images(self) -> dict[str, dict[str, int]]:
        """How many nodes of each pool are on which image."""
        return {pool: told["images"] for pool, told in self.get("audit")["nodePools"].items()}


@dataclass(slots=True)
class Play:
    """What happened.

    :param accepted: every upgrade that the emulator accepted
    :param outcomes: of the evaluations
    :param ends: of the rollouts
    """

    year: DrawnYear
    emulator: WatchedEmulator
    accepted: list[Accepted]
    looked: list[Looked] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    held: list[str] = field(default_factory=list)

    def verdict(self) -> list[str]:
        """What the judge finds."""
        audit = self.emulator.get("audit")
        return list(Judge(self.year, self.accepted, self.looked, audit).violations())


def play_year(
    year: DrawnYear, *, seen_by: Callable[[ClusterDriver], ClusterDriver] = lambda driver: driver
) -> Play:
    """Play a year to its end.

    :param seen_by: changes what the product sees of Azure, to make it wrong
    """
    emulator = WatchedEmulator(year.document())
    play = Play(year, emulator, emulator.accepted)
    with SharedClock(InProcessClock(emulator), until=year.until + timedelta(days=2)) as clock:
        client = connect(
            AzureEndpoint(URL, StaticToken(TOKEN)), clock, transport=InProcessTransport(emulator)
        )
        ports = NodePorts(clock, seen_by(AksDriver(client)), open_ledger("sqlite://"))
        for instant in sorted({closes for c in year.clusters for _, closes in as_open(c, year.until)}):
            clock.start(partial(_look, play, instant), at=instant)
        clock.run_all([partial(_schedule, play, ports, clock)])
        clock.wait_until(year.until)
    return play


def _look(play: Play, instant: datetime) -> None:
    play.looked.append(Looked(instant, play.emulator.images()))


def _schedule(play: Play, ports: NodePorts, clock: SharedClock) -> None:
    """The timetable: at each opening of a window that is known, the weekly schedule looks at every cluster."""
    # Whoever turns a schedule on has it look once: from there on it knows the windows.
    windows = tuple(_windows(ports.driver.list_clusters()))
    while (period := opening_after(windows, clock.now())) and period.opens < play.year.until:
        clock.wait_until(period.opens)
        clusters = ports.driver.list_clusters()
        windows = tuple(_windows(clusters))
        for found in evaluate_channel(ports, WEEKLY, actor="weekly", manners=MANNERS, clusters=clusters):
            play.outcomes[found.outcome] += 1
            if found.outcome is Outcome.HELD:
                play.held.append(str(found))
            if found.outcome is Outcome.STARTED:
                clock.start(partial(_roll_out, play, ports, found), at=found.not_before)


def _windows(clusters: tuple[Cluster, ...]) -> Iterator[MaintenanceWindow]:
    yield SUNDAY
    yield from {repr(c.window): c.window for c in clusters if c.window is not None}.values()


def _roll_out(play: Play, ports: NodePorts, found: Evaluation) -> None:
    owner = f"{found.fleet_id.rpartition('/')[2]} {found.at:%F %H:%M}"
    try:
        validated = validate(ports, request_of(found, MANNERS), actor=owner)
    except HeldError as error:
        play.ends["held"] += 1
        play.held.append(f"{owner}: {error}")
        return
    if validated.nothing:
        play.ends["nothing to do"] += 1
        return
    with opened(ports, validated, owner=owner, terms=TERMS) as session:
        play.ends[roll_out_nodes(session).state] += 1


def tell(play: Play, seconds: float) -> str:
    """The year in a few lines."""
    calls = play.emulator.calls
    return "\n".join(
        (
            f"{len(play.year.clusters)} clusters until {play.year.until:%F} in {seconds:.1f} s",
            f"evaluations: {dict(play.outcomes)}; rollouts: {dict(play.ends)}",
            f"upgrades accepted: {len(play.emulator.accepted)}; calls: {calls.total()}: {dict(calls.most_common(6))}",
            *dict.fromkeys(play.held[:5]),
        )
    )


def main() -> int:
    """Play a year by hand; 1 where the judge finds something."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--seed", type=int, default=1)
    flags.add_argument("--clusters", type=int, default=50)
    flags.add_argument("--weeks", type=int, default=52)
    given = flags.parse_args()
    logging.disable(logging.CRITICAL)
    begun = time.perf_counter()
    play = play_year(draw_year(given.seed, clusters=given.clusters, weeks=given.weeks))
    print(tell(play, time.perf_counter() - begun))  # noqa: T201 - a script
    found = play.verdict()
    print("\n".join(found) or "the judge finds nothing")  # noqa: T201 - a script
    return 1 if found else 0


if __name__ == "__main__":
    raise SystemExit(main())
