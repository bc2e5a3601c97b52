"""Two hundred random worlds in virtual time: no version's journey breaks a rule, in none of them."""

from __future__ import annotations

import pytest

from fleetwright_demo.journeys.drawing import draw_world, regions_of
from fleetwright_demo.journeys.playing import play
from fleetwright_demo.journeys.telling import reproduction, to_dict

WORLDS = 200
EACH = 10  # seeds of one test, so that a failing one is near its name


@pytest.mark.slow
@pytest.mark.timeout(1_200)  # ten whole journeys, on a machine that may be busy
@pytest.mark.parametrize("first", range(0, WORLDS, EACH))
def test_no_journey_breaks_a_rule(first: int) -> None:
    """Whatever the world and whatever happens in it, every version's journey is as the rules say: phases in order, pairs and zones in turn, no gallery held up, nothing harmed twice (R1, R2, R4, R45, R46, R47, R48, R50, R51)."""
    broken = {
        reproduction(seed): played.broken
        for seed in range(first, first + EACH)
        if (played := play(seed)).broken
    }

    assert broken == {}, "\n".join(f"{again}: {'; '.join(wrong)}" for again, wrong in broken.items())


def test_the_same_seed_is_the_same_journey() -> None:
    """A seed that fails is played again by its number alone: same order, same instants, same calls, same end."""
    first, second = play(7), play(7)

    def told(played: object) -> dict[str, object]:
        return {name: value for name, value in to_dict(played).items() if name != "realSeconds"}

    assert told(first) == told(second)
    assert first.evidence is not None
    assert second.evidence is not None
    assert first.evidence.audit == second.evidence.audit
    assert first.evidence.versions == second.evidence.versions


def test_the_worlds_are_worth_playing() -> None:
    """Among the two hundred there is everything that a journey can meet, and no plan has a pair in one phase (R46)."""
    worlds = [draw_world(seed) for seed in range(WORLDS)]
    fleets = [fleet for world in worlds for fleet in world.fleets]
    versions = [version for world in worlds for version in world.versions]

    assert {len(world.regions) for world in worlds} == {2, 3, 4, 5, 6}
    assert {str(version.harm) for version in versions} == {
        "good",
        "bad everywhere",
        "bad in one region",
        "bad on some instances",
    }
    for met in ("is_gallery", "is_opted_out", "zones", "policy", "crosses_zones"):
        assert {bool(getattr(fleet, met)) for fleet in fleets} == {True, False}
    for met in ("faults", "outages", "deaths", "manual", "holds", "is_calm"):
        assert sum(bool(getattr(world, met)) for world in worlds) >= 10
    for world in worlds:
        regions = regions_of(world.regions)
        assert not any(regions.pairs_of(name) & set(phase) for phase in world.phases for name in phase)
        assert sorted(name for phase in world.phases for name in phase) == sorted(
            region.name for region in world.regions
        )
