"""A gallery's version goes region by region as it is replicated there, past the phases."""

from __future__ import annotations

from gallery_worlds import FIRST, GALLERY, GALLERY_IMAGE, NORTH_ID, SECOND, gallery_version, two_regions
from travel_fixtures import Sail
from voyages import NORTH, WEST, Voyage, phase, plan_of
from worlds import FLEET_ID

from fleetwright.domain.phase_runs import PhaseRun, PhaseState
from fleetwright.domain.phases import Approval, regional_phase
from fleetwright.domain.publications import Publication
from fleetwright.phases.opening import open_phase
from fleetwright.phases.ports import PhasePorts
from fleetwright.phases.runner import run_phase

PLAN = plan_of(phase(0, NORTH, approval=Approval()), phase(1, WEST))
WORLD = two_regions(gallery_version(FIRST), gallery_version(SECOND, replicated=["West Europe"]))


def published(region: str) -> Publication:
    """The gallery's second version in a region."""
    return Publication(GALLERY_IMAGE.lower(), SECOND, region)


def run_in(under_way: Voyage, ports: PhasePorts, region: str) -> PhaseRun:
    """Take the version through a region's own phase."""
    its_phase, rolls = regional_phase(region), under_way.one_by_one(ports)
    return run_phase(ports, PLAN, its_phase, published(region), owner="run 1", roll_out_fleets=rolls)


def test_a_region_that_has_the_version_does_not_wait_for_others(voyage: Sail) -> None:
    """Replicated to a region, the version is rolled out there: no phase before it, no bake, no person asked (R26, R50)."""
    under_way = voyage(WORLD, plan=PLAN)
    ports = under_way.phase_ports()

    west = run_in(under_way, ports, WEST)

    assert (west.phase, west.state) == ("gallery_westeurope", PhaseState.SUCCEEDED)
    assert [key for key, one in west.outcomes.items() if one.upgraded == 6] == [FLEET_ID.lower()]
    audit = under_way.admin.get("audit")["scaleSets"]
    assert audit[NORTH_ID]["swaps"] == {}


def test_a_region_without_the_version_begins_once_it_has_it(voyage: Sail) -> None:
    """Until it is replicated there the region waits, with the reason; replicated, it begins (R26, R50, C16)."""
    under_way = voyage(WORLD, plan=PLAN)
    ports = under_way.phase_ports()

    waits = open_phase(ports, PLAN, regional_phase(NORTH), published(NORTH), owner="run 1")
    assert waits.run.state is PhaseState.WAITING
    assert "northeurope cannot have it yet" in waits.reasons[0]

    replicated = {"gallery": GALLERY, "image": "web", "version": SECOND, "region": "North Europe"}
    under_way.admin.post("images/replicate", **replicated, state="Completed")
    assert run_in(under_way, ports, NORTH).state is PhaseState.SUCCEEDED


def test_a_version_that_is_excluded_there_waits(voyage: Sail) -> None:
    """Excluded from latest in the region, the version is not rolled out there as long as that lasts (R27, R50)."""
    world = two_regions(gallery_version(FIRST), gallery_version(SECOND, excluded_in=["West Europe"]))
    ports = voyage(world, plan=PLAN).phase_ports()

    waits = open_phase(ports, PLAN, regional_phase(WEST), published(WEST), owner="run 1")

    assert waits.run.state is PhaseState.WAITING
    assert "is excluded from latest" in waits.reasons[0]
