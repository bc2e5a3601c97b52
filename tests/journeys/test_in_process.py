"""An emulator without a socket is the same emulator: the same calls get the same answers."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from rehearsals import TOKEN, Rehearsal
from worlds import FLEET_ID, fault, sick, world

from fleetwright.azure import budget
from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.ledger.store import open_ledger
from fleetwright.rollout.session import Ports
from fleetwright_demo.errors import StageError
from fleetwright_demo.journeys.in_process import URL, EmulatorInProcess, InProcessClock, InProcessTransport

Rehearse = Callable[..., Rehearsal]

WORLD = world(
    10,
    behaviours=[sick("7")],
    timings={"swap": [5, 20]},
    faults=[
        fault({"status": 429, "retryAfter": 3}, times=2),
        fault({"applyThenReset": True}, after=1, times=1),
        fault({"reset": True}, "GET", "*/virtualMachines", after=6, times=2),
    ],
)


def ports_of(emulator: EmulatorInProcess) -> Ports:
    """A process beside an emulator in the same process."""
    clock = InProcessClock(emulator)
    endpoint = AzureEndpoint(URL, StaticToken(TOKEN))
    client = connect(endpoint, clock, transport=InProcessTransport(emulator))
    driver, catalogue = FleetDrivers(client), AzureImageCatalogue(client)
    return Ports(clock, driver, catalogue, open_ledger("sqlite://"), AzureRegionDirectory(client))


def test_no_socket_makes_no_difference(rehearse: Rehearse) -> None:
    """A rollout with throttling, lost answers and an ill instance goes the same way to the second, call by call (R11)."""
    random.seed(3)
    rehearsal = rehearse(WORLD)
    over_http = rehearsal.run(trigger="automatic")
    budget._budgets.clear()
    random.seed(3)
    emulator = EmulatorInProcess(WORLD)

    beside = rehearsal.run(ports_of(emulator), trigger="automatic")

    def told(report: dict[str, Any]) -> dict[str, Any]:
        return {name: report[name] for name in ("scaleSets", "regions", "pairs", "requests", "violations")}

    assert told(emulator.get("audit")) == told(rehearsal.admin.get("audit"))
    assert beside.rollout.ended_at == over_http.rollout.ended_at
    assert told(emulator.get("audit"))["scaleSets"][FLEET_ID]["rollbacks"] == {"7": 1}


def test_real_time_is_refused() -> None:
    """A fault that waits in real time is no fault for an emulator without a server, and is told so."""
    emulator = EmulatorInProcess(world(1, faults=[fault({"latency": 0.1}, "GET", "*")]))

    with pytest.raises(StageError, match="cannot be answered without a server"):
        ports_of(emulator).driver.fetch_fleet(parse_fleet_id(FLEET_ID))


def test_a_wrong_word_is_told() -> None:
    """What the emulator refuses on its own routes is an error with its answer."""
    with pytest.raises(StageError, match="nowhere"):
        EmulatorInProcess(world(1)).get("nowhere")
