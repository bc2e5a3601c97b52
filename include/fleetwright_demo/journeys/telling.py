"""A played world in words, and as JSON."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fleetwright.domain.phase_runs import PhaseRun
from fleetwright_demo.journeys.drawn import DrawnVersion
from fleetwright_demo.journeys.playing import Played


def reproduction(seed: int) -> str:
    """The line that plays a seed again."""
    return f"python -m fleetwright_demo.journeys --seed {seed}"


def line(played: Played) -> str:
    """One world: what is in it, how far each version came, and what it took."""
    world = played.world
    ways = "; ".join(_way(played, version) for version in world.versions)
    kind = "calm" if world.is_calm else "eventful"
    return (
        f"{'BROKEN' if played.broken else 'ok'} seed {world.seed}: {kind}, {len(world.regions)} regions,"
        f" {len(world.phases)} phases, {len(world.fleets)} fleets; {ways};"
        f" {played.lasted} virtual, {played.real_seconds:.1f} s"
    )


def to_dict(played: Played) -> dict[str, Any]:
    """The same as plain JSON."""
    world = played.world
    return {
        "seed": world.seed,
        "calm": world.is_calm,
        "regions": len(world.regions),
        "phases": [list(regions) for regions in world.phases],
        "fleets": len(world.fleets),
        "versions": {version.version: _way(played, version) for version in world.versions},
        "virtualSeconds": played.lasted.total_seconds(),
        "realSeconds": round(played.real_seconds, 2),
        "broken": list(played.broken),
        "again": reproduction(world.seed),
    }


def _way(played: Played, version: DrawnVersion) -> str:
    """How far a version came: its phases or regions with their ends, and the instances that it got."""
    evidence = played.evidence
    if evidence is None:
        return f"{version.version} {version.harm}"
    runs = [run for run in evidence.phase_runs if run.publication.version == version.version]
    running = sum(list(found.values()).count(version.version) for found in evidence.versions.values())
    came = ", ".join(_stops(runs)) or "nowhere"
    return f"{version.version} ({version.harm}): {came}, on {running} instances"


def _stops(runs: list[PhaseRun]) -> list[str]:
    phases = [f"{run.phase} {run.state}" for run in runs if not run.publication.region]
    regional = Counter(str(run.state) for run in runs if run.publication.region)
    return phases + [f"{count} regions {state}" for state, count in sorted(regional.items())]
