"""Draws a world from a seed: the same seed draws the same world, whatever was drawn before."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from fleetwright.domain.regions import Region, Regions
from fleetwright.phases.plan.colouring import group_regions, least_phases
from fleetwright.rollout.ports.holds import HoldSubject
from fleetwright_demo.journeys.drawn import (
    DrawnDeath,
    DrawnFleet,
    DrawnHold,
    DrawnRegion,
    DrawnVersion,
    DrawnWorld,
    Harm,
    Work,
)

NAMES = ("westeurope", "northeurope", "eastus", "westus", "japaneast", "japanwest", "uksouth", "ukwest")
PLATFORM_VERSIONS = ("18.04.202402010", "18.04.202403010")
GALLERY_VERSION = "1.1.0"
SWAP, LIST = ("POST", "*/reimage"), ("GET", "*/virtualMachines")
# Each: the calls that it is about, what happens to them, after how many of them at most, and how often.
FAULTS: tuple[tuple[tuple[str, str], dict[str, Any], int, int], ...] = (
    (SWAP, {"status": 429, "retryAfter": 3}, 10, 3),
    (SWAP, {"status": 503}, 10, 2),
    (SWAP, {"reset": True}, 10, 1),
    (SWAP, {"applyThenReset": True}, 10, 1),
    (SWAP, {"operation": "Failed", "code": "Oops", "message": "no"}, 10, 1),
    (SWAP, {"operation": "stuck"}, 10, 1),
    (SWAP, {"partial": ["0", "1"]}, 6, 1),
    (LIST, {"status": 503}, 60, 3),
    (LIST, {"reset": True}, 60, 2),
    (("GET", "*/virtualMachineScaleSets"), {"status": 429, "retryAfter": 2}, 2, 1),
)


def draw_world(seed: int) -> DrawnWorld:
    """The world of a seed."""
    chance = Random(f"journey {seed}")  # a text is hashed the same way everywhere
    regions = _draw_regions(chance)
    fleets = _draw_fleets(chance, regions)
    phases = _draw_plan(chance, regions, fleets)
    is_eventful = chance.random() < 0.5
    return DrawnWorld(
        seed=seed,
        regions=regions,
        fleets=fleets,
        versions=_draw_versions(chance, fleets),
        phases=phases,
        concurrency=chance.choice((1, 2, 10, 10)),
        giving_way=chance.choice((0.0, 0.0, 0.1, 0.3)),
        bake_seconds=chance.choice((0.0, 60.0, 1800.0)),
        timings=_draw_timings(chance),
        poll_seconds=chance.choice((10.0, 15.0, 20.0)),
        faults=_draw_faults(chance) if is_eventful else (),
        outages=_draw_outages(chance, regions) if is_eventful else (),
        deaths=_draw_deaths(chance) if is_eventful or chance.random() < 0.3 else (),
        manual=_draw_manual(chance, fleets) if is_eventful else (),
        holds=_draw_holds(chance, fleets, len(phases)) if is_eventful else (),
    )


def regions_of(drawn: Sequence[DrawnRegion]) -> Regions:
    """The regions as Azure's directory would tell them."""
    return Regions.of(
        Region(one.name, paired=(one.paired,) if one.paired else (), zones=_zones(one.zones)) for one in drawn
    )


def _draw_plan(
    chance: Random, regions: Sequence[DrawnRegion], fleets: Sequence[DrawnFleet]
) -> tuple[tuple[str, ...], ...]:
    """What ``fleetwright phases suggest`` would say, or another valid order."""
    known = regions_of(regions)
    risks = {one.name: sum(fleet.size for fleet in fleets if fleet.region == one.name) for one in regions}
    if chance.random() < 0.5:
        return draw_phases(chance, known, list(risks))
    least = least_phases(frozenset(risks), known)
    return group_regions(risks, known, chance.randint(least, len(risks)))


def draw_phases(chance: Random, regions: Regions, names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Some valid order: every region in one phase, and no two of a pair in the same (R46)."""
    phases: list[list[str]] = []
    for name in chance.sample(list(names), len(names)):
        free = [phase for phase in phases if not regions.pairs_of(name) & set(phase)]
        if free and chance.random() < 0.6:
            chance.choice(free).append(name)
        else:
            phases.insert(chance.randint(0, len(phases)), [name])
    return tuple(tuple(phase) for phase in phases)


def _zones(count: int) -> tuple[str, ...]:
    return tuple(str(number + 1) for number in range(count))


def _draw_regions(chance: Random) -> tuple[DrawnRegion, ...]:
    """Pairs as Azure has them, and odd ones: named by one side only, three in a row, outside of the world."""
    names = _draw_names(chance)
    drawn = []
    for name in names:
        others = [other for other in NAMES if other != name]
        neighbour = NAMES[NAMES.index(name) ^ 1]
        paired = chance.choice((neighbour, neighbour, neighbour, chance.choice(others), ""))
        drawn.append(DrawnRegion(name, paired, chance.choice((0, 2, 3, 3))))
    return tuple(drawn)


def _draw_names(chance: Random) -> list[str]:
    """Mostly both regions of a pair: they are the ones that get into each other's way."""
    firsts = chance.sample(NAMES[::2], len(NAMES) // 2)
    couples = [chance.sample((name, NAMES[NAMES.index(name) + 1]), 2) for name in firsts]
    names = [name for couple in couples for name in couple[: chance.choice((1, 2, 2, 2))]]
    return names[: chance.randint(2, 6)]


def _draw_fleets(chance: Random, regions: Sequence[DrawnRegion]) -> tuple[DrawnFleet, ...]:
    return tuple(
        _draw_fleet(chance, region, number)
        for region in regions
        for number in range(chance.choice((1, 1, 2, 2, 3, 3, 4)))
    )


def _draw_fleet(chance: Random, region: DrawnRegion, number: int) -> DrawnFleet:
    is_zonal = region.zones > 0 and chance.random() < 0.75
    zones = chance.sample(_zones(region.zones), chance.randint(1, region.zones)) if is_zonal else []
    return DrawnFleet(
        name=f"{region.name}-{number}",
        region=region.name,
        size=chance.choice((1, 2, 3, 4, 5, 6, 8, 10, 12)),
        zones=tuple(sorted(zones)),
        is_gallery=chance.random() < 0.3,
        is_opted_out=chance.random() < 0.1,
        policy=_draw_policy(chance) if chance.random() < 0.5 else {},
    )


def _draw_policy(chance: Random) -> dict[str, Any]:
    batch = chance.choice((10, 20, 34, 50))
    drawn: dict[str, Any] = {
        "maxBatchInstancePercent": batch,
        "maxUnhealthyInstancePercent": max(batch, chance.choice((20, 34, 50))),
        "maxUnhealthyUpgradedInstancePercent": chance.choice((0, 20, 50)),
        "pauseTimeBetweenBatches": chance.choice(("PT0S", "PT0S", "PT30S")),
    }
    if chance.random() < 0.25:
        drawn["enableCrossZoneUpgrade"] = True
    if chance.random() < 0.25:
        drawn["prioritizeUnhealthyInstances"] = True
    return drawn


def _draw_versions(chance: Random, fleets: Sequence[DrawnFleet]) -> tuple[DrawnVersion, ...]:
    first = chance.randint(0, 3600)
    times = [first, first + chance.choice((900, 2400, 3600, 5400))][: chance.choice((1, 2))]
    drawn = [_draw_version(chance, PLATFORM_VERSIONS[n], at, fleets) for n, at in enumerate(times)]
    if any(fleet.is_gallery for fleet in fleets):
        drawn.append(_draw_gallery_version(chance, fleets))
    return tuple(drawn)


def _draw_version(chance: Random, version: str, at: float, fleets: Sequence[DrawnFleet]) -> DrawnVersion:
    harm = chance.choice((Harm.NOWHERE, Harm.NOWHERE, Harm.EVERYWHERE, Harm.REGION, Harm.INSTANCES))
    region = chance.choice(fleets).region if harm is Harm.REGION else ""
    return DrawnVersion(version, at, harm, region, chance.choice(("never", "unhealthy", "flapping")))


def _draw_gallery_version(chance: Random, fleets: Sequence[DrawnFleet]) -> DrawnVersion:
    regions = sorted({fleet.region for fleet in fleets})
    replicas = tuple((region, chance.choice((0.0, 0.0, 0.0, 7200.0))) for region in regions)
    return DrawnVersion(GALLERY_VERSION, chance.randint(0, 5400), is_gallery=True, replicas=replicas)


def _draw_timings(chance: Random) -> dict[str, Any]:
    least = chance.randint(2, 20)
    return {
        "swap": [least, least + chance.randint(0, 30)],
        "boot": [1, 10],
        "extension": 2,
        "health": chance.choice((1, 5)),
        "retryAfter": 1,
    }


def _draw_faults(chance: Random) -> tuple[dict[str, Any], ...]:
    drawn = []
    for (method, path), effect, latest, times in chance.sample(FAULTS, chance.randint(0, 2)):
        match = {"method": method, "path": path}
        drawn.append({"match": match, "effect": effect, "after": chance.randint(0, latest), "times": times})
    return tuple(drawn)


def _draw_outages(
    chance: Random, regions: Sequence[DrawnRegion]
) -> tuple[tuple[float, str, str, float], ...]:
    zonal = [region for region in regions if region.zones]
    if not zonal or chance.random() < 0.7:
        return ()
    region = chance.choice(zonal)
    zone = chance.choice(_zones(region.zones))
    return ((chance.randint(0, 6 * 3600), region.name, zone, chance.choice((60.0, 900.0))),)


def _draw_deaths(chance: Random) -> tuple[DrawnDeath, ...]:
    return tuple(
        _draw_death(chance, chance.choice((Work.ROLLOUT, Work.ROLLOUT, Work.JOURNEY, Work.WATCH)))
        for _ in range(chance.choice((0, 1, 2, 3)))
    )


def _draw_death(chance: Random, of: Work) -> DrawnDeath:
    """Soon enough to be met: a look of the watch makes fewer calls than a rollout."""
    most = {Work.ROLLOUT: 120, Work.JOURNEY: 60, Work.WATCH: 20}[of]
    return DrawnDeath(of, chance.randint(0, 8), chance.randint(0, most), chance.random() < 0.5)


def _draw_manual(chance: Random, fleets: Sequence[DrawnFleet]) -> tuple[tuple[float, str], ...]:
    count = chance.choice((0, 1, 2, 3))
    return tuple((float(chance.randint(1800, 3 * 3600)), chance.choice(fleets).name) for _ in range(count))


def _draw_holds(chance: Random, fleets: Sequence[DrawnFleet], phases: int) -> tuple[DrawnHold, ...]:
    names = {
        HoldSubject.FLEET: [fleet.name for fleet in fleets],
        HoldSubject.PHASE: [f"phase_{index}_p{index}" for index in range(phases)],
        HoldSubject.VERSION: [*PLATFORM_VERSIONS, GALLERY_VERSION],
    }
    drawn = []
    for _ in range(chance.choice((0, 0, 1, 2))):
        subject = chance.choice(tuple(names))
        at, seconds = chance.randint(3600, 3 * 3600), chance.choice((120.0, 1200.0, 7200.0))
        drawn.append(DrawnHold(subject, chance.choice(names[subject]), at, seconds))
    return tuple(drawn)
