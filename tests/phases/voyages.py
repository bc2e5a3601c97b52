"""A voyage: publications travel phases in an emulated world, in virtual time, with real rollouts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

from rehearsals import EXPIRY, TOKEN, Rehearsal, Stages
from worlds import IMAGE, NEW, SUBSCRIPTION, world

from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.cli.virtual_clock import EmulatorClock
from fleetwright.domain.errors import HeldError
from fleetwright.domain.phase_runs import PhaseRun
from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.domain.regions import Regions
from fleetwright.ledger.store import open_ledger
from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.runner import carry_fleet, travel
from fleetwright.phases.starting import StartAnswer
from fleetwright.rollout.runner import opened, roll_out
from fleetwright.rollout.session import Ports

IMAGE_KEY = ":".join(IMAGE.values()).lower()
WEST, NORTH, EAST = "westeurope", "northeurope", "eastus"
MINUTE = timedelta(minutes=1)


def fleet_id(name: str) -> str:
    """The ARM id of a set of this world."""
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop"
    return f"{group}/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"


def published(version: str = NEW, region: str = "") -> Publication:
    """A version of the one platform image."""
    return Publication(IMAGE_KEY, version, region)


def scale_set(name: str, location: str = WEST, n: int = 3, **options: Any) -> dict[str, Any]:  # noqa: ANN401
    """One set of ours for a world document; options as ``worlds.world`` has them."""
    (found,) = world(n, options.pop("zones", 0), fleet_id=fleet_id(name), **options)["scaleSets"]
    found["resource"]["location"] = location
    return dict(found)


def sea(*sets: dict[str, Any], **options: Any) -> dict[str, Any]:  # noqa: ANN401 - as ``worlds.world`` has them
    """A world with these sets."""
    return {**world(**options), "scaleSets": list(sets)}


def phase(index: int, *regions: str, name: str = "", **options: Any) -> Phase:  # noqa: ANN401 - fields of it
    """One phase, called after its first region."""
    return Phase(index, name or regions[0], regions, **options)


def plan_of(*phases: Phase) -> PhasePlan:
    """Phases in order."""
    return PhasePlan(phases, Regions())


class Voyage(Rehearsal):
    """Publications travel one world.

    :param plan: the phases; one with all regions unless told otherwise
    """

    def __init__(
        self,
        stages: Stages,
        world: dict[str, Any],
        folder: Path,
        *,
        plan: PhasePlan | None = None,
        clock: type[EmulatorClock] = EmulatorClock,
    ) -> None:
        super().__init__(stages, world, folder, clock=clock)
        self._is_over = False
        self.plan = plan or plan_of(phase(0, WEST), phase(1, NORTH), phase(2, EAST))

    def close(self) -> None:
        """Leave the stage to others, once."""
        if not self._is_over:
            self._is_over = True
            super().close()

    def phase_ports(self) -> PhasePorts:
        """The ports of one process that runs phases."""
        client = connect(AzureEndpoint(self.url, StaticToken(TOKEN)), self.clock)
        ledger = open_ledger(self.ledger_url, wall_clock=self.wall)
        self._open += [client, ledger]
        return PhasePorts(
            clock=self.clock,
            fleets=AzureFleetDirectory(client, SUBSCRIPTION),
            regions=AzureRegionDirectory(client),
            driver=FleetDrivers(client),
            catalogue=AzureImageCatalogue(client),
            ledger=ledger,
        )

    def sail(
        self,
        publication: Publication | None = None,
        ports: PhasePorts | None = None,
        **options: Any,  # noqa: ANN401
    ) -> tuple[PhaseRun, ...]:
        """Travel from phase to phase, one fleet after the other."""
        ports = ports or self.phase_ports()
        options = {"owner": "the voyage", "roll_out_fleets": self.one_by_one(ports), **options}
        return travel(ports, self.plan, publication or published(), **options)

    def one_by_one(self, ports: PhasePorts, of_rollouts: PhasePorts | None = None) -> Any:  # noqa: ANN401 - RollOutFleets
        """Carries out a phase's rollouts one after the other.

        :param of_rollouts: what the rollouts themselves ask, where that is something else
        """
        rolls = self.rolls(of_rollouts or ports)

        def roll_out_fleets(run: PhaseRun, _phase: Phase) -> None:
            for start in run.starts:
                carry_fleet(ports, self.plan, run.key, start.fleet_id, rolls)

        return roll_out_fleets

    def rolls(self, ports: PhasePorts) -> Any:  # noqa: ANN401 - RollOut
        """Rolls one fleet out as an answer says, with the ports of the phase."""
        mine = Ports(ports.clock, ports.driver, ports.catalogue, ports.ledger, ports.regions)

        def rolls(answer: StartAnswer) -> None:
            owner = f"rollout of {answer.fleet_id}"
            try:
                with opened(
                    mine, answer.request(), owner=owner, terms=EXPIRY, keep_alive=lambda _lease: nullcontext()
                ) as session:
                    roll_out(session)
            except HeldError:
                return

        return rolls


def states(runs: Sequence[PhaseRun]) -> list[tuple[str, str]]:
    """Where each run stands."""
    return [(run.phase, str(run.state)) for run in runs]


def results(run: PhaseRun) -> dict[str, str]:
    """What became of each fleet, by its name."""
    return {key.rpartition("/")[2]: str(outcome.result) for key, outcome in run.outcomes.items()}


def left_out(run: PhaseRun) -> dict[str, str]:
    """Why each fleet was left out, by its name."""
    return {left.fleet_id.rpartition("/")[2]: left.reason for left in run.left_out}
