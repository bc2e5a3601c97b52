"""What goes back when a rollout stops or is cancelled, and which rollouts roll back at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rehearsals import Admin, Happening, Rehearsal, eventful, swap_states, told
from worlds import NEW, OLD, rolling_policy, sick, world

from fleetwright.domain.ailments import Ailment, Sign
from fleetwright.domain.records import RolloutView
from fleetwright.rollout.ports.controls import Control, ControlKind
from fleetwright.rollout.report import report

Rehearse = Callable[..., Rehearsal]

UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
IN_ROLLOUT = "MaxUnhealthyInstancePercentExceededInRollingUpgrade"


def on_breach(**policy: object) -> dict[str, Any]:
    """A policy that takes failed instances back on a breach."""
    return rolling_policy(rollbackFailedInstancesOnPolicyBreach=True, **policy)


def cancelled_at(rehearsal: Rehearsal, seconds: float, *others: Happening) -> None:
    """on-call cancels so many seconds after the start; other things happen as well."""
    ledger = rehearsal.ports().ledger

    def cancel(admin: Admin) -> None:
        said = Control(ControlKind.CANCEL, "on-call", "wrong image", rehearsal.clock.now())
        ledger.add_control(admin.fleet_id.lower(), said)

    happenings = sorted([(seconds, cancel), *others], key=lambda happening: happening[0])
    rehearsal.clock = eventful(*happenings)(rehearsal.url)


def seconds_taken(view: RolloutView) -> float:
    """From the start to the end, on the rollout's clock."""
    assert view.rollout.started_at is not None
    assert view.rollout.ended_at is not None
    return (view.rollout.ended_at - view.rollout.started_at) / timedelta(seconds=1)


def test_a_breach_takes_the_failed_ones_of_every_batch_back(rehearse: Rehearse) -> None:
    """N11: on a manual run, the failed instances of batches 1 and 2 get their previous version back before the stop."""
    policy = on_breach(maxUnhealthyUpgradedInstancePercent=50)
    rehearsal = rehearse(world(policy=policy, behaviours=[sick("0", "9", "12")]))

    view = rehearsal.run(trigger="manual")

    audit = rehearsal.admin.audit()
    assert told(view)["reason"]["code"] == UPGRADED
    assert (audit["swaps"].keys(), audit["rollbacks"]) == (
        {"0", "3", "6", "9", "12"},
        {"0": 1, "9": 1, "12": 1},
    )
    assert audit["imageVersions"] == {OLD: 13, NEW: 2}
    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 3
    assert told(view)["progress"]["failedInstanceCount"] == 3
    assert rehearsal.admin.violations() == []


def test_zones_go_back_one_after_the_other(rehearse: Rehearse) -> None:
    """N11, N27, R48: failed instances of two zones go back zone by zone; the one of zone 1 makes a batch smaller."""
    policy = on_breach(maxUnhealthyUpgradedInstancePercent=30, maxUnhealthyInstancePercent=100)
    rehearsal = rehearse(world(policy=policy, behaviours=[sick("9", "1", "4")]))

    view = rehearsal.run(trigger="manual")

    audit = rehearsal.admin.audit()
    assert audit["rollbacks"] == {"9": 1, "1": 1, "4": 1}
    assert audit["maxZonesInFlight"] == 1
    assert [b["instances"] for b in report(view)["batches"]] == [
        ["0", "3", "6"],
        ["9", "12"],
        ["1", "4"],
    ]
    assert rehearsal.admin.violations() == []


def test_one_that_fell_ill_later_goes_back_as_well(rehearse: Rehearse) -> None:
    """N11, R14: the whole set breaks its threshold, and the upgraded ones that fell ill after their verdict go back."""
    rehearsal = rehearse(
        world(policy=on_breach(maxUnhealthyUpgradedInstancePercent=100)),
        clock=eventful((55, lambda admin: admin.touch("0", "3", "6", "14", power="stopped"))),
    )

    view = rehearsal.run()

    audit = rehearsal.admin.audit()
    assert told(view)["reason"]["code"] == IN_ROLLOUT
    assert audit["rollbacks"] == {"0": 1, "3": 1, "6": 1}
    assert "fell ill later: power state is stopped" in view.swaps["0"].verdict_reason
    assert view.swaps["0"].suffered == Ailment(Sign.POWER)
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize("flag", [False, None])
def test_without_the_setting_a_manual_run_leaves_them(rehearse: Rehearse, flag: bool | None) -> None:
    """N11, R43: without rollbackFailedInstancesOnPolicyBreach a manual run that stops takes nothing back."""
    policy = rolling_policy(rollbackFailedInstancesOnPolicyBreach=flag) if flag is not None else None
    rehearsal = rehearse(world(policy=policy, behaviours=[sick("0", "3")]))

    view = rehearsal.run(trigger="manual")

    assert told(view)["reason"]["code"] == UPGRADED
    assert rehearsal.admin.audit()["rollbacks"] == {}
    assert swap_states(view) == {"healthy": 1, "unhealthy": 2}


def test_whoever_recovered_after_its_verdict_stays(rehearse: Rehearse) -> None:
    """N11: an instance that has come back on the new version by the time of the breach is left there."""
    policy = on_breach(maxUnhealthyUpgradedInstancePercent=35, maxUnhealthyInstancePercent=100)
    recovers = (400, lambda admin: admin.touch("0", health="healthy"))
    rehearsal = rehearse(
        world(policy=policy, behaviours=[sick("0", "9", "12", health="unhealthy")]), clock=eventful(recovers)
    )

    view = rehearsal.run(trigger="manual")

    assert told(view)["reason"]["code"] == UPGRADED
    assert rehearsal.admin.audit()["rollbacks"] == {"9": 1, "12": 1}
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize(
    ("trigger", "asked", "disabled", "rolls_back"),
    [
        ("automatic", False, False, True),
        ("automatic", False, True, False),
        ("automatic", True, True, False),
        ("manual", False, False, False),
        ("manual", True, False, True),
        ("manual", True, True, True),
    ],
)
def test_which_rollouts_roll_back(
    rehearse: Rehearse, trigger: str, asked: bool, disabled: bool, rolls_back: bool
) -> None:
    """C12, R11, R43: automatic ones unless disableAutomaticRollback says no; manual ones only when asked to."""
    policy = rolling_policy()
    policy["automaticOSUpgradePolicy"]["disableAutomaticRollback"] = disabled
    rehearsal = rehearse(world(5, 0, policy=policy, behaviours=[sick("0")]))

    view = rehearsal.run(trigger=trigger, rollback=asked)

    assert rehearsal.admin.audit()["rollbacks"] == ({"0": 1} if rolls_back else {})
    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == int(rolls_back)


def test_a_cancelled_rollout_leaves_nobody_unhealthy(rehearse: Rehearse) -> None:
    """O3, R43: the open batch gets its verdicts, the unhealthy one goes back although the run is manual, and the
    report says which instance is on which version.
    """
    rehearsal = rehearse(
        world(behaviours=[sick("3")], policy=rolling_policy(maxUnhealthyUpgradedInstancePercent=50))
    )
    cancelled_at(rehearsal, 15)

    view = rehearsal.run(trigger="manual")

    audit = rehearsal.admin.audit()
    assert (told(view)["status"], told(view)["reason"]["message"]) == (
        "Cancelled",
        "cancelled by on-call: wrong image",
    )
    assert (audit["swaps"].keys(), audit["rollbacks"]) == ({"0", "3", "6"}, {"3": 1})
    assert report(view)["versions"] == [
        f"13 on {OLD}: 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14",
        f"2 on {NEW}: 0, 6",
    ]
    assert rehearsal.admin.violations() == []


def test_a_cancel_ends_a_pause(rehearse: Rehearse) -> None:
    """C7: pauseTimeBetweenBatches is an hour, and a cancel in its first minute ends the rollout within seconds."""
    rehearsal = rehearse(world(policy=rolling_policy(pauseTimeBetweenBatches="PT1H")))
    cancelled_at(rehearsal, 90)

    view = rehearsal.run(trigger="manual")

    assert told(view)["status"] == "Cancelled"
    assert 90 <= seconds_taken(view) <= 100
    assert rehearsal.admin.audit()["swaps"].keys() == {"0", "3", "6"}


def test_a_cancel_ends_the_wait_for_budget(rehearse: Rehearse) -> None:
    """R7: nothing fits the budget, and a cancel does not wait for the end of the health timeout."""
    shield = {"protectionPolicy": {"protectFromScaleSetActions": True}, "health": "unhealthy"}
    rehearsal = rehearse(
        world(unhealthyInstances=["0", "3", "6"], instances=dict.fromkeys(("0", "3", "6"), shield))
    )
    cancelled_at(rehearsal, 30)

    view = rehearsal.run()

    assert told(view)["status"] == "Cancelled"
    assert 30 <= seconds_taken(view) <= 40
    assert rehearsal.admin.audit()["swaps"] == {}


def test_a_rollout_that_is_done_is_not_cancelled(rehearse: Rehearse) -> None:
    """R13: a cancel during the last batch comes too late: everything is upgraded and healthy."""
    rehearsal = rehearse(world(1, 0))
    cancelled_at(rehearsal, 15)

    assert told(rehearsal.run())["status"] == "Completed"
