"""Large sets: quick enough, and with few calls."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from rehearsals import Rehearsal, told
from worlds import NEW, world

Rehearse = Callable[..., Rehearsal]

LONGEST_SECONDS = 90
BENCH = {"swap": 4, "boot": 2, "extension": 1, "health": 1}


@pytest.mark.slow
def test_a_thousand_instances_in_three_zones(rehearse: Rehearse) -> None:
    """1,000 instances in three zones complete in virtual time in less than 90 s of real time (R3, R7)."""
    rehearsal = rehearse(world(1000))
    began = time.monotonic()

    view = rehearsal.run()

    assert time.monotonic() - began < LONGEST_SECONDS
    assert told(view)["status"] == "Completed"
    audit = rehearsal.admin.audit()
    assert audit["imageVersions"] == {NEW: 1000}
    assert set(audit["swaps"].values()) == {1}
    assert audit["maxInFlight"] <= 200
    assert audit["maxZonesInFlight"] == 1
    assert rehearsal.admin.violations() == []


@pytest.mark.slow
def test_a_hundred_instances_need_few_calls(rehearse: Rehearse) -> None:
    """100 instances in three zones cost at most 3 requests each, polled every half second."""
    rehearsal = rehearse(world(100, timings=BENCH))

    view = rehearsal.run(poll_seconds=0.5)

    assert told(view)["status"] == "Completed"
    assert rehearsal.admin.get("audit")["requests"]["perInstance"] <= 3


@pytest.mark.parametrize(
    ("n", "batches"), [(1, 1), (2, 2), (5, 5), (9, 9), (10, 5), (14, 7), (15, 5), (25, 5)]
)
def test_batches_of_a_regional_set(rehearse: Rehearse, n: int, batches: int) -> None:
    """A set of any size completes in batches of the floor of 20 %, and at least one (R3, R9)."""
    rehearsal = rehearse(world(n, 0, updateDomains=1))

    rehearsal.run()

    audit = rehearsal.admin.audit()
    assert audit["imageVersions"] == {NEW: n}
    assert len(audit["batches"]) == batches
    assert audit["maxOutOfService"] == max(1, n * 20 // 100)
    assert rehearsal.admin.violations() == []
