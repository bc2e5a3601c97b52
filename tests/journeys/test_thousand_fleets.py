"""1,000 fleets in 20 regions: what a phase starts, and in what order, is known in seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from rehearsals import TOKEN
from worlds import IMAGE, NEW, OLD, SUBSCRIPTION, world

from arm_emulator.server_thread import EmulatorServer
from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.azure.region_directory import AzureRegionDirectory
from fleetwright.cli.virtual_clock import EmulatorClock
from fleetwright.domain.phase_runs import PhaseState
from fleetwright.domain.phases import PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.ledger.store import open_ledger
from fleetwright.phases.opening import open_phase
from fleetwright.phases.plan.estate import survey
from fleetwright.phases.plan.files import parse_phases
from fleetwright.phases.plan.suggesting import suggest_phases
from fleetwright.phases.plan.writing import phases_text
from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.preview import preview_phase

REGIONS = (
    "eastus", "westus", "westus3", "eastus2", "centralus", "southcentralus", "northcentralus", "brazilsouth",
    "westus2", "westcentralus", "canadacentral", "canadaeast", "northeurope", "westeurope", "uksouth", "ukwest",
    "francecentral", "francesouth", "germanywestcentral", "germanynorth",
)  # fmt: skip
FLEETS, EACH = 1_000, 10
LONGEST_SECONDS = 10.0
PUBLICATION = Publication(":".join(IMAGE.values()).lower(), NEW)


def estate() -> dict[str, Any]:
    """Fifty sets of ten instances in each region; every tenth is opted out."""
    document = world(EACH, 3)
    (model,) = document["scaleSets"]
    sets = []
    for number in range(FLEETS):
        region = REGIONS[number % len(REGIONS)]
        resource = {**model["resource"], "location": region}
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{region}"
        resource["id"] = f"{group}/providers/Microsoft.Compute/virtualMachineScaleSets/set-{number}"
        if number // len(REGIONS) % 10 == 9:
            resource["tags"] = {}
        sets.append({**model, "resource": resource})
    versions = [{"name": OLD}, {"name": NEW}]
    return {**document, "scaleSets": sets, "platformImages": [{**IMAGE, "versions": versions}]}


@pytest.fixture(scope="module")
def ports() -> Iterator[PhasePorts]:
    """A process that runs phases, over HTTP beside such an estate."""
    with EmulatorServer(estate()) as server:
        clock = EmulatorClock(server.url)
        client = connect(AzureEndpoint(server.url, StaticToken(TOKEN)), clock)
        driver, catalogue = FleetDrivers(client), AzureImageCatalogue(client)
        fleets, regions = AzureFleetDirectory(client), AzureRegionDirectory(client)
        yield PhasePorts(clock, fleets, regions, driver, catalogue, open_ledger("sqlite://"))
        client.close()


@pytest.fixture(scope="module")
def plan(ports: PhasePorts) -> PhasePlan:
    """What ``fleetwright phases suggest`` writes for it."""
    suggestion = suggest_phases(survey(ports.fleets.list_fleets()), ports.regions.fetch_regions(SUBSCRIPTION))
    return parse_phases(phases_text(suggestion), "phases.yaml").plan


@pytest.mark.slow
def test_a_phase_of_a_thousand_fleets_is_planned_in_ten_seconds(ports: PhasePorts, plan: PhasePlan) -> None:
    """Each phase's eligibility and plan take less than 10 s, the emulator's own work included, in one listing and one question a region (R51, R4).

    Seconds of the processor are counted, of client and emulator together: those that others have are not its own.
    """
    for phase in plan.phases:
        began = time.process_time()
        preview = preview_phase(ports, plan, phase, PUBLICATION)
        seconds = time.process_time() - began

        assert seconds < LONGEST_SECONDS
        assert len(preview.starts) == 45 * len(phase.regions)
        assert len(preview.starts) + len(preview.left_out) == FLEETS
    assert sorted(name for phase in plan.phases for name in phase.regions) == sorted(REGIONS)


@pytest.mark.slow
def test_a_phase_of_a_thousand_fleets_opens_in_ten_seconds(ports: PhasePorts, plan: PhasePlan) -> None:
    """The same with what is written down: the phase rolls, and the ledger names each fleet with its reason (R51)."""
    began = time.process_time()
    opened = open_phase(ports, plan, plan.phases[0], PUBLICATION, owner="the figure")
    seconds = time.process_time() - began

    assert seconds < LONGEST_SECONDS
    assert opened.run.state is PhaseState.ROLLING
    assert len(opened.run.starts) + len(opened.run.left_out) == FLEETS
