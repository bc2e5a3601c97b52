"""Large sets: quick enough, and with few calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from rehearsals import Rehearsal, told
from worlds import NEW, OLD, flexible, rolling_policy, world

Rehearse = Callable[..., Rehearsal]

LONGEST_SECONDS = 60
MOST_CALLS = 2.2  # of ARM for each instance
SLOW = {"swap": [20, 40], "boot": [10, 20]}
BENCH = {"swap": 4, "boot": 2, "extension": 1, "health": 1}


@pytest.mark.slow
def test_a_thousand_instances_in_three_zones(rehearse: Rehearse) -> None:
    """1,000 instances in three zones complete in virtual time, in less than 60 s of real time and with less than 2.2 calls each (R3, R7)."""
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
    assert rehearsal.admin.get("audit")["requests"]["perInstance"] < MOST_CALLS
    assert rehearsal.admin.violations() == []


@pytest.mark.slow
def test_a_hundred_instances_need_few_calls(rehearse: Rehearse) -> None:
    """100 instances in three zones cost at most 3 requests each, polled every half second."""
    rehearsal = rehearse(world(100, timings=BENCH))

    view = rehearsal.run(poll_seconds=0.5)

    assert told(view)["status"] == "Completed"
    assert rehearsal.admin.get("audit")["requests"]["perInstance"] <= 3


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "poll"),
    [({"policy": rolling_policy(maxBatchInstancePercent=5)}, 5.0), ({"timings": SLOW}, 1.0)],
    ids=["batches of 5 percent", "slow swaps, polled every second"],
)
def test_a_thousand_instances_need_few_calls(
    rehearse: Rehearse, options: dict[str, Any], poll: float
) -> None:
    """1,000 instances cost less than 2.2 calls each in 30 batches too, and however often they are polled (R3, R9)."""
    rehearsal = rehearse(world(1000, **options, updateDomains=5))

    view = rehearsal.run(poll_seconds=poll)

    assert told(view)["status"] == "Completed"
    assert rehearsal.admin.get("audit")["requests"]["perInstance"] < MOST_CALLS
    assert rehearsal.admin.violations() == []


MOST_FLEXIBLE_CALLS = (
    8.5  # five to detach, swap and see to the end, two to delete the old disk, the rest are lists
)
MOST_CALLS_ONCE_DETACHED = 5.5


@pytest.mark.slow
def test_a_flexible_set_needs_few_calls(rehearse: Rehearse) -> None:
    """O7, R7: 100 machines cost at most 8.5 calls each, and 5.5 once their disks are set to be kept."""
    newest = "18.04.202403010"
    rehearsal = rehearse(flexible(world(100, versions=(OLD, NEW, newest))))

    rehearsal.run(version=NEW, trigger="manual")
    first = rehearsal.admin.get("requests")["total"]
    rehearsal.run(owner="second", version=newest, trigger="manual")
    second = rehearsal.admin.get("requests")["total"] - first

    assert rehearsal.admin.audit()["imageVersions"] == {newest: 100}
    assert first / 100 <= MOST_FLEXIBLE_CALLS
    assert second / 100 <= MOST_CALLS_ONCE_DETACHED
    assert rehearsal.admin.violations() == []


@pytest.mark.slow
def test_five_hundred_machines_in_three_zones(rehearse: Rehearse) -> None:
    """O7, R3, R7: 500 machines of a Flexible set complete in less than 60 s of real time, for at most 8.5 calls each, and leave no disk."""
    rehearsal = rehearse(flexible(world(500)))
    began = time.monotonic()

    view = rehearsal.run()

    assert time.monotonic() - began < LONGEST_SECONDS
    assert told(view)["progress"]["successfulInstanceCount"] == 500
    assert rehearsal.admin.get("audit")["requests"]["perInstance"] <= MOST_FLEXIBLE_CALLS
    assert rehearsal.disks()["unattached"] == []
    assert rehearsal.admin.violations() == []


SIZES = (1, 2, 3, 4, 5, 6, 9, 10, 11, 14, 15, 24, 25, 49, 100)
LARGE_SIZES = (251, 500, 999, 1000)


@pytest.mark.parametrize("n", [*SIZES, *(pytest.param(n, marks=pytest.mark.slow) for n in LARGE_SIZES)])
@pytest.mark.parametrize(("zones", "update_domains"), [(0, 5), (3, 1)], ids=["regional", "zonal"])
def test_sets_of_every_size_complete(rehearse: Rehearse, n: int, zones: int, update_domains: int) -> None:
    """Sets of 1 to 1,000 complete with one swap an instance and not one violation (R3, R7, R9, R13, R48, R49, C10, N27)."""
    rehearsal = rehearse(world(n, zones, updateDomains=update_domains, timings=BENCH))

    view = rehearsal.run(poll_seconds=20)

    audit = rehearsal.admin.audit()
    assert told(view)["progress"]["successfulInstanceCount"] == n
    assert audit["imageVersions"] == {NEW: n}
    assert set(audit["swaps"].values()) == {1}
    assert audit["maxOutOfService"] <= max(1, n * 20 // 100)
    assert (audit["maxZonesInFlight"], audit["maxUpdateDomainsInFlight"]) == (1, 1)
    assert rehearsal.admin.violations() == []


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
