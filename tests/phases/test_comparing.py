"""A plan against what Azure says."""

from __future__ import annotations

from dataclasses import replace

from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import ImageReference
from fleetwright.domain.regions import Region, Regions
from fleetwright.phases.plan.comparing import compare_plan
from fleetwright.phases.plan.estate import merge_regions, survey
from fleetwright.phases.plan.files import parse_phases

ROOT = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers/Microsoft.Compute"
AZURE = Regions.of(
    [
        Region("eastus", paired=("westus",)),
        Region("westus", paired=("eastus",)),
        Region("westus3", paired=("eastus",)),
        Region("mexicocentral"),
    ]
)
PHASES = """\
phases:
  - {name: canary, regions: [eastus], fleets: [first], tags: {stage: canary}}
  - {name: a, regions: [eastus, mexicocentral]}
  - {name: b, regions: [westus3]}
"""
REGIONS = "regions:\n  eastus: {pair: westus}\n  westus3: {pair: eastus}\n  mexicocentral:\n"


def fleet(name: str, region: str, **tags: str) -> Fleet:
    """A scale set that is ours."""
    fleet_id = parse_fleet_id(f"{ROOT}/virtualMachineScaleSets/{name}")
    image = ImageReference("Canonical", "UbuntuServer", "18.04-LTS", "latest")
    return Fleet(fleet_id, region, 5, image, tags={"fleetwright": "enabled", **tags})


CANARIES = (fleet("first", "East US"), fleet("tagged", "eastus", stage="canary"))


def told(regions: str, *fleets: Fleet, azure: Regions = AZURE) -> list[str]:
    """What Azure has against the plan."""
    read = parse_phases(regions + PHASES, "p.yaml")
    found = compare_plan(read.plan, fleets, azure)
    return [("warning: " if problem.is_warning else "") + read.tell(problem) for problem in found]


def test_a_plan_that_azure_agrees_with() -> None:
    """Pairs may be told from either side, and regions without fleets need not be in the file (R46)."""
    fleets = (*CANARIES, fleet("web", "westus3"))
    turned = "regions:\n  eastus: {pair: [westus, westus3]}\n  westus3:\n  mexicocentral:\n"

    assert told(REGIONS, *fleets) == []
    assert told(turned, *fleets) == []


def test_pairs_that_azure_tells_otherwise_are_named() -> None:
    """A pair that is missing in the file, or that Azure does not know, is told with both sides (R46)."""
    missing = told("regions:\n  eastus: {pair: westus}\n  westus3:\n  mexicocentral:\n", *CANARIES)
    invented = told(REGIONS.replace("mexicocentral:", "mexicocentral: {pair: westus}"), *CANARIES)

    assert missing == ["p.yaml:3: region westus3: Azure pairs it with eastus, the file with none (R46)"]
    assert invented == [
        "p.yaml:4: region mexicocentral: Azure pairs it with none, the file with westus (R46)"
    ]


def test_a_region_that_azure_does_not_list_is_named() -> None:
    """A region of the file that Azure does not have is probably a typing error."""
    azure = Regions.of(region for region in AZURE.by_name.values() if region.name != "mexicocentral")

    assert told(REGIONS, *CANARIES, azure=azure) == [
        "p.yaml:4: region mexicocentral is not among the regions that Azure lists"
    ]


def test_fleets_without_a_phase_are_named_by_region() -> None:
    """A fleet is upgraded only where its region has a phase: ours elsewhere are told, those of others are not (R45, R51)."""
    ours = [fleet(f"web-{index}", "West US") for index in range(5)]
    foreign = replace(fleet("foreign", "northeurope"), tags={})

    assert told(REGIONS, *CANARIES, *ours, foreign) == [
        (
            "p.yaml:1: region westus: fleets of ours are in no phase: web-0, web-1, web-2 and 2 more; add the region"
            " to a phase (R45)"
        )
    ]


def test_canary_fleets_are_looked_for() -> None:
    """One that does not exist or stands elsewhere is an error; one opted out, and tags of nobody, are warnings (R45)."""
    elsewhere = fleet("first", "westus3")
    opted_out = replace(CANARIES[0], tags={})

    assert told(REGIONS, CANARIES[1]) == ["p.yaml:6: phase canary: fleet first does not exist"]
    assert told(REGIONS, CANARIES[1], elsewhere) == [
        "p.yaml:6: phase canary: fleet first stands in westus3, which is none of the phase's regions"
    ]
    assert told(REGIONS, opted_out) == [
        "warning: p.yaml:6: phase canary: fleet first is opted out (O3)",
        "warning: p.yaml:6: phase canary: no fleet in its regions has one of its tags",
    ]


def test_the_survey_counts_what_is_ours() -> None:
    """A region's risk is the instances of the fleets that are opted in, however its name is written (O1, O3)."""
    opted_out = replace(fleet("other", "eastus"), tags={})

    found = survey([*CANARIES, opted_out])

    assert {name: (load.instances, len(load.fleets)) for name, load in found.items()} == {"eastus": (10, 2)}


def test_lists_of_several_subscriptions_are_one() -> None:
    """A pair that one subscription's list names counts for all (R46)."""
    merged = merge_regions([Regions.of([Region("a")]), Regions.of([Region("a", paired=("b",))]), AZURE])

    assert merged.pairs_of("b") == {"a"}
    assert len(merged.by_name) == 5
