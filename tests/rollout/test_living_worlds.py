"""Worlds that change under a rollout: maintenance, recoveries, owners who change their mind, new versions, scaling."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from crashes import Answer, Killed, Moment, Mortal
from rehearsals import Admin, Rehearsal, eventful, told
from worlds import (
    IMAGE,
    NEW,
    NEWER,
    OLD,
    Json,
    rolling_policy,
    sick,
    world,
)

from fleetwright.domain.errors import HeldError
from fleetwright.rollout.ports.controls import Control, ControlKind
from fleetwright.rollout.report import report
from fleetwright.rollout.session import Ports

Rehearse = Callable[..., Rehearsal]

OPT_OUT = {"tags": {"fleetwright": "off"}}
PROTECTED = {"protectionPolicy": {"protectFromScaleSetActions": True}}
# Protected ones are not upgraded, so their ill health fills the budget.
FULL_BUDGET: dict[str, Any] = {
    "unhealthyInstances": ["0", "3", "6"],
    "instances": {i: {**PROTECTED, "health": "unhealthy"} for i in ("0", "3", "6")},
}


@pytest.mark.parametrize(("unhealthy", "swaps"), [(3, 15), (4, 0)])
def test_threshold_before_the_start_is_strict(rehearse: Rehearse, unhealthy: int, swaps: int) -> None:
    """20 % of all instances unhealthy starts, one more does not, whatever the cause (R8)."""
    rehearsal = rehearse(world(unhealthyInstances=[str(i) for i in range(unhealthy)]))

    view = rehearsal.run()

    assert sum(rehearsal.state()["swaps"].values()) == swaps
    code = "Completed" if swaps else "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
    assert told(view)["reason"]["code"] == code


def test_maintenance_stops_at_the_end_of_the_batch(rehearse: Rehearse) -> None:
    """More than 20 % unhealthy in mid-batch: the batch is finished, and no other begins (R14)."""
    maintenance = (15, lambda admin: admin.touch("2", "5", "8", "11", power="stopped"))
    rehearsal = rehearse(world(), clock=eventful(maintenance))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
    assert "4 of 15: 2, 5, 8, 11" in told(view)["reason"]["message"]
    assert rehearsal.state()["swaps"] == {"0": 1, "3": 1, "6": 1}
    assert told(view)["progress"]["successfulInstanceCount"] == 3
    assert rehearsal.admin.violations() == []


def test_opted_out_in_mid_rollout_cancels(rehearse: Rehearse) -> None:
    """A set that is opted out gets no further batch, and the rollout is cancelled (O3, R4)."""
    rehearsal = rehearse(world(), clock=eventful((45, lambda admin: admin.patch(OPT_OUT))))

    view = rehearsal.run()

    assert told(view)["status"] == "Cancelled"
    assert told(view)["reason"]["code"] == "OptedOut"
    assert len(rehearsal.state()["swaps"]) == 5
    assert told(view)["progress"]["pendingInstanceCount"] == 10


def test_cancelled_rollout_says_who_is_on_which_version(rehearse: Rehearse) -> None:
    """The report of a rollout cancelled by an opt-out says which instance is on which version (O3)."""
    rehearsal = rehearse(world(5, 0), clock=eventful((45, lambda admin: admin.patch(OPT_OUT))))

    view = rehearsal.run()

    on_new = ", ".join(sorted(rehearsal.state()["swaps"]))
    assert on_new == "0, 1"
    assert any(NEW in line and on_new in line for line in _lines({**report(view), **view.rollout.outcome}))


def test_opted_out_while_dead_still_gives_verdicts(rehearse: Rehearse) -> None:
    """A rollout whose holder died in a swap and whose set was opted out since: the sick instance gets its version back, then it is cancelled (R11, O3)."""
    rehearsal = rehearse(
        world(policy=rolling_policy(maxUnhealthyUpgradedInstancePercent=50), behaviours=[sick("0")])
    )
    with pytest.raises(Killed):
        rehearsal.run(_dying_in_the_swap(rehearsal), owner="first")
    rehearsal.admin.patch(OPT_OUT)
    rehearsal.wall.advance(31)

    view = rehearsal.run(owner="second")

    assert rehearsal.state()["swaps"] == {"0": 1, "3": 1, "6": 1}
    assert rehearsal.state()["rollbacks"] == {"0": 1}
    assert told(view)["status"] == "Cancelled"


def test_somebody_elses_rolling_upgrade_holds_before_the_start(rehearse: Rehearse) -> None:
    """Nothing starts while a rolling upgrade of somebody else is under way (O4)."""
    rehearsal = rehearse(world(rollingUpgrade={"code": "RollingForward"}))

    with pytest.raises(HeldError, match="somebody else"):
        rehearsal.run()

    assert rehearsal.admin.mutating() == 0


def test_somebody_elses_rolling_upgrade_ends_further_batches(rehearse: Rehearse) -> None:
    """No batch begins while a rolling upgrade of somebody else is under way, and the reason says so (O4)."""

    def begin(admin: Admin) -> None:
        admin.post("rollingUpgrades", id=admin.fleet_id, rollingUpgrade={"code": "RollingForward"})

    rehearsal = rehearse(world(), clock=eventful((15, begin)))

    view = rehearsal.run()

    assert len(rehearsal.state()["swaps"]) == 3
    assert "somebody else" in told(view)["reason"]["message"]


def test_cancel_is_obeyed_between_batches(rehearse: Rehearse) -> None:
    """Cancelled by a person: the batch under way gets its verdicts, none follows, and the report names who and why."""
    rehearsal = rehearse(world())
    ports = rehearsal.ports()

    def cancel(_admin: Admin) -> None:
        control = Control(ControlKind.CANCEL, "on-call", "wrong image", rehearsal.clock.now())
        ports.ledger.add_control(rehearsal.admin.fleet_id.lower(), control)

    rehearsal.clock = eventful((15, cancel))(rehearsal.url)

    view = rehearsal.run()

    assert told(view)["status"] == "Cancelled"
    assert told(view)["reason"]["message"] == "cancelled by on-call: wrong image"
    assert told(view)["progress"]["successfulInstanceCount"] == 3


def test_version_is_fixed_for_the_run(rehearse: Rehearse) -> None:
    """A newer version that appears in mid-rollout is left for the next one (R2)."""
    publish = (45, lambda admin: admin.post("images", **IMAGE, version=NEWER))
    rehearsal = rehearse(world(), clock=eventful(publish))

    rehearsal.run()

    assert rehearsal.state()["imageVersions"] == {NEW: 15}


def test_budget_that_comes_back_is_used(rehearse: Rehearse) -> None:
    """While ill instances fill the budget nothing is swapped; once they recover the rollout goes on (R7)."""
    recovery = (100, lambda admin: admin.touch("0", "3", "6", health="healthy"))
    rehearsal = rehearse(world(**FULL_BUDGET), clock=eventful(recovery))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert rehearsal.admin.audit()["firstSwapAt"] >= "2024-06-01T00:01:40"
    assert rehearsal.state()["imageVersions"] == {OLD: 3, NEW: 12}


def test_budget_that_never_comes_back_stops(rehearse: Rehearse) -> None:
    """Nothing fits for the whole health timeout: stopped, and the message names who fills the budget."""
    rehearsal = rehearse(world(**FULL_BUDGET))
    start = rehearsal.clock.now()

    view = rehearsal.run(health_timeout_seconds=120)

    assert (rehearsal.clock.now() - start).total_seconds() == pytest.approx(120, abs=10)
    assert told(view)["reason"]["code"] == "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
    assert "0, 3, 6" in told(view)["reason"]["message"]
    assert rehearsal.admin.mutating() == 0


def test_scaled_out_set_is_finished(rehearse: Rehearse) -> None:
    """Instances that appear in mid-rollout on the new version are left alone; all others are upgraded once (O9, R44)."""
    grow = (45, lambda admin: admin.post("scale", id=admin.fleet_id, capacity=18))
    rehearsal = rehearse(world(), clock=eventful(grow))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert rehearsal.state()["imageVersions"] == {NEW: 18}
    assert set(rehearsal.state()["swaps"]) == {str(i) for i in range(15)}
    assert rehearsal.admin.violations() == []


def test_instance_that_vanishes_in_its_swap_is_reported(rehearse: Rehearse) -> None:
    """An instance that was scaled in while it was being swapped counts as failed, and the rollout ends with a verdict."""
    shrink = (50, lambda admin: admin.post("scale", id=admin.fleet_id, capacity=1))
    lenient = rolling_policy(maxUnhealthyUpgradedInstancePercent=100)
    rehearsal = rehearse(world(2, 0, policy=lenient), clock=eventful(shrink))

    view = rehearsal.run()

    assert rehearsal.state()["swaps"] == {"0": 1, "1": 1}
    assert told(view)["status"] in {"Completed", "Faulted"}
    assert told(view)["progress"]["failedInstanceCount"] == 1


def _dying_in_the_swap(rehearsal: Rehearsal) -> Ports:
    """Ports of a process that dies when its first swap was accepted, before it could write that down."""

    class Dying(Mortal):
        def call(self, name: str, act: Callable[[], Answer]) -> Answer:
            answer = super().call(name, act)
            if name == "begin_swap":
                self.is_dead = True
                raise Killed(str(Moment.AFTER))
            return answer

    return Dying().ports(rehearsal.ports())


def _lines(body: Json, name: str = "") -> list[str]:
    """Every value of a report as one line with its name."""
    if isinstance(body, dict):
        return [line for key, value in body.items() for line in _lines(value, str(key))]
    if isinstance(body, list) and any(isinstance(item, dict) for item in body):
        return [line for item in body for line in _lines(item, name)]
    return [f"{name}: {', '.join(map(str, body)) if isinstance(body, list) else body}"]
