"""What a set's policy asks for, carried out by the DAG's own tasks: surges, and what goes back on a breach."""

from __future__ import annotations

from collections.abc import Callable

from airflow_runs import Ran
from small_worlds import BY_HALVES, NEW, OLD, Emulated, world

RollOut = Callable[..., Ran]


def test_a_surge_needs_no_task_of_its_own(emulator: Emulated, roll_out: RollOut) -> None:
    """N15, R43: `swap_os_disk` creates, `wait_for_health` waits, `roll_back` deletes: four instances are four new ones."""
    document = world(policy={**BY_HALVES, "maxSurge": True}, bad=("5",))
    document["scaleSets"][0]["x-emulator"]["dataDisksPerInstance"] = 0
    fleet = emulator.serve(document)

    ran = roll_out(fleet)

    assert ran.state == "success"
    assert emulator.judged()["imageVersions"] == {NEW: 3, OLD: 1}
    assert emulator.judged()["instances"] == 4
    assert emulator.judged()["swaps"] == {}
    assert ran.states("roll_back") == ["success", "success"]
    assert emulator.broken_rules() == []


def test_a_breach_goes_back_in_a_turn_of_its_own(emulator: Emulated, roll_out: RollOut) -> None:
    """N11: a manual run that stops gives the failed ones of both batches their previous version back, then fails red."""
    policy = {
        **BY_HALVES,
        "maxUnhealthyInstancePercent": 100,
        "maxBatchInstancePercent": 100,
        "maxUnhealthyUpgradedInstancePercent": 40,
        "rollbackFailedInstancesOnPolicyBreach": True,
    }
    fleet = emulator.serve(world(policy=policy, bad=("1", "2")))

    ran = roll_out(fleet)

    assert ran.state == "failed"
    assert emulator.judged()["rollbacks"] == {"1": 1, "2": 1}
    assert emulator.judged()["imageVersions"] == {NEW: 2, OLD: 2}
    assert ran.states("roll_back") == ["skipped", "success"]
    assert emulator.broken_rules() == []
