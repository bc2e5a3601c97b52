"""Operations that fail, hang, fail in part, or whose answer is lost: what is reported, and who runs what afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rehearsals import Rehearsal, swap_states, told
from worlds import NEW, OLD, fault, flexible, rolling_policy, world

from fleetwright.domain.ailments import Ailment, Sign
from fleetwright.domain.records import RolloutView

Rehearse = Callable[..., Rehearsal]

UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
TIMED_OUT = "RollingUpgradeTimeoutError"
NO_ROOM: dict[str, Any] = {"operation": "Failed", "code": "AllocationFailed", "message": "no room in zone 1"}
LENIENT = rolling_policy(maxUnhealthyUpgradedInstancePercent=50)


def progress(view: RolloutView) -> tuple[int, int, int, int]:
    """Successful, failed, in progress, pending."""
    counts = told(view)["progress"]
    return tuple(counts[f"{name}InstanceCount"] for name in ("successful", "failed", "inProgress", "pending"))


def test_failed_operation_of_the_first_batch_stops(rehearse: Rehearse) -> None:
    """The first operation fails for all its instances: stopped with Azure's code, quoting what the operation said; all run the old version (R12, R11, N9, O5)."""
    rehearsal = rehearse(world(faults=[fault(NO_ROOM, times=1)]))

    view = rehearsal.run()

    reason = told(view)["reason"]
    assert reason["code"] == UPGRADED
    assert "3 of 3: 0, 3, 6" in reason["message"]
    assert "AllocationFailed" in reason["message"]
    assert "no room in zone 1" in reason["message"]
    assert progress(view) == (0, 3, 0, 12)
    assert rehearsal.state()["imageVersions"] == {OLD: 15}
    assert rehearsal.admin.mutating() == 2
    assert rehearsal.admin.violations() == []


def test_failed_operation_that_is_within_the_limit_is_reported(rehearse: Rehearse) -> None:
    """An operation fails late, for one instance of eleven: the rollout completes, counts it and says what it suffered (R12, R13)."""
    rehearsal = rehearse(world(11, 0, updateDomains=1, faults=[fault(NO_ROOM, after=5, times=1)]))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "Completed"
    assert "10 of 11" in told(view)["reason"]["message"]
    assert "AllocationFailed" in view.swaps["10"].verdict_reason
    assert progress(view) == (10, 1, 0, 0)
    assert rehearsal.state()["imageVersions"] == {OLD: 1, NEW: 10}
    assert rehearsal.admin.mutating() == 7
    assert rehearsal.admin.violations() == []


def test_manual_rollout_leaves_a_failed_operation_as_it_is(rehearse: Rehearse) -> None:
    """By hand nothing is put back: the instances of the failed operation are counted, and nothing is sent for them (R43, R12)."""
    rehearsal = rehearse(world(faults=[fault(NO_ROOM, times=1)]))

    view = rehearsal.run(trigger="manual")

    assert told(view)["reason"]["code"] == UPGRADED
    assert swap_states(view) == {"unhealthy": 3}
    assert set(told(view)["rollbackInfo"].values()) == {0}
    assert rehearsal.admin.mutating() == 1


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_operation_without_an_end_stops_with_its_own_code(rehearse: Rehearse, trigger: str) -> None:
    """An operation without an end: after 30 minutes the rollout stops as timed out, names the instance, and begins no other batch (R10, N9)."""
    stuck = fault({"operation": "stuck"}, after=1, times=1)
    rehearsal = rehearse(world(6, 0, updateDomains=1, policy=LENIENT, faults=[stuck]))
    start = rehearsal.clock.now()

    view = rehearsal.run(trigger=trigger)

    assert told(view)["reason"]["code"] == TIMED_OUT
    assert "instance 1" in told(view)["reason"]["message"]
    assert "30 minutes" in told(view)["reason"]["message"]
    assert (rehearsal.clock.now() - start).total_seconds() >= 1800
    assert rehearsal.state()["swaps"] == {"0": 1, "1": 1}
    assert progress(view)[:2] == (1, 1)
    assert rehearsal.admin.violations() == []


def test_partly_failed_operation_condemns_only_its_own(rehearse: Rehearse) -> None:
    """One of three keeps its old disk: the other two are healthy on the new version, it alone counts as failed and is named (R12, O5)."""
    rehearsal = rehearse(world(policy=LENIENT, faults=[fault({"partial": ["3"]}, times=1)]))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert progress(view) == (14, 1, 0, 0)
    assert {i for i, swap in view.swaps.items() if swap.state != "healthy"} == {"3"}
    assert f"still runs {OLD}" in view.swaps["3"].verdict_reason
    assert view.swaps["3"].suffered == Ailment(Sign.NOT_REPLACED)
    assert rehearsal.state()["imageVersions"] == {OLD: 1, NEW: 14}
    assert rehearsal.admin.violations() == []


def test_partly_failed_operation_over_the_limit_names_the_instance(rehearse: Rehearse) -> None:
    """One of the first three keeps its old disk: more than a fifth of the upgraded, so stopped, with its id and its trouble (R12, N9)."""
    rehearsal = rehearse(world(faults=[fault({"partial": ["3"]}, times=1)]))

    view = rehearsal.run()

    reason = told(view)["reason"]
    assert reason["code"] == UPGRADED
    assert "1 of 3: 3" in reason["message"]
    assert "First failed instance ID is: 3" in reason["message"]
    assert progress(view) == (2, 1, 0, 12)
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize("after", [0, 1, 2])
def test_lost_answer_is_found_at_work_and_not_sent_again(rehearse: Rehearse, after: int) -> None:
    """The answer to a swap is lost after Azure began it: the instances are read, adopted and judged; no second call leaves (R44, R13)."""
    rehearsal = rehearse(world(9, faults=[fault({"applyThenReset": True}, after=after, times=1)]))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "Completed"
    assert rehearsal.state()["swaps"] == {str(i): 1 for i in range(9)}
    assert rehearsal.admin.mutating() == len(view.batches)
    assert progress(view) == (9, 0, 0, 0)
    assert rehearsal.admin.violations() == []


def test_lost_answer_of_an_operation_that_fails_is_told(rehearse: Rehearse) -> None:
    """The answer is lost and then an instance keeps its old disk: it has failed by what it shows, although nobody knows its operation (R12, O5)."""
    faults = [
        {"match": {"method": "POST", "path": "*/reimage"}, "effect": {"applyThenReset": True}, "times": 1},
        fault({"status": 404}, "GET", "*/operations/*"),
    ]
    rehearsal = rehearse(world(6, 0, updateDomains=1, policy=LENIENT, faults=faults))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "Completed"
    assert progress(view) == (6, 0, 0, 0)
    assert rehearsal.admin.mutating() == 6


def test_lost_answer_of_a_rollback_is_not_sent_again(rehearse: Rehearse) -> None:
    """The answer to a rollback is lost after Azure began it: one rollback, which is judged like any other (R11, R44)."""
    broken = {"version": NEW, "instances": ["0"], "health": "unhealthy"}
    rehearsal = rehearse(
        world(behaviours=[broken], faults=[fault({"applyThenReset": True}, after=1, times=1)])
    )

    view = rehearsal.run()

    assert rehearsal.state()["rollbacks"] == {"0": 1}
    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1
    assert rehearsal.admin.mutating() == 2
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_each_machine_is_told_its_own_operation(rehearse: Rehearse, trigger: str) -> None:
    """Two machines of one batch fail for two reasons: each reason quotes the operation that carried the machine, and no other (O5, R12)."""
    faults = [
        fault({"operation": "Failed", "code": code, "message": code}, path=f"*/{name}/reimage", times=1)
        for name, code in (("web_0", "AllocationFailed"), ("web_3", "OSProvisioningTimedOut"))
    ]
    rehearsal = rehearse(flexible(world(faults=faults)))

    view = rehearsal.run(trigger=trigger)

    first, second = (view.swaps[name].verdict_reason for name in ("web_0", "web_3"))
    assert "AllocationFailed" in first
    assert "OSProvisioningTimedOut" not in first
    assert "OSProvisioningTimedOut" in second
    assert "AllocationFailed" not in second
