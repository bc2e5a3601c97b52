"""Storms of 429: the rollout outlives them, and nobody is asked again sooner than Azure said."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from rehearsals import Rehearsal, eventful, told
from worlds import NEW, OLD, Json, fault, sick, world

Rehearse = Callable[..., Rehearsal]

RETRY_AFTER = 25
THROTTLED: dict[str, Any] = {"status": 429, "retryAfter": RETRY_AFTER}
EVERYTHING = {"match": {}, "effect": THROTTLED}
LISTS = ("GET", "*/virtualMachines")
MODEL = ("GET", "*/virtualMachineScaleSets/web")

STORMS: dict[str, list[dict[str, Any]]] = {
    "the very first calls": [{**EVERYTHING, "times": 3}],
    "every second call": [{**EVERYTHING, "after": n, "times": 1} for n in range(2, 60, 2)],
    "five of six calls": [{**EVERYTHING, "after": n, "times": 5} for n in range(6, 90, 6)],
    "every swap, four times": [fault(THROTTLED, after=n, times=4) for n in range(0, 30, 5)],
    "every list, six times": [fault(THROTTLED, *LISTS, after=n, times=6) for n in range(0, 140, 7)],
    "every look at an operation": [fault(THROTTLED, "GET", "*/operations/*")],
    "every look at the model, thrice": [fault(THROTTLED, *MODEL, after=n, times=3) for n in range(0, 80, 4)],
}

# A rollout that goes well reads the instances and need not ask how an operation is.
LEAST_THROTTLED = {"every look at an operation": 0}


def too_early(log: Iterable[dict[str, Json]]) -> list[str]:
    """The calls that were sent again sooner than their 429 had asked for."""
    until: dict[tuple[str, str], datetime] = {}
    early = []
    for entry in log:
        call, at = (entry["method"], entry["path"].lower()), datetime.fromisoformat(entry["at"])
        if at < until.get(call, at):
            early.append(f"{entry['at']} {call[0]} {call[1]}: not before {until[call].isoformat()}")
        if entry["status"] == 429:
            until[call] = at + timedelta(seconds=RETRY_AFTER)
    return early


@pytest.mark.parametrize("storm", STORMS)
def test_storm_is_outlived(rehearse: Rehearse, storm: str) -> None:
    """Whatever is throttled, the rollout completes, every instance is swapped once, and no call comes before its Retry-After (R13, R7)."""
    rehearsal = rehearse(world(8, 2, faults=STORMS[storm]))

    view = rehearsal.run()

    requests = rehearsal.admin.get("requests")
    assert sum(entry["status"] == 429 for entry in requests["log"]) >= LEAST_THROTTLED.get(storm, 3)
    assert too_early(requests["log"]) == []
    assert told(view)["reason"]["code"] == "Completed"
    assert rehearsal.state()["imageVersions"] == {NEW: 8}
    assert rehearsal.state()["swaps"] == {str(i): 1 for i in range(8)}
    assert rehearsal.admin.violations() == []


def test_storm_in_the_middle_of_a_batch_leaves_its_state_right(rehearse: Rehearse) -> None:
    """Five minutes in which everything is throttled, while a batch waits: its verdicts come afterwards, no instance is called failed over it, nothing is swapped twice (R10, R14)."""
    storm = (45, lambda admin: admin.post("faults", **EVERYTHING, seconds=300))
    rehearsal = rehearse(world(), clock=eventful(storm))

    view = rehearsal.run()

    assert too_early(rehearsal.admin.get("requests")["log"]) == []
    assert told(view)["reason"]["code"] == "Completed"
    assert {str(swap.state) for swap in view.swaps.values()} == {"healthy"}
    assert rehearsal.state()["swaps"] == {str(i): 1 for i in range(15)}
    assert rehearsal.admin.violations() == []


def test_throttled_rollback_is_still_sent_once(rehearse: Rehearse) -> None:
    """A rollback that is throttled thrice is sent when Azure takes it, once, and the batch stands as stopped (R11, R12)."""
    rehearsal = rehearse(world(behaviours=[sick("0")], faults=[fault(THROTTLED, after=1, times=3)]))

    view = rehearsal.run()

    assert too_early(rehearsal.admin.get("requests")["log"]) == []
    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1
    assert rehearsal.state()["rollbacks"] == {"0": 1}
    assert rehearsal.state()["imageVersions"] == {OLD: 13, NEW: 2}
    assert rehearsal.admin.mutating() == 5
    assert rehearsal.admin.violations() == []


def test_swap_that_waited_out_a_storm_is_admitted_again(rehearse: Rehearse) -> None:
    """While the swap of a batch is throttled a fifth of the set goes down: it is not sent when the storm is over (R14)."""
    outage = (20, lambda admin: admin.touch("2", "5", "8", "11", power="stopped"))
    rehearsal = rehearse(world(faults=[fault(THROTTLED, times=2)]), clock=eventful(outage))

    view = rehearsal.run()

    assert told(view)["status"] == "Faulted"
    assert rehearsal.state()["swaps"] == {}
    assert rehearsal.state()["imageVersions"] == {OLD: 15}
    assert "4 of 15: 2, 5, 8, 11" in told(view)["reason"]["message"]
