"""Clearing tasks in the UI: whatever a person clears, nothing is swapped twice and no rollback is lost."""

from __future__ import annotations

import pytest
from staged import NEW, OLD, Staged

pytestmark = pytest.mark.airflow


def test_a_running_wait_can_be_cleared(staged: Staged) -> None:
    """The new wait goes on with the batch that the old one watched."""
    run_id = staged.begin("waited")

    staged.clear(staged.task(run_id, "wait_for_health", "deferred"))

    assert staged.end_of(run_id) == "success"
    assert staged.tasks(run_id, "wait_for_health")[0]["try_number"] == 2
    assert staged.judged("waited")["swaps"] == {"0": 1}
    assert staged.broken_rules("waited") == []


def test_a_running_rollback_can_be_cleared(staged: Staged) -> None:
    """R11: the rollback that is under way is neither sent twice nor forgotten."""
    run_id = staged.begin("rolled")

    staged.clear(staged.task(run_id, "roll_back", "deferred", turn=1))

    assert staged.end_of(run_id) == "success"
    assert staged.tasks(run_id, "roll_back")[1]["try_number"] == 2
    assert staged.judged("rolled")["rollbacks"] == {"3": 1}
    assert staged.judged("rolled")["imageVersions"] == {NEW: 3, OLD: 1}
    assert staged.broken_rules("rolled") == []


def test_a_finished_swap_can_be_cleared_while_a_later_batch_waits(staged: Staged) -> None:
    """R11: nothing is swapped twice, and the unhealthy instance of the later batch still gets its version back."""
    run_id = staged.begin("again")
    staged.task(run_id, "wait_for_health", "deferred", turn=1)

    staged.clear(staged.task(run_id, "swap_os_disk", "success", turn=0))

    state = staged.end_of(run_id)
    assert staged.judged("again")["swaps"] == {"0": 1, "1": 1, "2": 1, "3": 1}
    assert staged.judged("again")["rollbacks"] == {"3": 1}
    assert state == "success"


def test_a_finished_settle_can_be_cleared_while_a_later_batch_waits(staged: Staged) -> None:
    """R11: the batch that waits is not settled by another turn's task, and its bad instance is rolled back."""
    run_id = staged.begin("settled")
    staged.task(run_id, "wait_for_health", "deferred", turn=1)

    staged.clear(staged.task(run_id, "settle_batch", "success", turn=0))

    state = staged.end_of(run_id)
    assert staged.judged("settled")["swaps"] == {"0": 1, "1": 1, "2": 1, "3": 1}
    assert staged.judged("settled")["rollbacks"] == {"3": 1}
    assert state == "success"


def test_a_finished_wait_can_be_cleared_while_a_later_batch_waits(staged: Staged) -> None:
    """A wait whose batch is over has nothing to wait for: it leaves the later batch to that batch's own wait."""
    run_id = staged.begin("rewaited")
    staged.task(run_id, "wait_for_health", "deferred", turn=1)

    staged.clear(staged.task(run_id, "wait_for_health", "success", turn=0))

    assert staged.end_of(run_id) == "success"
    first, second = staged.tasks(run_id, "wait_for_health")
    assert staged.judged("rewaited")["rollbacks"] == {"3": 1}
    assert "instance 3" not in staged.log(first)
    assert second["try_number"] == 1


def test_a_task_of_a_rollout_that_is_over_swaps_nothing(staged: Staged) -> None:
    """A swap cleared after the end touches nothing and says why."""
    run_id = staged.begin("ended")
    assert staged.end_of(run_id) == "success"

    staged.clear(staged.task(run_id, "swap_os_disk", "success"))
    staged.end_of(run_id)

    swap = staged.task(run_id, "swap_os_disk", "success", "failed")
    assert swap["try_number"] == 2
    assert "the batch with instances 0 is over: nothing is done" in staged.log(swap)
    assert staged.judged("ended")["swaps"] == {"0": 1}
    assert staged.broken_rules("ended") == []
