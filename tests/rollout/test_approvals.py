"""Rollouts of sets whose upgrade Azure defers: we choose the batch and judge it, Azure swaps (O1, N24)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from crashes import Answer, Killed, bent
from rehearsals import Admin, Happening, Rehearsal, asked, eventful, swap_states, told
from worlds import FLEET_ID, IMAGE, NEW, NEWER, OLD, deferral_world, fault, sick

from fleetwright.domain.errors import HeldError
from fleetwright.domain.strategy import Strategy
from fleetwright.ledger.store import open_existing
from fleetwright.rollout.validate import examine

Rehearse = Callable[..., Rehearsal]

APPROVE = "*/approveRollingUpgrade"
FLAG_OFF = {
    "properties": {"upgradePolicy": {"automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False}}}
}


def calls(rehearsal: Rehearsal) -> dict[str, int]:
    """How many approvals and reimages were sent."""
    routes = rehearsal.admin.get("requests")["byRoute"]
    return {name: routes.get(f"POST …{name}", 0) for name in ("approveRollingUpgrade", "reimage")}


def judged(rehearsal: Rehearsal) -> list[Any]:
    """The events in which instances got their verdicts, oldest first."""
    events = open_existing(rehearsal.ledger_url).list_events(FLEET_ID.lower())
    return [event for event in events if event.kind == "instances judged"]


def azures_upgrade(rehearsal: Rehearsal) -> str:
    """What Azure's own upgrade came to."""
    return str(rehearsal.admin.get("world")["scaleSets"][0]["x-emulator"]["rollingUpgrade"]["code"])


def publish(version: str, after: float) -> Happening:
    """A version appears so many seconds after the start."""
    return (after, lambda admin: admin.post("images", **IMAGE, version=version))


def test_batches_are_approved_and_judged(rehearse: Rehearse) -> None:
    """Azure's waiting upgrade is approved batch by batch, within every limit, and no disk is reimaged by us (O1, O4, N24)."""
    rehearsal = rehearse(deferral_world())

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert rehearsal.state()["imageVersions"] == {NEW: 15}
    assert calls(rehearsal) == {"approveRollingUpgrade": 6, "reimage": 0}
    assert (azures_upgrade(rehearsal), rehearsal.admin.violations()) == ("Completed", [])
    assert view.rollout.plan["strategy"] == "approve"
    assert any("approves its batches (O1)" in note for note in view.rollout.plan["notes"])


def test_never_healthy_is_rolled_back_by_us(rehearse: Rehearse) -> None:
    """Azure judges nothing in this mode: we give the previous version back by reimage (R11, O7)."""
    rehearsal = rehearse(deferral_world(behaviours=[sick("7")]))

    view = rehearsal.run()

    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1
    assert rehearsal.state()["rollbacks"] == {"7": 1}
    assert rehearsal.state()["imageVersions"] == {NEW: 14, OLD: 1}
    assert rehearsal.admin.violations() == []


def test_breach_stops_the_approvals(rehearse: Rehearse) -> None:
    """When too many of the upgraded are unhealthy nothing more is approved, and Azure goes on waiting (R12)."""
    rehearsal = rehearse(deferral_world(behaviours=[sick("0", "3", "6")]))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert set(rehearsal.state()["swaps"]) == {"0", "3", "6"}
    assert azures_upgrade(rehearsal) == "RollingForward"


def test_where_azure_has_begun_nothing_disks_are_reimaged(rehearse: Rehearse) -> None:
    """With the deferral and no upgrade of Azure's that waits, the batch is reimaged, and the plan says so (O1)."""
    rehearsal = rehearse(deferral_world(platform=False))

    view = rehearsal.run()

    assert (told(view)["status"], calls(rehearsal)["approveRollingUpgrade"]) == ("Completed", 0)
    assert view.rollout.plan["strategy"] == "reimage"
    assert any("has begun no upgrade that could be approved" in note for note in view.rollout.plan["notes"])


def test_another_version_than_the_one_that_waits_is_held(rehearse: Rehearse) -> None:
    """Approving brings Azure's version, so asking for another one is held with that reason (O1, O4)."""
    rehearsal = rehearse(deferral_world(versions=[OLD, NEW, NEWER]))

    with pytest.raises(HeldError, match=f"waits to bring {NEWER}, and approving it would not bring {NEW}"):
        rehearsal.run(version=NEW)

    assert rehearsal.admin.mutating() == 0


def test_a_newer_version_in_mid_rollout_changes_nothing(rehearse: Rehearse) -> None:
    """Azure's upgrade and ours stay with their version, whatever is published meanwhile (R2)."""
    rehearsal = rehearse(deferral_world(), clock=eventful(publish(NEWER, 60)))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert set(rehearsal.admin.audit()["swaps"].values()) == {1}
    assert {swap.new_version for swap in view.swaps.values()} == {NEW}


def test_the_upgrade_of_somebody_else_still_holds(rehearse: Rehearse) -> None:
    """A person's osRollingUpgrade waits for no approval, whatever the set's policy says (O4)."""
    running = {
        "code": "RollingForward",
        "platformVersion": NEW,
        "startedBy": "User",
        "startTime": "2024-05-31T00:00:00Z",
    }
    rehearsal = rehearse(deferral_world(platform=False, rollingUpgrade=running))

    with pytest.raises(HeldError, match="somebody else"):
        rehearsal.run()


def test_opted_out_in_mid_rollout(rehearse: Rehearse) -> None:
    """The flag taken away: no further approval, Cancelled, and the report says who is on which version (O3, R4)."""
    rehearsal = rehearse(deferral_world(), clock=eventful((45, lambda admin: admin.patch(FLAG_OFF))))

    view = rehearsal.run()

    assert (told(view)["status"], told(view)["reason"]["code"]) == ("Cancelled", "OptedOut")
    assert rehearsal.state()["imageVersions"] == {NEW: 5, OLD: 10}
    assert view.rollout.outcome["versions"][0].startswith(f"10 on {OLD}: ")


def test_azures_upgrade_cancelled_in_mid_rollout(rehearse: Rehearse) -> None:
    """Azure's upgrade that is cancelled in mid-rollout ends ours too: there is nothing left to approve (O4)."""

    def cancel(admin: Admin) -> None:
        admin.act("rollingUpgrades/cancel")

    rehearsal = rehearse(deferral_world(), clock=eventful((45, cancel)))

    view = rehearsal.run()

    assert told(view)["status"] == "Cancelled"
    assert "does not wait for approvals any more" in told(view)["reason"]["message"]
    assert rehearsal.state()["imageVersions"] == {NEW: 5, OLD: 10}


@pytest.mark.parametrize(
    ("effect", "healthy"),
    [
        ({"applyThenReset": True}, 15),
        ({"reset": True}, 15),
        ({"status": 503}, 15),
        ({"status": 429, "retryAfter": 3}, 15),
    ],
)
def test_lost_answers_of_approvals(rehearse: Rehearse, effect: dict[str, Any], healthy: int) -> None:
    """An approval whose answer is lost is never sent again blindly: each instance is swapped once (N24)."""
    rehearsal = rehearse(deferral_world(faults=[fault(effect, path=APPROVE, after=1, times=1)]))

    view = rehearsal.run()

    assert swap_states(view)["healthy"] == healthy
    assert set(rehearsal.state()["swaps"].values()) == {1}
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize(
    "effect", [{"operation": "Failed", "code": "Oops", "message": "no room"}, {"partial": ["4"]}]
)
def test_an_approval_that_fails_is_told(rehearse: Rehearse, effect: dict[str, Any]) -> None:
    """An instance that is still on the old version after its approval has failed, with that reason (O5)."""
    faults = [fault(effect, path=APPROVE, after=2, times=1)]
    rehearsal = rehearse(deferral_world(faults=faults))

    view = rehearsal.run(trigger="manual")

    assert "the swap failed, it still runs" in view.swaps["4"].verdict_reason


@pytest.mark.parametrize(("trigger", "state"), [("manual", "unhealthy"), ("automatic", "rolled back")])
def test_another_version_than_the_target_is_a_failure(rehearse: Rehearse, trigger: str, state: str) -> None:
    """The version is read back: an instance that came to run another one has failed, with that reason (O5)."""
    rehearsal = rehearse(deferral_world(1, 0, platform=False, versions=[OLD, NEW, NEWER]))
    ports = rehearsal.ports()

    def swap_to_another(fleet: Answer, ids: Answer, _version: str, guard: Answer) -> str:
        return ports.driver.begin_swap(replace(fleet, strategy=Strategy.REIMAGE), ids, NEWER, guard)

    view = rehearsal.run(bent(ports, begin_swap=swap_to_another), version=NEW, trigger=trigger)

    reasons = [e.payload["verdicts"][0]["reason"] for e in judged(rehearsal)]
    assert (view.swaps["0"].state, told(view)["progress"]["failedInstanceCount"]) == (state, 1)
    assert reasons[0] == f"the swap brought {NEWER}, not {NEW}"


def test_reimage_that_keeps_the_old_version_is_a_failure(rehearse: Rehearse) -> None:
    """An endpoint that ignores exactVersion leaves the old version on a new disk: failed, with that reason (O5)."""
    rehearsal = rehearse(deferral_world(1, 0, platform=False))
    ports = rehearsal.ports()

    def swap_to_the_old(fleet: Answer, ids: Answer, _version: str, guard: Answer) -> str:
        return ports.driver.begin_swap(fleet, ids, OLD, guard)

    view = rehearsal.run(bent(ports, begin_swap=swap_to_the_old), trigger="manual")

    assert view.swaps["0"].verdict_reason == f"the swap failed, it still runs {OLD}"


def test_a_version_that_azure_gave_back_is_adopted(rehearse: Rehearse) -> None:
    """Where the previous version is back on another disk already, that counts as rolled back, and no call is sent (R11, O7)."""
    rehearsal = rehearse(deferral_world(1, 0, behaviours=[sick("0")]))
    ports = rehearsal.ports()

    def look_after_azure_rolled_back(fleet: Answer, instance_id: str) -> Answer:
        instance = ports.driver.fetch_instance(fleet, instance_id)
        if instance is not None and instance.version == NEW and instance.is_settled:
            rehearsal.admin.act("reimage", instanceIds=[instance_id], exactVersion=OLD)
            rehearsal.admin.post("clock", advance=60)
        return ports.driver.fetch_instance(fleet, instance_id)

    view = rehearsal.run(bent(ports, fetch_instance=look_after_azure_rolled_back))

    assert view.swaps["0"].state == "rolled back"
    assert calls(rehearsal)["reimage"] == 1  # Azure's, and none of ours


def test_resumed_rollouts_keep_their_strategy(rehearse: Rehearse) -> None:
    """A rollout that dies with the answer to its second approval is resumed as one that approves (O1)."""
    rehearsal = rehearse(deferral_world())
    ports, sent = rehearsal.ports(), []

    def swap_and_die(*arguments: Answer) -> str:
        sent.append(ports.driver.begin_swap(*arguments))
        if len(sent) == 2:
            raise Killed
        return sent[-1]

    with pytest.raises(Killed):
        rehearsal.run(bent(ports, begin_swap=swap_and_die))
    rehearsal.wall.advance(31)

    view = rehearsal.run(owner="second")

    assert (told(view)["status"], calls(rehearsal)["reimage"]) == ("Completed", 0)
    assert set(rehearsal.state()["swaps"].values()) == {1}


def test_a_look_before_the_start_names_the_strategy(rehearse: Rehearse) -> None:
    """``examine`` reads only, and finds the strategy that a rollout would have."""
    rehearsal = rehearse(deferral_world())

    validated = examine(rehearsal.ports(), asked())

    assert (validated.settings.strategy, validated.fleet.strategy) == ("approve", "approve")
    assert rehearsal.admin.mutating() == 0
