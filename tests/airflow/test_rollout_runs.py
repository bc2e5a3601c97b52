"""Whole rollouts as DAG runs, carried out by ``dag.test()`` against the emulator on the real clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from airflow_runs import Ran
from small_worlds import BY_HALVES, NEW, OLD, Emulated, world

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.states import RolloutState
from fleetwright.ledger.store import open_ledger

RollOut = Callable[..., Ran]
UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"


def test_a_healthy_set_is_upgraded_and_the_run_succeeds(emulator: Emulated, roll_out: RollOut) -> None:
    """R13: every instance ends on the new version, batch by batch, and no rule is broken."""
    fleet = emulator.serve(world(policy=BY_HALVES))

    ran = roll_out(fleet)

    assert ran.state == "success"
    assert emulator.judged()["imageVersions"] == {NEW: 4}
    assert ran.states("swap_os_disk") == ["success", "success"]
    assert ran.states("roll_back") == ["skipped", "skipped"]
    assert ran.tasks["release_lease"] == "success"
    assert emulator.broken_rules() == []


def test_an_automatic_run_gives_the_previous_version_back(emulator: Emulated, roll_out: RollOut) -> None:
    """R11: the one instance that does not become healthy gets its old version back; the others stay upgraded."""
    fleet = emulator.serve(world(policy=BY_HALVES, bad=("3",)))

    ran = roll_out(fleet, trigger="automatic")

    assert ran.state == "success"
    assert emulator.judged()["rollbacks"] == {"3": 1}
    assert emulator.judged()["imageVersions"] == {NEW: 3, OLD: 1}
    assert ran.states("roll_back") == ["skipped", "success"]
    assert emulator.broken_rules() == []
    assert f"rolling instance 3 back to {OLD} on a new disk: health is initializing" in ran.text


def test_a_flexible_set_gets_its_previous_disk_back(emulator: Emulated, roll_out: RollOut) -> None:
    """R11, O7: on a Flexible set the triggerer reads machines one by one, and the rollback gives the very disk back; nothing is left behind."""
    document = world(policy=BY_HALVES, bad=("3",))
    document["scaleSets"][0]["resource"]["properties"]["orchestrationMode"] = "Flexible"
    document["timings"] = {**document["timings"], "deallocate": 0.1}
    fleet = emulator.serve(document)

    ran = roll_out(fleet, trigger="automatic")

    assert ran.state == "success"
    assert emulator.judged()["swaps"] == {str(n): 1 for n in range(4)}
    assert emulator.judged()["rollbacks"] == {"3": 1}
    assert emulator.broken_rules() == []
    assert "back to its previous disk /subscriptions/" in ran.text
    deleted = [c["path"] for c in emulator.calls() if c["method"] == "DELETE"]
    assert len(deleted) == 4


def test_a_manual_run_keeps_the_unhealthy_instance(emulator: Emulated, roll_out: RollOut) -> None:
    """R43: a run that a person started rolls nothing back unless asked to."""
    fleet = emulator.serve(world(policy=BY_HALVES, bad=("3",)))

    ran = roll_out(fleet)

    assert emulator.judged()["rollbacks"] == {}
    assert emulator.judged()["imageVersions"] == {NEW: 4}
    assert ran.states("roll_back") == ["skipped", "skipped"]


def test_a_manual_run_rolls_back_when_asked_to(emulator: Emulated, roll_out: RollOut) -> None:
    """C12: the form's own choice makes a manual run roll back."""
    fleet = emulator.serve(world(policy=BY_HALVES, bad=("3",)))

    roll_out(fleet, rollback=True)

    assert emulator.judged()["rollbacks"] == {"3": 1}


def test_a_rollout_that_stops_fails_the_run_with_azures_code(
    emulator: Emulated, roll_out: RollOut, ledger_url: str
) -> None:
    """R12: one failure of one upgraded instance stops; the run is red, its error has Azure's code and numbers."""
    fleet = emulator.serve(world(3, bad=("0",)))

    ran = roll_out(fleet, trigger="automatic")

    assert ran.state == "failed"
    assert ran.tasks["finish"] == "failed"
    assert UPGRADED in ran.errors["finish"]
    assert (
        "100% of instances are in an unhealthy state after being upgraded (1 of 1: 0)" in ran.errors["finish"]
    )
    assert emulator.judged()["swaps"] == {"0": 1}
    assert emulator.judged()["imageVersions"] == {OLD: 3}
    assert ran.tasks["release_lease"] == "success"
    (view,) = open_ledger(ledger_url).list_rollouts(parse_fleet_id(fleet).key)
    assert view.rollout.state is RolloutState.FAULTED
    assert open_ledger(ledger_url).list_locks() == ()


def test_a_set_on_the_version_already_is_nothing_to_do(emulator: Emulated, roll_out: RollOut) -> None:
    """R44: a second run on an upgraded set completes without a batch and without a mutating call."""
    fleet = emulator.serve(world(2, policy=BY_HALVES))
    roll_out(fleet)
    before = emulator.mutating_calls()

    ran = roll_out(fleet)

    assert ran.state == "success"
    assert emulator.mutating_calls() == before
    assert ran.states("swap_os_disk") == ["skipped"]
    assert "2 of 2 instances run 18.04.202402010 already" in ran.text


def test_too_many_unhealthy_before_the_start_stop_before_any_swap(
    emulator: Emulated, roll_out: RollOut
) -> None:
    """R8: above the share before the first batch nothing is swapped; the run is red and says both numbers."""
    document = world(4)
    document["scaleSets"][0]["x-emulator"]["unhealthyInstances"] = ["0", "1"]
    fleet = emulator.serve(document)

    ran = roll_out(fleet)

    assert ran.state == "failed"
    assert "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade" in ran.errors["finish"]
    assert "50% of instances" in ran.errors["finish"]
    assert "threshold of 20%" in ran.errors["finish"]
    assert emulator.mutating_calls() == 0


def test_a_set_opted_out_between_batches_gets_no_further_batch(emulator: Emulated, roll_out: RollOut) -> None:
    """O3: the batch that runs is finished, no other begins, and the red run says why it was cancelled."""
    fleet = emulator.serve(world(policy=BY_HALVES))

    ran = roll_out(fleet, after={"batch.swap_os_disk": emulator.opt_out})

    assert ran.state == "failed"
    assert "Cancelled" in ran.errors["finish"]
    assert "opted out" in ran.errors["finish"]
    assert emulator.judged()["imageVersions"] == {NEW: 2, OLD: 2}
    assert f"2 on {OLD}: 2, 3" in ran.text
    assert f"2 on {NEW}: 0, 1" in ran.text


def test_a_hold_found_after_the_plan_is_no_failure_either(emulator: Emulated, roll_out: RollOut) -> None:
    """A set opted out before its first batch is held like any other: nothing touched, nothing red."""
    fleet = emulator.serve(world(policy=BY_HALVES))

    ran = roll_out(fleet, after={"plan": emulator.opt_out})

    assert emulator.judged()["swaps"] == {}
    assert "opted out" in ran.text
    assert ran.state == "success"


def test_the_error_of_a_stopped_run_begins_with_azures_code(emulator: Emulated, roll_out: RollOut) -> None:
    """R12: what the UI shows first of the red task is the code that a person searches for."""
    fleet = emulator.serve(world(1, bad=("0",)))

    ran = roll_out(fleet, trigger="automatic")

    assert ran.errors["finish"].startswith(UPGRADED)


def test_a_dry_run_stops_after_the_plan(emulator: Emulated, roll_out: RollOut, ledger_url: str) -> None:
    """A dry run shows the plan and ends: no call changes anything, no rollout is begun, no task of a batch runs."""
    fleet = emulator.serve(world(policy=BY_HALVES))

    ran = roll_out(fleet, dry_run=True)

    assert ran.state == "success"
    assert emulator.mutating_calls() == 0
    assert "Plan for web (westeurope)" in ran.text
    assert "dry run: nothing was changed, and the run ends here" in ran.text
    assert ran.tasks["plan"] == "success"
    assert ran.tasks["finish"] == "skipped"
    assert not [name for name, state in ran.tasks.items() if name.startswith("batch.") and state != "skipped"]
    assert open_ledger(ledger_url).list_rollouts(parse_fleet_id(fleet).key) == ()


def test_an_exact_version_is_rolled_out(emulator: Emulated, roll_out: RollOut) -> None:
    """The version of the form is the target, fixed for the run, when it is not ``latest``."""
    document = world(1)
    document["platformImages"][0]["versions"].append({"name": "18.04.202403010"})
    fleet = emulator.serve(document)

    ran = roll_out(fleet, version=NEW)

    assert ran.state == "success"
    assert emulator.judged()["imageVersions"] == {NEW: 1}


def test_the_logs_never_show_the_token(
    emulator: Emulated, roll_out: RollOut, capfd: pytest.CaptureFixture[str]
) -> None:
    """No line of a whole run, Airflow's own included, shows the connection's token."""
    fleet = emulator.serve(world(2, policy=BY_HALVES))

    ran = roll_out(fleet)
    printed = capfd.readouterr()

    assert ran.state == "success"
    assert printed.out + printed.err
    assert "a-token-that-nobody-may-read" not in printed.out + printed.err + ran.text
