"""Sets of one region upgrade one zone at a time between them, and paired regions go one after the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from line_ups import DiesAtSwap, LineUp, fleet_id, random_sets, shared, worlds_of
from rehearsals import Rehearsal
from worlds import NEW, NEWER, OLD, rolling_policy

from fleetwright.domain.records import RolloutView
from fleetwright_demo.journeys.participants import Ended

Rehearse = Callable[..., Rehearsal]


def states(ended: tuple[Ended[RolloutView], ...]) -> list[str]:
    """How the rollouts ended."""
    return [str(one.result().rollout.state) for one in ended]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_sets_line_up_zone_by_zone(rehearse: Rehearse, seed: int) -> None:
    """R48, C8: ten sets of one region and one version, never in two zones at once, take at most 1.3 times the slowest alone."""
    sets = random_sets(seed)
    alone = {name: _seconds_alone(rehearse, sets, name) for name in sets}
    together = LineUp(rehearse(worlds_of(sets), clock=shared))

    ended = together.run(*(together.job(name) for name in sets))

    ratio = together.seconds() / max(alone.values())
    print(f"seed {seed}: {together.seconds():g} s, the slowest alone {max(alone.values()):g} s: {ratio:.3f}")
    assert states(ended) == ["Completed"] * len(sets)
    assert together.rehearsal.admin.violations() == []
    assert together.zones_at_once() == {"westeurope": 1}
    assert together.turns() == ()
    assert ratio <= 1.3


def _seconds_alone(rehearse: Rehearse, sets: dict[str, dict[str, object]], name: str) -> float:
    line_up = LineUp(rehearse(worlds_of(sets), clock=shared))
    assert states(line_up.run(line_up.job(name))) == ["Completed"]
    return line_up.seconds()
