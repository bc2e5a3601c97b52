"""What the referee knows about one scale set: counts that are kept up with every event, never searched for."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.referee.flights import Flight


@dataclass(slots=True)
class Batch:
    """One accepted swap call; of a pool, whose calls are about one node each, those whose nodes are in flight together.

    :param waiting: its instances that have not become ready yet, be it on its version or, rolled back, on the one before.
    """

    instances: tuple[str, ...]
    accepted_at: datetime
    waiting: set[str]
    ready_at: datetime | None = None

    def join(self, instances: tuple[str, ...]) -> None:
        """More instances go with those that are in flight."""
        self.instances += instances
        self.waiting.update(instances)

    def note_ready(self, instance: str, at: datetime) -> None:
        """One of its instances is ready; with the last of them the batch is."""
        self.waiting.discard(instance)
        if not self.waiting and self.ready_at is None:
            self.ready_at = at


@dataclass(slots=True)
class History:
    """What an instance ran and was swapped to.

    :param ran: image versions that it has run, or runs.
    :param swapped_to: versions of its accepted swaps, since the model changed or the version was published anew.
    :param before_last_swap: what it ran before its last swap.
    :param is_rolled_back: a rollback was accepted since that swap.
    """

    ran: set[str | None]
    swapped_to: set[str | None] = field(default_factory=set)
    before_last_swap: str | None = None
    is_rolled_back: bool = False


@dataclass(slots=True)
class Work:
    """What became of the tasks on the nodes of a pool.

    :param running_nodes_interrupted: nodes that were replaced or restarted in the middle of their work; where the pool
        defers upgrades, each is a violation (R55).
    :param tasks_requeued: tasks that a replacement or restart had queued again on pools that do not defer.
    :param tasks_ended_by_order: tasks that a call which closes a node stopped, or that one to a pool which does not
        defer ended.
    """

    running_nodes_interrupted: int = 0
    tasks_requeued: int = 0
    tasks_ended_by_order: int = 0


@dataclass(slots=True)
class ScaleSetRecord:
    """The record of one scale set, or of one Batch pool.

    :param work: that of a pool; None for a scale set of its own.
    :param versions: the image version of each instance there is.
    :param flights: instances in flight.
    :param batch_of: the batch of each instance's last swap.
    :param last_flights: each instance's last flight, over or not: an instance may become ready after its time.
    """

    id: str
    location: str
    versions: dict[str, str | None]
    not_ready: set[str]
    work: Work | None = None
    flights: dict[str, Flight] = field(default_factory=dict)
    last_flights: dict[str, Flight] = field(default_factory=dict)
    histories: dict[str, History] = field(default_factory=dict)
    swaps: Counter[str] = field(default_factory=Counter)
    rollbacks: Counter[str] = field(default_factory=Counter)
    batches: list[Batch] = field(default_factory=list)
    batch_of: dict[str, Batch] = field(default_factory=dict)
    data_disks_lost: int = 0
    max_out_of_service: int = 0
    max_out_of_service_percent: float = 0.0
    max_in_flight: int = 0
    max_zones_in_flight: int = 0
    max_update_domains_in_flight: int = 0
    first_swap_at: datetime | None = None
    last_ready_at: datetime | None = None
    busy_since: datetime | None = None
    busy_seconds: float = 0.0
    busy_seconds_at_last_ready: float = 0.0

    @property
    def size(self) -> int:
        """How many instances there are."""
        return len(self.versions)

    def out_of_service(self) -> int:
        """Distinct instances that are in flight or not ready."""
        return len(self.not_ready) + sum(1 for instance in self.flights if instance not in self.not_ready)

    def is_out_of_service(self, instance: str) -> bool:
        """Whether an instance is in flight or not ready."""
        return instance in self.not_ready or instance in self.flights

    def unhealthy(self) -> int:
        """Instances that are neither ready nor in flight."""
        return sum(1 for instance in self.not_ready if instance not in self.flights)

    def history(self, instance: str) -> History:
        """An instance's history, begun when it is first asked for."""
        if instance not in self.histories:
            self.histories[instance] = History({self.versions.get(instance)})
        return self.histories[instance]

    def forget_swaps_to(self, version: str | None) -> None:
        """A swap to the version, or to any where it is None, is a first one again (R37, N12)."""
        for history in self.histories.values():
            history.swapped_to -= history.swapped_to if version is None else {version}

    @property
    def noun(self) -> str:
        """What its instances are called."""
        return "instance" if self.work is None else "node"

    def named(self, instance: str) -> str:
        """An instance as reports name it: a pool's by the node on it."""
        return instance if self.work is None else f"tvm-{instance}"

    def add_batch(self, instances: tuple[str, ...], at: datetime) -> Batch:
        """A swap call was accepted: a batch of its own, or more of the one that is in flight."""
        batch = self._batch_in_flight()
        if batch is None:
            batch = Batch((), at, set())
            self.batches.append(batch)
        batch.join(instances)
        self.batch_of.update(dict.fromkeys(instances, batch))
        return batch

    def _batch_in_flight(self) -> Batch | None:
        """A pool's last batch, while all of it is in flight; a call to a scale set is a batch of its own."""
        if self.work is None or not self.batches:
            return None
        last = self.batches[-1]
        flights = (self.flights.get(instance) for instance in last.instances)
        is_whole = all(flight is not None and flight.batch is last for flight in flights)
        return last if is_whole else None

    def note_out_of_service(self) -> None:
        """Remember the most instances out of service."""
        count = self.out_of_service()
        self.max_out_of_service = max(self.max_out_of_service, count)
        if self.size:
            self.max_out_of_service_percent = max(self.max_out_of_service_percent, 100 * count / self.size)

    def note_in_flight(self) -> None:
        """Remember the most instances, zones and update domains in flight."""
        flights = self.flights.values()
        self.max_in_flight = max(self.max_in_flight, len(self.flights))
        self.max_zones_in_flight = max(self.max_zones_in_flight, len({flight.zone for flight in flights}))
        domains = {(flight.zone, flight.update_domain) for flight in flights}
        self.max_update_domains_in_flight = max(self.max_update_domains_in_flight, len(domains))

    def busy_seconds_by(self, now: datetime) -> float:
        """The time with at least one instance in flight, up to now."""
        running = 0.0 if self.busy_since is None else (now - self.busy_since).total_seconds()
        return self.busy_seconds + running

    def note_busy(self, at: datetime) -> None:
        """Start or stop the clock that counts time with instances in flight."""
        if self.flights and self.busy_since is None:
            self.busy_since = at
        elif not self.flights and self.busy_since is not None:
            self.busy_seconds = self.busy_seconds_by(at)
            self.busy_since = None

    def note_ready(self, flight: Flight, at: datetime) -> None:
        """An instance came out of its flight ready, or became ready later."""
        self.last_ready_at = at
        self.busy_seconds_at_last_ready = self.busy_seconds_by(at)
        if flight.batch is not None:
            flight.batch.note_ready(flight.instance, at)
