"""Rollouts of Batch pools while the data plane throttles, breaks off, loses answers, or shows what was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pool_rehearsals import broken, pool_of, roll_out
from pool_worlds import pool_world, working
from rehearsals import Rehearsal, told
from worlds import NEW, fault

Rehearse = Callable[..., Rehearsal]

ACTIONS = ("disablescheduling", "reimage", "enablescheduling")
EFFECTS: dict[str, dict[str, Any]] = {
    "throttled": {"status": 429, "retryAfter": 3},
    "unavailable": {"status": 503},
    "broken off": {"reset": True},
    "answer lost": {"applyThenReset": True},
}


@pytest.mark.parametrize("effect", EFFECTS)
@pytest.mark.parametrize("action", ACTIONS)
def test_faults_of_what_is_done_to_nodes(rehearse: Rehearse, action: str, effect: str) -> None:
    """R54, R55: whatever becomes of a call, each node is swapped once, nobody is interrupted, and all take work again."""
    trouble = fault(EFFECTS[effect], path=f"*/nodes/*/{action}", after=2, times=2)
    rehearsal = rehearse(pool_world(10, running=working(range(3), 60), faults=[trouble]))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert told(view)["progress"]["successfulInstanceCount"] == 10, told(view)
    assert audit["imageVersions"] == {NEW: 10}
    assert set(audit["swaps"].values()) == {1}
    assert broken(rehearsal) == []


@pytest.mark.parametrize("effect", ["throttled", "unavailable", "broken off"])
def test_faults_of_reading_nodes(rehearse: Rehearse, effect: str) -> None:
    """R54: lists of nodes that fail for a while cost time and nothing else."""
    trouble = fault(EFFECTS[effect], "GET", "*/nodes", after=3, times=3)
    rehearsal = rehearse(pool_world(10, running=working(range(3), 60), faults=[trouble]))

    view = roll_out(rehearsal)

    assert told(view)["progress"]["successfulInstanceCount"] == 10
    assert broken(rehearsal) == []


@pytest.mark.parametrize("lag", [5, 20])
def test_lists_that_lag(rehearse: Rehearse, lag: float) -> None:
    """R54, R55: lists that show what was some seconds ago make nobody swap a node twice, nor one that works."""
    rehearsal = rehearse(pool_world(10, running=working(range(5), 90), timings={"listLag": lag}))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert told(view)["progress"]["successfulInstanceCount"] == 10
    assert set(audit["swaps"].values()) == {1}
    assert broken(rehearsal) == []


def test_a_node_that_is_refused_for_good(rehearse: Rehearse) -> None:
    """R54, R55: a node whose reimage is refused again and again is reported, takes work again, and stops nobody else."""
    trouble = fault({"status": 409}, path="*/nodes/tvm-4/reimage")
    rehearsal = rehearse(pool_world(10, faults=[trouble]))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert "tvm-4" not in audit["swaps"]
    assert told(view)["status"] in {"Completed", "Faulted"}
    assert broken(rehearsal) == []
