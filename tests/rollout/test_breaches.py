"""Too much ill health, before a batch, during it and after it: where the rollout stops, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from rehearsals import Rehearsal, eventful, swap_states, told
from worlds import HEALTH_EXTENSION, NEW, OLD, START, Json, extension, rolling_policy, sick, world

from fleetwright.domain.records import RolloutView

Rehearse = Callable[..., Rehearsal]

BEFORE = "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
DURING = "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
STRANGERS = ("2", "5", "8", "11")  # of zone 3, which comes last

APP_FAILED = {"Health": "succeeded", "App": "failed"}


def assert_stopped(view: RolloutView, code: str, *words: str) -> None:
    """Faulted with Azure's code and with these words in its one line."""
    reason = told(view)["reason"]
    assert (told(view)["status"], reason["code"]) == ("Faulted", code)
    assert [word for word in words if word not in reason["message"]] == []
    assert len(reason["message"].splitlines()) == 1


def assert_touched(rehearsal: Rehearsal, swapped: Sequence[str], restored: Sequence[str] = ()) -> None:
    """Only these were swapped and put back, each once, and the referee found nothing."""
    assert sorted(rehearsal.state()["swaps"].items()) == sorted((i, 1) for i in swapped)
    assert sorted(rehearsal.state()["rollbacks"].items()) == sorted((i, 1) for i in restored)
    assert rehearsal.admin.violations() == []


def test_breach_before_the_first_batch(rehearse: Rehearse) -> None:
    """4 of 15 unhealthy before the first batch: Azure's code, both shares, and not one call that changes anything (R8, N9)."""
    rehearsal = rehearse(world(unhealthyInstances=list(STRANGERS)))

    view = rehearsal.run()

    assert_stopped(view, BEFORE, "26.7%", "4 of 15: 2, 5, 8, 11", "threshold of 20%", "Nothing was changed")
    assert rehearsal.admin.mutating() == 0
    assert rehearsal.state()["imageVersions"] == {OLD: 15}
    assert told(view)["progress"]["pendingInstanceCount"] == 15


def test_failed_extensions_count_as_unhealthy_instances(rehearse: Rehearse) -> None:
    """4 of 15 whose extension failed stop a rollout before it begins, although their power is on; 3 of 15 do not (R38, R32, R8)."""
    codes = {}
    for failed in (3, 4):
        results = [{"name": name, "result": word, "at": START} for name, word in APP_FAILED.items()]
        broken = {str(i): {"extensions": results} for i in range(failed)}
        rehearsal = rehearse(world(extensions=[HEALTH_EXTENSION, extension("App")], instances=broken))
        codes[failed] = told(rehearsal.run())["reason"]["code"]

    assert codes == {3: "Completed", 4: BEFORE}


@pytest.mark.parametrize("seconds", [15, 25, 39])
def test_breach_during_a_batch(rehearse: Rehearse, seconds: float) -> None:
    """Maintenance at any moment of the first batch: the batch gets its verdicts, no other begins, one call was sent (R14, N9)."""
    maintenance = (seconds, lambda admin: admin.touch(*STRANGERS, power="stopped"))
    rehearsal = rehearse(world(), clock=eventful(maintenance))

    view = rehearsal.run()

    assert_stopped(view, DURING, "26.7%", "4 of 15: 2, 5, 8, 11", "threshold of 20%")
    assert_touched(rehearsal, ["0", "3", "6"])
    assert swap_states(view) == {"healthy": 3}
    assert rehearsal.admin.mutating() == 1
    assert told(view)["progress"] == {
        "successfulInstanceCount": 3,
        "failedInstanceCount": 0,
        "inProgressInstanceCount": 0,
        "pendingInstanceCount": 12,
    }


def test_breach_in_the_pause_between_batches(rehearse: Rehearse) -> None:
    """Maintenance while a rollout pauses: the set is looked at again before the next batch, which does not begin (R14)."""
    maintenance = (100, lambda admin: admin.touch(*STRANGERS, health="unhealthy"))
    policy = rolling_policy(pauseTimeBetweenBatches="PT5M")
    rehearsal = rehearse(world(policy=policy), clock=eventful(maintenance))

    view = rehearsal.run()

    assert_stopped(view, DURING, "4 of 15: 2, 5, 8, 11")
    assert_touched(rehearsal, ["0", "3", "6"])
    assert rehearsal.admin.mutating() == 1


def test_maintenance_at_exactly_the_threshold_stops_nobody(rehearse: Rehearse) -> None:
    """Exactly 20 % unhealthy in mid-rollout is still allowed: everybody who is left is upgraded, the ill ones too (R14, R13)."""
    maintenance = (15, lambda admin: admin.touch(*STRANGERS[:3], health="unhealthy"))
    rehearsal = rehearse(world(), clock=eventful(maintenance))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "Completed"
    assert_touched(rehearsal, [str(i) for i in range(15)])


def test_breach_after_a_batch(rehearse: Rehearse) -> None:
    """One of the first three does not become healthy: after its rollback the rollout stops, naming it and what it suffered (R12, R11, N9, C20)."""
    rehearsal = rehearse(world(behaviours=[sick("3", health="unhealthy")]))

    view = rehearsal.run()

    assert_stopped(
        view, UPGRADED, "33.3%", "1 of 3: 3", "threshold of 20%", "health is unhealthy", "instance ID is: 3"
    )
    assert_touched(rehearsal, ["0", "3", "6"], restored=["3"])
    assert swap_states(view) == {"healthy": 2, "rolled back": 1}
    assert rehearsal.admin.mutating() == 2
    assert rehearsal.state()["imageVersions"] == {OLD: 13, NEW: 2}


def test_breach_by_instances_that_fall_ill_after_their_verdict(rehearse: Rehearse) -> None:
    """Two upgraded ones fall ill in a later batch: that batch ends, then the rollout stops and says that they fell ill later (R12, C20)."""
    relapse = (45, lambda admin: admin.touch("0", "3", health="unhealthy"))
    rehearsal = rehearse(world(), clock=eventful(relapse))

    view = rehearsal.run()

    assert_stopped(view, UPGRADED, "40%", "2 of 5: 0, 3", "fell ill later", "instance ID is: 0")
    assert_touched(rehearsal, ["0", "3", "6", "9", "12"])


def test_two_breaches_at_once_are_named_after_the_upgraded(rehearse: Rehearse) -> None:
    """Where both limits break in one batch, the reason is that of the upgraded instances (R12, R14, N9)."""
    maintenance = (15, lambda admin: admin.touch(*STRANGERS, power="stopped"))
    rehearsal = rehearse(world(behaviours=[sick("0")]), clock=eventful(maintenance))

    view = rehearsal.run()

    assert_stopped(view, UPGRADED, "1 of 3: 0")
    assert_touched(rehearsal, ["0", "3", "6"], restored=["0"])


def test_breach_in_the_last_batch_leaves_nobody_untold(rehearse: Rehearse) -> None:
    """The last batch breaks the limit: stopped with nobody pending, and every instance counted once (R12, N9)."""
    rehearsal = rehearse(world(5, 0, updateDomains=1, behaviours=[sick("4")], policy=_upgraded_percent(19)))

    view = rehearsal.run()

    assert_stopped(view, UPGRADED, "1 of 5: 4")
    assert_touched(rehearsal, ["0", "1", "2", "3", "4"], restored=["4"])
    assert told(view)["progress"]["pendingInstanceCount"] == 0
    assert told(view)["progress"]["successfulInstanceCount"] == 4


def test_rollout_after_a_breach_begins_anew(rehearse: Rehearse) -> None:
    """After a stop the next rollout is one of its own, takes whoever is still behind, and swaps nobody a second time (N12, R44)."""
    maintenance = (15, lambda admin: admin.touch(*STRANGERS, power="stopped"))
    rehearsal = rehearse(world(), clock=eventful(maintenance))
    stopped = rehearsal.run()
    rehearsal.admin.touch(*STRANGERS, power="running")
    rehearsal.clock.wait_until(rehearsal.clock.now() + timedelta(minutes=1))

    view = rehearsal.run(owner="second")

    assert view.rollout.rollout_id != stopped.rollout.rollout_id
    assert told(view)["reason"]["code"] == "Completed"
    assert told(view)["progress"]["successfulInstanceCount"] == 12
    assert_touched(rehearsal, [str(i) for i in range(15)])


def test_unrelated_breach_after_the_last_batch_stops_nothing(rehearse: Rehearse) -> None:
    """Once nobody is left to upgrade, ill health elsewhere is no reason to call the rollout stopped (R13)."""
    protected = {"2": {"protectionPolicy": {"protectFromScaleSetActions": True}}}
    rehearsal = rehearse(
        world(3, 0, updateDomains=1, instances=protected),
        clock=eventful((75, lambda admin: admin.touch("2", power="stopped"))),
    )

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "Completed"
    assert_touched(rehearsal, ["0", "1"])


def _upgraded_percent(percent: int) -> dict[str, Json]:
    return rolling_policy(maxUnhealthyUpgradedInstancePercent=percent)
