"""Rollouts of small fleets, in special orders, and of fleets in trouble: breaches, outages, scaling, lost calls."""

from __future__ import annotations

from typing import Any

from scenarios import PROTECTED, Scenario
from special_worlds import phased_world, service_fabric_world
from worlds import (
    HEALTH_EXTENSION,
    deferral_world,
    extension,
    fault,
    rolling_policy,
    sick,
    world,
)

MAINTENANCE = ("2", "5", "8", "11")
BY_HAND = ("--trigger", "manual")
NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def _with_credential(until: str) -> list[dict[str, Any]]:
    """Extensions of which one fetches its payload with a signature that nobody can read back."""
    fetch = extension("FetchPayload")
    url = f"https://payloads.blob.core.windows.net/app?sv=2022-11-02&se={until}&sig=c2lnbmF0dXJl"
    fetch["properties"]["protectedSettings"] = {"fileUris": [url]}
    return [HEALTH_EXTENSION, fetch]


def _small(n: int) -> Scenario:
    plural = "instance" if n == 1 else "instances"
    return Scenario(f"a small fleet of {NUMBERS[n]} {plural}: one at a time", world(n, 0, updateDomains=1))


SMALL_FLEETS = {f"small_fleet_of_{NUMBERS[n]}": _small(n) for n in NUMBERS}

BREACHES = {
    "breach_in_the_pause": Scenario(
        "4 of 15 fall ill while the rollout pauses between batches: the next batch does not begin (R14)",
        world(policy=rolling_policy(pauseTimeBetweenBatches="PT5M")),
        ((100, lambda admin: admin.touch(*MAINTENANCE, health="unhealthy")),),
        outside=("100 s: instances 2, 5, 8 and 11 report unhealthy",),
    ),
    "breach_after_the_verdict": Scenario(
        "two upgraded instances fall ill one batch later: more than 20 % of the upgraded, so stopped (R12)",
        world(),
        ((45, lambda admin: admin.touch("0", "3", health="unhealthy")),),
        outside=("45 s: instances 0 and 3, upgraded in batch 1, report unhealthy",),
    ),
    "breach_of_both_limits": Scenario(
        "an upgraded instance fails while 4 others go down: the upgraded one names the reason (R12, R14)",
        world(behaviours=[sick("0")]),
        ((15, lambda admin: admin.touch(*MAINTENANCE, power="stopped")),),
        outside=("15 s: instances 2, 5, 8 and 11 lose their power",),
    ),
    "breach_of_the_last_batch": Scenario(
        "the last of five never becomes healthy, and none may fail: stopped with nobody pending (R12)",
        world(
            5,
            0,
            updateDomains=1,
            behaviours=[sick("4")],
            policy=rolling_policy(maxUnhealthyUpgradedInstancePercent=0),
        ),
    ),
    "exactly_at_the_limits": Scenario(
        "3 of 15 unhealthy from the start and 1 of 5 fails: exactly 20 % both times, which is allowed (R8, R12)",
        world(unhealthyInstances=["2", "5", "8"], behaviours=[sick("12", health="unhealthy")]),
    ),
}

OUTAGES = {
    "expired_credential": Scenario(
        "the signature with which an extension fetches its payload has expired: the first batch is left failed, "
        "nothing else is touched (R36, C11)",
        world(extensions=_with_credential("2024-05-31T00:00:00Z")),
    ),
    "expired_credential_by_hand": Scenario(
        "the same, started by hand: the first batch stays on its new disks, failed (R36, R43)",
        world(extensions=_with_credential("2024-05-31T00:00:00Z")),
        arguments=BY_HAND,
    ),
    "credential_expires_on_the_way": Scenario(
        "the signature expires during the third batch: that batch fails, its rollback too, nothing follows (R36, C11)",
        world(extensions=_with_credential("2024-06-01T00:01:40Z")),
    ),
    "zone_down": Scenario(
        "zone 2 goes down while zone 1 is upgraded: the batch is finished, no other begins (R14)",
        world(),
        ((15, lambda admin: admin.post("faults", match={}, effect={"zoneDown": "2"})),),
        outside=("15 s: every instance in zone 2 loses its power",),
    ),
    "zone_down_for_a_moment": Scenario(
        "zone 2 goes down and is back before the batch is over: nothing stops (R14)",
        world(timings={"swap": 60}),
        ((15, lambda admin: admin.post("faults", match={}, effect={"zoneDown": "2"}, seconds=20)),),
        outside=("15 s: every instance in zone 2 loses its power", "35 s: the zone is back"),
    ),
}

SCALING = {
    "scaled_in_on_the_way": Scenario(
        "20 instances become 10: those left are upgraded in batches of the smaller set (R7, R9)",
        world(20, 0, updateDomains=1),
        ((45, lambda admin: admin.post("scale", id=admin.fleet_id, capacity=10)),),
        outside=("45 s: somebody scales the set in, from 20 instances to 10",),
    ),
    "scaled_out_on_the_way": Scenario(
        "10 instances become 20: the new ones are on the newest version already and are left alone (O9)",
        world(10, 0, updateDomains=1),
        ((45, lambda admin: admin.post("scale", id=admin.fleet_id, capacity=20)),),
        outside=("45 s: somebody scales the set out, from 10 instances to 20",),
    ),
    "deleted_in_its_swap": Scenario(
        "instance 9 is deleted while it is swapped: it counts as failed, by name",
        world(10, 0, updateDomains=1),
        ((170, lambda admin: admin.post("scale", id=admin.fleet_id, capacity=9)),),
        outside=("170 s: somebody scales the set in, from 10 instances to 9",),
    ),
}

CALLS = {
    "lost_answer": Scenario(
        "the answer to the third swap is lost after Azure began it: found at work, and not sent again",
        world(faults=[fault({"applyThenReset": True}, after=2, times=1)]),
    ),
    "swap_never_arrived": Scenario(
        "the third swap breaks off before Azure heard of it: read, found untouched, sent again",
        world(faults=[fault({"reset": True}, after=2, times=1)]),
    ),
    "throttled": Scenario(
        "every call is throttled for two minutes in the middle of a batch, each to be sent again after 40 s",
        world(),
        (
            (
                45,
                lambda admin: admin.post(
                    "faults", match={}, effect={"status": 429, "retryAfter": 40}, seconds=120
                ),
            ),
        ),
        outside=("45 s: Azure answers every call with 429, Retry-After 40", "165 s: Azure answers again"),
    ),
    "protected_in_the_last_moment": Scenario(
        "instance 3 is protected while its batch waits out a 429: it is not swapped (N23)",
        world(
            instances={"9": PROTECTED}, faults=[fault({"status": 429, "retryAfter": 30}, after=1, times=1)]
        ),
        ((50, lambda admin: admin.protect("12")),),
        outside=("50 s: the owner protects instance 12 from scale set actions",),
    ),
}

ORDERS = {
    "service_fabric": Scenario(
        "nodes of Service Fabric, durability Silver, half of them may be out: update domain by update domain (R25)",
        service_fabric_world(10, policy=rolling_policy(maxBatchInstancePercent=50)),
    ),
    "custom_metrics": Scenario(
        "instances 5, 6 and 7 ask for phase 1, 0 and 1 for phase 2, 9 asks to be skipped (N18, N19)",
        phased_world(10, {"5": 1, "6": 1, "7": 1, "0": 2, "1": 2}, skipped=("9",)),
    ),
    "custom_metrics_breach": Scenario(
        "the one instance of phase 1 never becomes healthy: nobody of a later phase is touched (N18, R12)",
        phased_world(5, {"4": 1, "0": 2}, behaviours=[sick("4")]),
    ),
    "deferral": Scenario(
        "Azure's own upgrade waits for approval: each batch is approved, not reimaged, and judged by us (O1, N24)",
        deferral_world(),
    ),
    "deferral_never_healthy": Scenario(
        "the same, and instance 7 never becomes healthy: its previous version comes back by a reimage (O1, R11)",
        deferral_world(behaviours=[sick("7")]),
    ),
}

TROUBLES = {**ORDERS, **SMALL_FLEETS, **BREACHES, **OUTAGES, **SCALING, **CALLS}
