"""Azure's bad days: whatever the calls suffer, the same instances are swapped, once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rehearsals import Rehearsal, Stages, told
from worlds import fault, rolling_policy, sick, world

from fleetwright.domain.states import FAILED_SWAPS

Rehearse = Callable[..., Rehearsal]

LISTS = ("GET", "*/virtualMachines")
READS = ("GET", "*/virtualMachines/*")
WORLD: dict[str, Any] = {
    "n": 5,
    "zones": 2,
    "policy": rolling_policy(maxUnhealthyUpgradedInstancePercent=50),
    "behaviours": [sick("2")],
    "timings": {"swap": 4, "boot": 2, "extension": 2, "health": 2},
    "health_seconds": 60,
}
REQUEST: dict[str, Any] = {"health_timeout_seconds": 60, "poll_seconds": 5}

PASSING = {
    "throttled swaps": fault({"status": 429, "retryAfter": 3}, times=3),
    "throttled rollback": fault({"status": 429, "retryAfter": 20}, after=3, times=2),
    "throttled lists": fault({"status": 429, "retryAfter": 3}, *LISTS, after=4, times=4),
    "lists answer 503": fault({"status": 503}, *LISTS, after=3, times=5),
    "lists are cut off": fault({"reset": True}, *LISTS, after=3, times=5),
    "no list for two minutes": fault({"status": 503}, *LISTS, after=6, seconds=120),
    "single reads answer 503": fault({"status": 503}, *READS, times=3),
    "swap applied, answer lost": fault({"applyThenReset": True}, times=1),
    "every answer lost": fault({"applyThenReset": True}),
    "swap never arrived": fault({"reset": True}, times=1),
    "swap never arrived, thrice": fault({"reset": True}, after=1, times=3),
    "rollback never arrived": fault({"reset": True}, after=3, times=1),
    "swap answers 503": fault({"status": 503}, times=2),
    "rollback answers 503": fault({"status": 503}, after=3, times=2),
    "slow answers": fault({"latency": 0.05}),
    "slow lists": fault({"latency": 0.02}, *LISTS),
}


@pytest.fixture(scope="module")
def undisturbed(stages: Stages, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What becomes of the world on a good day."""
    rehearsal = Rehearsal(stages, world(**WORLD), tmp_path_factory.mktemp("undisturbed"))
    rehearsal.run(**REQUEST)
    state = rehearsal.state()
    rehearsal.close()
    return state


@pytest.mark.parametrize("name", PASSING)
def test_passing_fault_changes_no_swap(rehearse: Rehearse, undisturbed: dict[str, Any], name: str) -> None:
    """A fault that passes ends in the same swaps and the same rollback as none, with no rule broken."""
    rehearsal = rehearse(world(**WORLD, faults=[PASSING[name]]))

    view = rehearsal.run(**REQUEST)

    assert any(known["hits"] for known in rehearsal.admin.get("faults")["faults"])
    assert rehearsal.admin.violations() == []
    assert rehearsal.state() == undisturbed
    assert told(view)["status"] == "Completed"
    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1


def test_throttled_calls_wait_as_long_as_they_were_asked(rehearse: Rehearse) -> None:
    """A swap that was throttled for 40 s is not sent again any sooner: 429 never raises the call rate."""
    rehearsal = rehearse(world(1, 0, faults=[fault({"status": 429, "retryAfter": 40}, times=1)]))
    start = rehearsal.clock.now()

    rehearsal.run(**REQUEST)

    assert rehearsal.admin.mutating() == 2
    first_swap = rehearsal.admin.audit()["firstSwapAt"]
    assert first_swap >= start.replace(second=40).isoformat()[:19]


@pytest.mark.parametrize("effect", [{"status": 503}, {"reset": True}, {"status": 429, "retryAfter": 3}])
def test_swaps_that_never_get_through_end_the_rollout(rehearse: Rehearse, effect: dict[str, Any]) -> None:
    """Where no swap call gets through, the rollout ends with Azure's words; nothing was swapped and nothing counts as failed."""
    rehearsal = rehearse(world(5, 0, faults=[fault(effect)]))

    view = rehearsal.run(**REQUEST)

    assert told(view)["status"] == "Faulted"
    assert told(view)["reason"]["code"] == "InternalExecutionError"
    assert told(view)["progress"]["pendingInstanceCount"] == 5
    assert told(view)["progress"]["failedInstanceCount"] == 0
    assert rehearsal.state()["swaps"] == {}
    assert rehearsal.admin.mutating() <= 24


def test_stuck_operation_ends_after_thirty_minutes(rehearse: Rehearse) -> None:
    """An operation without an end has failed for its instances after 30 minutes; whoever hangs stops the rollout."""
    rehearsal = rehearse(world(3, 0, faults=[fault({"operation": "stuck"}, after=1, times=1)]))
    start = rehearsal.clock.now()

    view = rehearsal.run(**REQUEST, trigger="manual")

    minutes = (rehearsal.clock.now() - start).total_seconds() / 60
    assert 30 <= minutes < 33
    assert told(view)["status"] == "Faulted"
    assert told(view)["progress"]["failedInstanceCount"] == 1
    assert rehearsal.state()["swaps"] == {"0": 1, "1": 1}


@pytest.mark.parametrize("status", [404, 500], ids=["forgotten", "never read"])
def test_operation_that_cannot_be_read_keeps_nobody_from_a_verdict(rehearse: Rehearse, status: int) -> None:
    """One instance keeps its old disk and the operation cannot be read: the others are judged, and so is it in the end."""
    faults = [fault({"partial": ["0"]}, times=1), fault({"status": status}, "GET", "*/operations/*")]
    lenient = rolling_policy(maxUnhealthyUpgradedInstancePercent=50)
    rehearsal = rehearse(world(15, 3, policy=lenient, faults=faults))

    view = rehearsal.run()

    assert view.swaps["0"].state in FAILED_SWAPS
    assert {str(view.swaps[i].state) for i in ("3", "6")} == {"healthy"}
    assert rehearsal.admin.violations() == []
