"""What is left of a journey when it is over: the referee's report, the world, and the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.phase_runs import PhaseRun
from fleetwright.domain.quarantine import Quarantined
from fleetwright.domain.records import RolloutView
from fleetwright.rollout.ports.holds import Hold
from fleetwright_demo.journeys.drawn import DrawnFleet, DrawnWorld
from fleetwright_demo.journeys.stage import Stage


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a journey is judged by.

    :param versions: what each instance runs at the end, by the fleet's name and the instance's id
    :param rollouts: all of each fleet, oldest first, by its name
    :param broken_at: the first row of the ledger that does not fit the one before; None where all do
    :param unreplayed: rollouts that are not what their events say
    :param doubled: fleets that two processes had at once
    """

    world: DrawnWorld
    audit: Mapping[str, Any]
    versions: Mapping[str, Mapping[str, str]]
    rollouts: Mapping[str, tuple[RolloutView, ...]]
    phase_runs: tuple[PhaseRun, ...]
    quarantined: tuple[Quarantined, ...]
    holds: tuple[Hold, ...]
    broken_at: int | None
    unreplayed: tuple[str, ...]
    doubled: tuple[str, ...]
    ended_at: datetime

    @classmethod
    def of(cls, stage: Stage) -> Self:
        """Gather it."""
        ledger, fleets = stage.kept, stage.world.fleets
        document = stage.emulator.get("world")
        return cls(
            world=stage.world,
            audit=stage.emulator.get("audit"),
            versions={fleet.name: _versions(document, fleet) for fleet in fleets},
            rollouts={fleet.name: tuple(reversed(ledger.list_rollouts(_key(fleet)))) for fleet in fleets},
            phase_runs=ledger.list_phase_runs(),
            quarantined=ledger.list_quarantined(),
            holds=ledger.list_holds(with_released=True),
            broken_at=ledger.verify_chain(),
            unreplayed=ledger.replay(),
            doubled=tuple(stage.doubled),
            ended_at=stage.clock.now(),
        )

    def swapped(self, fleet: DrawnFleet) -> Mapping[str, int]:
        """How often the provider saw each instance of a fleet swapped."""
        found: Mapping[str, int] = self.audit["scaleSets"][fleet.fleet_id]["swaps"]
        return found


def _key(fleet: DrawnFleet) -> str:
    return parse_fleet_id(fleet.fleet_id).key


def _versions(document: Mapping[str, Any], fleet: DrawnFleet) -> dict[str, str]:
    """Every instance with its exact version, as a world document tells it: what is not said is as for the whole set."""
    (found,) = (one for one in document["scaleSets"] if one["resource"]["id"] == fleet.fleet_id)
    said = found["x-emulator"]
    instances: Mapping[str, Mapping[str, Any]] = said.get("instances", {})
    ids = said.get("instanceIds") or [str(number) for number in range(fleet.size)]
    return {i: instances.get(i, {}).get("exactVersion") or said["imageVersion"] for i in ids}
