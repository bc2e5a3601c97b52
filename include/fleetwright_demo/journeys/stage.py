"""Where one world is played: an emulator, a ledger and a clock, and processes that roll out between them."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Self, TypeAlias, TypeVar

from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.domain.records import RolloutView
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.rollout.ports.leases import Lease, LeaseTerms
from fleetwright.rollout.request import RolloutRequest
from fleetwright.rollout.runner import opened, roll_out
from fleetwright.rollout.session import Ports
from fleetwright_demo.journeys.documents import world_document
from fleetwright_demo.journeys.drawn import START, DrawnWorld, Work
from fleetwright_demo.journeys.dying import KilledError, Mortal
from fleetwright_demo.journeys.giving_way import giving_way
from fleetwright_demo.journeys.in_process import EmulatorInProcess, InProcessClock, InProcessTransport
from fleetwright_demo.journeys.shared_clock import SharedClock

LONGEST = timedelta(days=16)  # no journey of a drawn world needs more: liveness is a bound, not a hope
_EXPIRY = LeaseTerms(timedelta(seconds=30))
_stages = itertools.count()

Found = TypeVar("Found")


# Makes the ports of a process such that it dies, or leaves them as they are.
Die: TypeAlias = Callable[[Any], Any]


def _live_on(ports: Any) -> Any:  # noqa: ANN401 - ports of whichever work
    return ports


class LeaseTime:
    """The wall time that leases live on: it stands still but for a tick at each look, which keeps order.

    A process that dies is given up by moving it on; whoever lives renews its lease at once.
    """

    def __init__(self) -> None:
        self._now = datetime(2024, 6, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self._now += timedelta(microseconds=1)
        return self._now

    def let_expire(self, terms: LeaseTerms) -> None:
        """Let so much time pass that every lease which is not renewed has expired."""
        self._now += terms.expiry + timedelta(seconds=1)


@dataclass(slots=True)
class Stage:
    """One world while it is played.

    :ivar kept: the ledger itself
    :ivar ledger: the same as processes use it, who give way there as the world has it
    :ivar alive: the leases of all processes that live
    :ivar doubled: fleets that two had at once: there must be none
    :ivar last_happening: after it nothing comes from outside any more
    """

    world: DrawnWorld
    emulator: EmulatorInProcess
    clock: SharedClock
    kept: SqlLedger
    ledger: Any
    url: str
    lease_time: LeaseTime
    alive: list[Lease] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    begun: Counter[Work] = field(default_factory=Counter)
    last_happening: datetime = START

    @classmethod
    def of(cls, world: DrawnWorld) -> Self:
        """A stage on which nothing has happened yet; chance is that of the world's seed from here on."""
        random.seed(world.seed)
        emulator = EmulatorInProcess(world_document(world), seed=world.seed)
        clock = SharedClock(InProcessClock(emulator), until=START + LONGEST)
        lease_time = LeaseTime()
        kept = open_ledger("sqlite://", wall_clock=lease_time)
        ledger: Any = giving_way(kept, clock, Random(world.seed), world.giving_way)
        # A host of its own: request budgets are kept by host, and no world pays for another one's calls.
        url = f"http://world-{next(_stages)}.localhost"
        return cls(world, emulator, clock, kept, ledger, url, lease_time)

    def close(self) -> None:
        """End everything that still waits."""
        self.clock.close()
        self.kept.close()

    def client(self) -> ArmClient:
        """A process's own connection."""
        endpoint = AzureEndpoint(self.url, StaticToken("journey"))
        return connect(endpoint, self.clock, transport=InProcessTransport(self.emulator))

    def ports(self) -> Ports:
        """What a rollout needs."""
        client = self.client()
        driver, catalogue = FleetDrivers(client), AzureImageCatalogue(client)
        return Ports(self.clock, driver, catalogue, self.ledger, AzureRegionDirectory(client))

    def roll_out(self, request: RolloutRequest, *, owner: str) -> RolloutView:
        """A whole rollout in this thread, as patient as the world; where its process dies, others take it up.

        :raises HeldError: when the fleet may not be upgraded now
        """
        request = replace(
            request,
            poll_seconds=self.world.poll_seconds,
            health_timeout_seconds=self.world.health_timeout_seconds,
        )

        def attempt(die: Die, process: int) -> RolloutView:
            return self._attempt(die(self.ports()), request, f"{owner}, process {process}")

        return self.outlive(Work.ROLLOUT, attempt)

    def outlive(self, work: Work, attempt: Callable[[Die, int], Found]) -> Found:
        """Do a piece of work in one process after the other, until one of them lives to its end.

        :param attempt: takes what makes ports mortal, and the number of the process
        """
        number = self.begun[work]
        self.begun[work] += 1
        deaths = [death for death in self.world.deaths if (death.of, death.number) == (work, number)]
        for process, death in enumerate(deaths):
            try:
                return attempt(Mortal(death).ports, process)
            except KilledError:
                self._give_up_the_dead()
        return attempt(_live_on, len(deaths))

    def _attempt(self, ports: Ports, request: RolloutRequest, owner: str) -> RolloutView:
        with opened(ports, request, owner=owner, terms=_EXPIRY, keep_alive=self._alive) as session:
            return roll_out(session)

    @contextmanager
    def _alive(self, lease: Lease) -> Iterator[None]:
        """While a process lives, its lease is renewed whenever somebody else's expires."""
        if any(other.fleet_key == lease.fleet_key for other in self.alive):
            self.doubled.append(lease.fleet_key)
        self.alive.append(lease)
        try:
            yield
        finally:
            self.alive.remove(lease)

    def _give_up_the_dead(self) -> None:
        """Let so much wall time pass that the lease of whoever died has expired, and nobody else's."""
        self.lease_time.let_expire(_EXPIRY)
        for lease in self.alive:
            self.kept.check(lease)
