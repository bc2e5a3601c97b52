"""Sets that grow and shrink under a rollout, and instances that are deleted in the middle of their swap."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rehearsals import Admin, Rehearsal, eventful, told
from worlds import NEW, rolling_policy, sick, world

from fleetwright.domain.states import FAILED_SWAPS

Rehearse = Callable[..., Rehearsal]

ALL = rolling_policy(maxUnhealthyUpgradedInstancePercent=100)


def scaled(capacity: int) -> Callable[[Admin], object]:
    """Somebody else gives the set another capacity."""
    return lambda admin: admin.post("scale", id=admin.fleet_id, capacity=capacity)


@pytest.mark.parametrize("seconds", [5, 25, 39, 45])
def test_shrunk_while_others_are_swapped(rehearse: Rehearse, seconds: float) -> None:
    """Instances that go before their turn are no failures: the rest is upgraded, each once, and the counts are of those (R13, R44)."""
    rehearsal = rehearse(world(15), clock=eventful((seconds, scaled(11))))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "Completed"
    assert rehearsal.state()["imageVersions"] == {NEW: 11}
    assert set(rehearsal.state()["swaps"]) == {str(i) for i in range(11)} | (
        {"12"} if seconds > 39 else set()
    )
    assert told(view)["progress"]["pendingInstanceCount"] == 0
    assert told(view)["progress"]["failedInstanceCount"] == (1 if seconds > 39 else 0)
    assert rehearsal.admin.violations() == []


def test_upgraded_instances_that_go_later_are_no_failures(rehearse: Rehearse) -> None:
    """Instances that were found healthy and are scaled in afterwards stop nobody (R12, R13)."""
    rehearsal = rehearse(world(15), clock=eventful((85, scaled(9))))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "Completed"
    assert told(view)["progress"]["failedInstanceCount"] == 0
    assert rehearsal.state()["imageVersions"] == {NEW: 9}
    assert rehearsal.admin.violations() == []


def test_smaller_set_has_smaller_batches(rehearse: Rehearse) -> None:
    """After scale-in the batches are those of the smaller set: at most a fifth of who is there (R7, R9)."""
    rehearsal = rehearse(world(20, 0, updateDomains=1), clock=eventful((45, scaled(10))))

    view = rehearsal.run()

    sizes = [len(batch.instance_ids) for batch in view.batches]
    assert sizes[:2] == [4, 4]
    assert set(sizes[2:]) == {2}
    assert told(view)["status"] == "Completed"
    assert rehearsal.admin.violations() == []


def test_larger_set_has_larger_batches(rehearse: Rehearse) -> None:
    """After scale-out the share is of the larger set, and its new instances are not swapped (R7, R9, O9)."""
    rehearsal = rehearse(world(10, 0, updateDomains=1), clock=eventful((45, scaled(20))))

    view = rehearsal.run()

    assert max(len(batch.instance_ids) for batch in view.batches) == 4
    assert set(rehearsal.state()["swaps"]) == {str(i) for i in range(10)}
    assert rehearsal.state()["imageVersions"] == {NEW: 20}
    assert rehearsal.admin.violations() == []


def test_new_instances_that_are_not_ready_yet_count_against_the_limit(rehearse: Rehearse) -> None:
    """Instances of a scale-out that never become healthy are unhealthy instances of the set, whoever made them (R14)."""
    born_ill = sick(*(str(i) for i in range(15, 25)))
    rehearsal = rehearse(world(15, behaviours=[born_ill]), clock=eventful((15, scaled(25))))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
    assert "10 of 25" in told(view)["reason"]["message"]
    assert rehearsal.admin.mutating() == 1
    assert rehearsal.admin.violations() == []


def test_deleted_in_mid_swap_is_named(rehearse: Rehearse) -> None:
    """An instance that is deleted while it is swapped counts as failed and is named as gone; the others get their verdicts (R12, C20)."""
    rehearsal = rehearse(world(10, 0, updateDomains=1, policy=ALL), clock=eventful((170, scaled(9))))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert view.swaps["9"].state in FAILED_SWAPS
    assert view.swaps["9"].verdict_reason == "it does not exist any more"
    assert str(view.swaps["8"].state) == "healthy"
    assert rehearsal.state()["imageVersions"] == {NEW: 9}
    assert rehearsal.admin.violations() == []


def test_deleted_in_mid_rollback_ends_with_a_verdict(rehearse: Rehearse) -> None:
    """An instance that is deleted while it gets its version back: the rollout ends and says so (C11, N9)."""
    rehearsal = rehearse(
        world(10, 0, updateDomains=1, behaviours=[sick("9", health="unhealthy")]),
        clock=eventful((205, scaled(9))),
    )

    view = rehearsal.run()

    assert rehearsal.state()["rollbacks"] == {"9": 1}
    assert told(view)["status"] == "Faulted"
    assert told(view)["reason"]["code"] == "RollingUpgradeInProgressWithFailedUpgradedVMs"
    assert "9" in told(view)["reason"]["message"]
    assert rehearsal.admin.violations() == []


def test_shrunk_to_nothing_ends_without_a_traceback(rehearse: Rehearse) -> None:
    """A set that loses all its instances in mid-rollout ends the rollout with a verdict, and nothing more is sent."""
    rehearsal = rehearse(world(15), clock=eventful((45, scaled(0))))

    view = rehearsal.run()

    assert told(view)["status"] in {"Completed", "Faulted"}
    assert rehearsal.admin.mutating() == 2
    assert told(view)["progress"]["pendingInstanceCount"] == 0
    assert rehearsal.admin.violations() == []
