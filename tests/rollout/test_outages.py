"""A zone that goes down, and credentials that expire: what is touched, and what the next rollout does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rehearsals import Admin, Rehearsal, eventful, swap_states, told
from worlds import HEALTH_EXTENSION, IMAGE, NEW, OLD, extension, fault, flexible, rolling_policy, world

Rehearse = Callable[..., Rehearsal]

DURING = "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
BEFORE = "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
ZONE_2 = ("1", "4", "7", "10", "13")
EXTENSIONS = [HEALTH_EXTENSION, extension("FetchSecrets")]
EXPIRED: list[dict[str, Any]] = [
    {"version": version, "extension": "FetchSecrets", "extensionResult": "failed"} for version in (OLD, NEW)
]
FAILED = {"Health": "succeeded", "FetchSecrets": "failed"}
FIRST_BATCH = ("0", "3", "6")


def zone_down(admin: Admin) -> object:
    """Every instance of zone 2 loses its power."""
    return admin.touch(*ZONE_2, power="stopped")


def test_zone_that_is_down_before_the_start_holds_everything(rehearse: Rehearse) -> None:
    """A third of the set is down before the first batch: nothing begins, and the message names who is down (R8, N9)."""
    rehearsal = rehearse(world())
    zone_down(rehearsal.admin)

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == BEFORE
    assert "5 of 15: 1, 4, 7, 10, 13" in told(view)["reason"]["message"]
    assert rehearsal.admin.mutating() == 0


@pytest.mark.parametrize("seconds", [15, 60])
def test_zone_that_goes_down_stops_after_the_batch(rehearse: Rehearse, seconds: float) -> None:
    """Another zone goes down while zone 1 is upgraded: the batch gets its verdicts, no other begins (R14, N9)."""
    rehearsal = rehearse(world(), clock=eventful((seconds, zone_down)))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == DURING
    assert "5 of 15: 1, 4, 7, 10, 13" in told(view)["reason"]["message"]
    assert swap_states(view) == {"healthy": 3 if seconds < 40 else 5}
    assert rehearsal.admin.mutating() == len(view.batches)
    assert rehearsal.admin.violations() == []


def test_zone_that_goes_down_in_its_own_batch(rehearse: Rehearse) -> None:
    """The zone whose batch has just booted goes down: its instances are judged, the rollout stops, the other zones serve on (R12, R14, N9)."""
    rehearsal = rehearse(world(), clock=eventful((112, zone_down)))

    view = rehearsal.run(trigger="manual")

    assert told(view)["reason"]["code"] == UPGRADED
    assert "3 of 8: 1, 4, 7" in told(view)["reason"]["message"]
    assert set(rehearsal.state()["swaps"]) == {"0", "3", "6", "9", "12", "1", "4", "7"}
    assert told(view)["progress"]["pendingInstanceCount"] == 7
    assert told(view)["progress"]["inProgressInstanceCount"] == 0
    assert rehearsal.admin.violations() == []


def test_zone_that_comes_back_in_time_costs_nothing(rehearse: Rehearse) -> None:
    """A zone that is down for a moment inside one batch and back before the next is no reason to stop (R14, R13)."""
    back = (30, lambda admin: admin.touch(*ZONE_2, power="running"))
    rehearsal = rehearse(world(timings={"swap": 60}), clock=eventful((15, zone_down), back))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "Completed"
    assert rehearsal.state()["imageVersions"] == {NEW: 15}
    assert rehearsal.admin.violations() == []


def expired(rehearse: Rehearse) -> Rehearsal:
    """A world in which one extension fails on whatever boots, as with an expired token in its settings."""
    return rehearse(world(extensions=EXTENSIONS, behaviours=EXPIRED))


def test_expired_credential_fails_the_first_batch_alone(rehearse: Rehearse) -> None:
    """An extension fails on either version: the first batch is left failed, nothing else is touched, the reason names the extension (R36, R18, C11, N9)."""
    rehearsal = expired(rehearse)

    view = rehearsal.run()

    assert told(view)["status"] == "Faulted"
    assert "FetchSecrets" in told(view)["reason"]["message"]
    assert set(rehearsal.state()["swaps"]) == set(FIRST_BATCH)
    assert swap_states(view) == {"rollback failed": 3}
    assert told(view)["rollbackInfo"]["failedRolledbackInstanceCount"] == 3
    assert told(view)["progress"] == {
        "successfulInstanceCount": 0,
        "failedInstanceCount": 3,
        "inProgressInstanceCount": 0,
        "pendingInstanceCount": 12,
    }
    assert rehearsal.admin.mutating() == 2
    assert rehearsal.admin.violations() == []


def test_expired_credential_of_a_manual_rollout_is_left_as_it_is(rehearse: Rehearse) -> None:
    """By hand nothing is put back: the first batch stands failed on the new version, one call was sent (R36, R43)."""
    rehearsal = expired(rehearse)

    view = rehearsal.run(trigger="manual")

    assert told(view)["status"] == "Faulted"
    assert "FetchSecrets" in told(view)["reason"]["message"]
    assert rehearsal.state()["imageVersions"] == {OLD: 12, NEW: 3}
    assert rehearsal.admin.mutating() == 1


def renew(rehearsal: Rehearsal, *, in_the_model: bool) -> None:
    """The credential is renewed, and works on whatever boots from then on; in the model its settings are others."""
    works = {"extension": "FetchSecrets", "extensionResult": "succeeded"}
    for version in (OLD, NEW):
        rehearsal.admin.post("images", **IMAGE, version=version, behaviours=[works])
    if in_the_model:
        renewed = extension("FetchSecrets")
        renewed["properties"]["settings"] = {"token": "renewed"}
        profile = {"extensionProfile": {"extensions": [HEALTH_EXTENSION, renewed]}}
        rehearsal.admin.patch({"properties": {"virtualMachineProfile": profile}})


@pytest.mark.parametrize("in_the_model", [False, True])
def test_next_rollout_after_the_fix_begins_with_the_failed_ones(
    rehearse: Rehearse, in_the_model: bool
) -> None:
    """Once the credential is renewed the next rollout takes the failed instances first, and completes (R37, N12)."""
    rehearsal = expired(rehearse)
    rehearsal.run()
    renew(rehearsal, in_the_model=in_the_model)

    view = rehearsal.run(owner="second")

    assert view.batches[0].instance_ids == FIRST_BATCH
    assert told(view)["reason"]["code"] == "Completed"
    assert rehearsal.state()["imageVersions"] == {NEW: 15}
    assert rehearsal.admin.violations() == []


def test_instances_left_failed_on_the_target_are_recovered_first(rehearse: Rehearse) -> None:
    """A rollout by hand left its first batch failed on the new version: once the model is renewed the next one brings them to it before anything is swapped, and replaces no disk of theirs (R37, R31, R43)."""
    rehearsal = expired(rehearse)
    rehearsal.run(trigger="manual")
    before = len(rehearsal.admin.get("requests")["log"])
    renew(rehearsal, in_the_model=True)

    view = rehearsal.run(owner="second", trigger="manual")

    calls = [e for e in rehearsal.admin.get("requests")["log"][before:] if e["method"] == "POST"]
    assert calls[0]["path"].endswith("/manualupgrade")
    assert json.loads(calls[0]["body"]) == {"instanceIds": list(FIRST_BATCH)}
    assert told(view)["reason"]["code"] == "Completed"
    assert told(view)["progress"]["successfulInstanceCount"] == 12
    assert set(view.swaps).isdisjoint(FIRST_BATCH)
    assert rehearsal.admin.audit()["maxOutOfService"] == 3
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_failed_instance_of_a_small_set_is_recovered_before_the_limit_is_judged(
    rehearse: Rehearse, trigger: str
) -> None:
    """One failed instance is more than a fifth of a set of three; under the renewed model it recovers, so the next rollout may begin (R37, R8)."""
    rehearsal = rehearse(world(3, 0, extensions=EXTENSIONS, behaviours=EXPIRED))
    rehearsal.run(trigger=trigger)
    renew(rehearsal, in_the_model=True)

    view = rehearsal.run(owner="second", trigger=trigger)

    assert told(view)["reason"]["code"] == "Completed"
    assert rehearsal.state()["imageVersions"] == {NEW: 3}
    assert rehearsal.admin.violations() == []


def test_failed_instance_that_cannot_be_recovered_counts_as_before(rehearse: Rehearse) -> None:
    """Where Azure cannot bring the failed instance to the renewed model either, it counts against the limit and nothing is swapped (R8, R38)."""
    broken = fault({"operation": "Failed", "code": "VMExtensionProvisioningError"}, path="*/manualupgrade")
    rehearsal = rehearse(world(3, 0, extensions=EXTENSIONS, behaviours=EXPIRED, faults=[broken]))
    rehearsal.run(trigger="manual")
    renew(rehearsal, in_the_model=True)

    view = rehearsal.run(owner="second", trigger="manual")

    assert told(view)["reason"]["code"] == BEFORE
    assert "1 of 3: 0" in told(view)["reason"]["message"]
    assert view.swaps == {}


def test_next_rollout_takes_the_failed_ones_of_a_later_zone_first(rehearse: Rehearse) -> None:
    """Failed instances of zone 3 come before healthy ones of zone 1 where the policy prefers unhealthy ones (R37, N13)."""
    policy = rolling_policy(prioritizeUnhealthyInstances=True)
    broken = ["2", "5"]
    results = [{"name": name, "result": word, "at": "2024-05-31T00:00:00Z"} for name, word in FAILED.items()]
    instances = {i: {"extensions": results, "provisioningState": "Failed"} for i in broken}
    rehearsal = rehearse(world(policy=policy, extensions=EXTENSIONS, instances=instances))

    view = rehearsal.run()

    assert list(view.batches[0].instance_ids[:2]) == broken
    assert told(view)["reason"]["code"] == "Completed"
    assert rehearsal.admin.violations() == []


def fetching(until: str) -> list[dict[str, Any]]:
    """Extensions of which one fetches with a signature that is good until then, and that nobody can read back."""
    fetch = extension("FetchPayload")
    url = f"https://payloads.blob.core.windows.net/app?sv=2022-11-02&se={until}&sig=c2lnbmF0dXJl"
    fetch["properties"]["protectedSettings"] = {"fileUris": [url]}
    return [HEALTH_EXTENSION, fetch]


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_signature_that_has_expired_from_failure_to_recovery(rehearse: Rehearse, trigger: str) -> None:
    """A hidden signature has expired: the first batch is left failed, naming the extension; once the model has a new one the next rollout recovers it first, and the version is not quarantined (R36, R37, R18, C11, R43)."""
    rehearsal = rehearse(world(extensions=fetching("2024-05-31T00:00:00Z")))

    stopped = rehearsal.run(trigger=trigger)
    profile = {"extensionProfile": {"extensions": fetching("2025-05-31T00:00:00Z")}}
    rehearsal.admin.patch({"properties": {"virtualMachineProfile": profile}})
    view = rehearsal.run(owner="second", trigger=trigger)

    assert told(stopped)["status"] == "Faulted"
    assert "FetchPayload" in told(stopped)["reason"]["message"]
    assert set(stopped.swaps) == set(FIRST_BATCH)
    assert told(stopped)["progress"]["pendingInstanceCount"] == 12
    assert told(view)["reason"]["code"] == "Completed"
    assert told(view)["progress"]["failedInstanceCount"] == 0
    assert rehearsal.state()["imageVersions"] == {NEW: 15}
    assert rehearsal.admin.audit()["maxOutOfService"] == 3
    assert rehearsal.admin.violations() == []


def test_signature_that_expires_on_the_way_stops_there(rehearse: Rehearse) -> None:
    """The signature expires while batch 3 is under way: that batch is left failed, those before it stay upgraded, nothing follows (R36, R18, C11)."""
    rehearsal = rehearse(world(extensions=fetching("2024-06-01T00:01:40Z")))

    view = rehearsal.run()

    assert told(view)["status"] == "Faulted"
    assert "FetchPayload" in told(view)["reason"]["message"]
    assert told(view)["progress"]["successfulInstanceCount"] == 5
    assert set(rehearsal.state()["swaps"]) == {"0", "3", "6", "9", "12", "1", "4", "7"}
    assert rehearsal.admin.violations() == []


def test_zone_that_is_gone_by_fault_stops_and_its_return_lets_the_next_rollout_go(
    rehearse: Rehearse,
) -> None:
    """Zone 2 goes down for ten minutes in its own batch: the rollout ends, says who is affected, and the next one finishes the set (R14, R12, N12)."""
    outage = (100, lambda admin: admin.post("faults", effect={"zoneDown": "2"}, seconds=600))
    rehearsal = rehearse(world(), clock=eventful(outage))

    stopped = rehearsal.run()
    rehearsal.clock.wait_until(rehearsal.clock.now() + timedelta(minutes=15))
    view = rehearsal.run(owner="second", trigger="manual")

    assert told(stopped)["status"] == "Faulted"
    assert told(view)["reason"]["code"] == "Completed"
    assert rehearsal.state()["imageVersions"] == {NEW: 15}
    assert rehearsal.admin.audit()["dataDisksLost"] == 0
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
@pytest.mark.parametrize("shape", [dict, flexible], ids=["Uniform", "Flexible"])
@pytest.mark.parametrize("after", [95, 105, 116])
def test_zone_that_goes_down_in_its_own_batch_blames_no_version(
    rehearse: Rehearse, after: float, shape: Callable[[dict[str, Any]], dict[str, Any]], trigger: str
) -> None:
    """Whenever zone 2 goes down in its own batch, the rollout stops and the version is not put away: without power nothing is proved (R12, R14, C11)."""
    outage = (after, lambda admin: admin.post("faults", effect={"zoneDown": "2"}))
    rehearsal = rehearse(shape(world()), clock=eventful(outage))

    view = rehearsal.run(trigger=trigger)

    assert told(view)["status"] == "Faulted"
    assert rehearsal.ports().ledger.list_quarantined() == ()
