"""Large Batch pools: quick enough, and with few calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from pool_rehearsals import broken, pool_of, roll_out
from pool_worlds import USER_SUBSCRIPTION, pool_world, working
from rehearsals import Rehearsal, told
from worlds import NEW

Rehearse = Callable[..., Rehearsal]

NODES = 1000
LONGEST_SECONDS = 60
MOST_MUTATING, MOST_READING = 3, 0.5  # calls of ARM and of the data plane, for each node


def _calls(rehearsal: Rehearsal) -> tuple[float, float]:
    """How many calls each node took: those that change something, and those that read."""
    asked: Mapping[str, Any] = rehearsal.admin.get("requests")
    return asked["mutating"] / NODES, (asked["total"] - asked["mutating"]) / NODES


def _roll_out_quickly(rehearsal: Rehearsal) -> None:
    """Upgrade every node, in time and with few calls."""
    began = time.monotonic()
    view = roll_out(rehearsal)
    assert time.monotonic() - began < LONGEST_SECONDS
    mutating, reading = _calls(rehearsal)
    assert told(view)["progress"]["successfulInstanceCount"] == NODES
    assert mutating <= MOST_MUTATING
    assert reading <= MOST_READING


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_thousand_nodes_with_deferral(rehearse: Rehearse) -> None:
    """R54, R55, R3, R7: 1,000 nodes, 400 of them working, in less than 60 s of real time, at most 3 mutating and 0.5 reading calls each, nobody interrupted."""
    work = {**working(range(0, 500, 2), 120), **working(range(1, 300, 2), 400)}
    rehearsal = rehearse(pool_world(NODES, running=work))

    _roll_out_quickly(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert audit["imageVersions"] == {NEW: NODES}
    assert set(audit["swaps"].values()) == {1}
    assert audit["maxOutOfService"] <= 200
    assert broken(rehearsal) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_thousand_nodes_without_deferral(rehearse: Rehearse) -> None:
    """R54, N28, R3, R7: without deferral 1,000 nodes cost one mutating call each, and no more of reading."""
    rehearsal = rehearse(pool_world(NODES, deferral=False, running=working(range(400), 300)))

    _roll_out_quickly(rehearsal)

    assert pool_of(rehearsal).audit()["imageVersions"] == {NEW: NODES}
    assert rehearsal.admin.violations() == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_thousand_nodes_in_three_zones(rehearse: Rehearse) -> None:
    """R54, N29, R48, R7: 1,000 nodes of a zonal pool in user subscription mode go zone by zone for as few calls."""
    world = pool_world(NODES, mode=USER_SUBSCRIPTION, zonal=True, running=working(range(0, 800, 2), 200))
    rehearsal = rehearse(world)

    _roll_out_quickly(rehearsal)

    assert pool_of(rehearsal).audit()["maxZonesInFlight"] == 1
    assert broken(rehearsal) == []
