"""Plays a drawn world from its beginning to its end: the real watch, phases and rollouts, in shared virtual time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import TypeVar

from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.domain.errors import FleetwrightError, ProviderError
from fleetwright.domain.phase_runs import PhaseRun
from fleetwright.domain.phases import Phase, PhasePlan, regional_phase
from fleetwright.domain.publications import Publication
from fleetwright.domain.records import TriggerKind
from fleetwright.domain.seen_images import WatchTimes
from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.runner import carry_fleet, run_phase, travel
from fleetwright.phases.starting import StartAnswer
from fleetwright.phases.watch.late_findings import LateStart
from fleetwright.phases.watch.watch_ports import WatchPorts
from fleetwright.phases.watch.watching import announce, look
from fleetwright.rollout.request import RolloutRequest
from fleetwright_demo.journeys.drawing import regions_of
from fleetwright_demo.journeys.drawn import SUBSCRIPTION, DrawnWorld, Work
from fleetwright_demo.journeys.stage import Die, Stage

Found = TypeVar("Found")
AnyPorts = TypeVar("AnyPorts", bound=PhasePorts)

# Two looks that find nothing, after everything has happened and ended: nothing more can come.
_IDLE_LOOKS = 3
_RETRY = timedelta(minutes=1)
_ATTEMPTS = 10  # of a step that Azure did not answer, as a task of Airflow is tried again


def plan_of(world: DrawnWorld) -> PhasePlan:
    """The phases of a world."""
    bake = timedelta(seconds=world.bake_seconds)
    phases = (
        Phase(index, f"p{index}", regions, bake=bake, concurrency=world.concurrency)
        for index, regions in enumerate(world.phases)
    )
    return PhasePlan(tuple(phases), regions_of(world.regions))


@dataclass(slots=True)
class Journey:
    """Everybody who is at work in a world beside the rollouts: the watch, and whoever carries publications.

    It is the watch's audience too: what is announced begins at once.
    """

    stage: Stage
    plan: PhasePlan
    heard: set[Publication] = field(default_factory=set)
    under_way: int = 0

    def watch(self) -> None:
        """Look every half hour, until nothing happens and nothing is under way any more."""
        clock, times, idle = self.stage.clock, WatchTimes(), 0
        while idle < _IDLE_LOOKS:
            begun = self._look(times)
            is_idle = not begun and not self.under_way and clock.now() > self.stage.last_happening
            idle = idle + 1 if is_idle else 0
            clock.wait_until(clock.now() + times.cadence)

    def obstacle(self, _publication: Publication) -> str:
        """Everybody listens."""
        return ""

    def has_heard(self, publication: Publication) -> bool:
        """Whether its way has begun."""
        return publication in self.heard

    def _look(self, times: WatchTimes) -> bool:
        """One look; what it begins takes part from now on."""
        try:
            return self.stage.outlive(Work.WATCH, lambda die, _process: self._look_as(die, times))
        except ProviderError:
            return True  # the next look is in half an hour

    def _look_as(self, die: Die, times: WatchTimes) -> bool:
        ports = die(self._ports_as(WatchPorts))
        found = look(ports, self.plan, times, self)
        publications = announce(ports, self, found.announcements)
        for publication in publications:
            self.heard.add(publication)
            self._begin(f"{publication}", partial(self.carry, publication))
        for start in found.starts:
            self._begin(f"late {start.fleet_id}", partial(self._roll_out_late, start))
        return bool(publications or found.starts)

    def _begin(self, name: str, job: Callable[[], object]) -> None:
        self.under_way += 1

        def carry() -> None:
            try:
                job()
            finally:
                self.under_way -= 1

        self.stage.clock.start(carry, name=name)

    def carry(self, publication: Publication) -> None:
        """Take a publication through all phases, or through its one region (R50), whoever dies on the way."""
        self.stage.outlive(Work.JOURNEY, lambda die, _process: self._carry_as(die, publication))

    def _carry_as(self, die: Die, publication: Publication) -> None:
        ports, owner = die(self.phase_ports()), f"journey of {publication}"
        roll_out_fleets = partial(self.roll_out_fleets, ports)
        if publication.region:
            phase = regional_phase(publication.region)
            one = partial(run_phase, ports, self.plan, phase, publication)
            self._again(partial(one, owner=owner, roll_out_fleets=roll_out_fleets))
            return
        whole = partial(travel, ports, self.plan, publication)
        self._again(partial(whole, owner=owner, roll_out_fleets=roll_out_fleets))

    def roll_out_fleets(self, ports: PhasePorts, run: PhaseRun, phase: Phase) -> None:
        """Carry out the rollouts of a phase side by side, within its limit."""
        jobs = [partial(self._carry_fleet, ports, run.key, start.fleet_id) for start in run.starts]
        for ended in self.stage.clock.run_all(jobs, limit=phase.concurrency):
            ended.result()

    def _carry_fleet(self, ports: PhasePorts, run_key: str, fleet_id: str) -> None:
        self._again(partial(carry_fleet, ports, self.plan, run_key, fleet_id, self._roll_out))

    def _roll_out(self, answer: StartAnswer) -> None:
        self._attempt(answer.request(), f"{answer.phase} of {answer.version}")

    def _roll_out_late(self, start: LateStart) -> None:
        request = RolloutRequest(start.fleet_id, start.version, TriggerKind.AUTOMATIC, phase=start.phase)
        self._attempt(request, start.attempt)

    def _attempt(self, request: RolloutRequest, owner: str) -> None:
        """What a rollout that could not go on came to is for the ledger to say."""
        try:
            self.stage.roll_out(request, owner=owner)
        except FleetwrightError:
            return

    def _again(self, step: Callable[[], Found]) -> Found:
        """Try a step again that Azure did not answer: it goes on from what the ledger knows."""
        for _ in range(_ATTEMPTS):
            try:
                return step()
            except ProviderError:
                self.stage.clock.wait_until(self.stage.clock.now() + _RETRY)
        return step()

    def phase_ports(self) -> PhasePorts:
        """What a process that runs phases needs."""
        return self._ports_as(PhasePorts)

    def _ports_as(self, kind: type[AnyPorts]) -> AnyPorts:
        client = self.stage.client()
        return kind(
            clock=self.stage.clock,
            fleets=AzureFleetDirectory(client, SUBSCRIPTION),
            regions=AzureRegionDirectory(client),
            driver=FleetDrivers(client),
            catalogue=AzureImageCatalogue(client),
            ledger=self.stage.ledger,
        )
