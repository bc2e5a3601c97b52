"""Surges: new instances first, the old ones deleted once theirs are healthy, and in place where that cannot be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rehearsals import Admin, Rehearsal, eventful, swap_states, told
from test_crash_everywhere import QUICK, Trial, died_differently
from worlds import FLEET_ID, IMAGE, NEW, NEWER, OLD, SUBSCRIPTION, Json, fault, rolling_policy, sick, world

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.records import RolloutView
from fleetwright.rollout.report import report

Rehearse = Callable[..., Rehearsal]

FLEET = parse_fleet_id(FLEET_ID)
SCALING = "*/virtualMachineScaleSets/web"


def surging(n: int = 6, zones: int = 0, *, quota: int | None = None, **options: Json) -> dict[str, Any]:
    """A set with maxSurge and no data disks.

    :param quota: of the region's vCPUs, of which each instance has two
    """
    policy = {"maxSurge": True, "maxBatchInstancePercent": 34, **options.pop("policy", {})}
    extras = {"updateDomains": 1, "dataDisksPerInstance": 0, **options}
    document = world(n, zones, policy=rolling_policy(**policy), **extras)
    if quota is not None:
        document["subscriptions"] = [{"id": SUBSCRIPTION, "quotas": {"westeurope": {"cores": quota}}}]
    return document


def instances_of(rehearsal: Rehearsal) -> dict[str, str]:
    """Every instance and the version that it runs, as the provider shows it."""
    ports = rehearsal.ports()
    fleet = ports.driver.fetch_fleet(FLEET)
    return {i.instance_id: i.version for i in ports.driver.list_instances(fleet)}


def capacity(rehearsal: Rehearsal) -> int:
    """How many instances the model asks for."""
    return rehearsal.ports().driver.fetch_fleet(FLEET).capacity


def reasons(view: RolloutView) -> list[str]:
    """What each batch says of how it was done."""
    return [batch["reason"].rpartition("; ")[2] for batch in report(view)["batches"]]


def test_new_instances_come_first(rehearse: Rehearse) -> None:
    """N15, R7: six instances are replaced by six new ones, capacity is what it was, and nothing was ever missing."""
    rehearsal = rehearse(surging())

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert instances_of(rehearsal) == dict.fromkeys(map(str, range(6, 12)), NEW)
    assert capacity(rehearsal) == 6
    assert rehearsal.admin.audit()["swaps"] == {}
    assert told(view)["progress"] == {
        "successfulInstanceCount": 6,
        "failedInstanceCount": 0,
        "inProgressInstanceCount": 0,
        "pendingInstanceCount": 0,
    }
    assert reasons(view) == ["surged: 2 new instances first"] * 3
    assert report(view)["byThemselves"] == []
    assert rehearsal.admin.violations() == []


def test_capacity_is_never_below_what_it_was(rehearse: Rehearse) -> None:
    """N15: at every moment of the rollout the set has at least its six instances, and two more at most."""
    seen: list[int] = []

    def count(admin: Admin) -> None:
        seen.append(admin.get("world")["scaleSets"][0]["resource"]["sku"]["capacity"])

    rehearsal = rehearse(surging(), clock=eventful(*((second, count) for second in range(1, 100, 3))))

    rehearsal.run()

    assert min(seen) >= 6
    assert max(seen) == 8


def test_zones_are_the_platforms_choice(rehearse: Rehearse, caplog: pytest.LogCaptureFixture) -> None:
    """N17, R48: in a zonal set the log says where each new instance came up."""
    caplog.set_level("INFO")
    rehearsal = rehearse(surging(6, 3))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert set(instances_of(rehearsal).values()) == {NEW}
    assert "new instance 6 came up in zone 1; it is to take the place of 0" in caplog.text
    assert rehearsal.admin.violations() == []


def test_one_that_does_not_get_healthy_is_deleted_and_the_old_one_stays(rehearse: Rehearse) -> None:
    """N15, R12, R43: the failed new instance is deleted, the old one stays untouched and counts as failed, rollback or not."""
    rehearsal = rehearse(surging(behaviours=[sick("7")], policy={"maxUnhealthyUpgradedInstancePercent": 50}))

    view = rehearsal.run(trigger="manual")

    assert told(view)["status"] == "Completed"
    assert told(view)["progress"]["failedInstanceCount"] == 1
    assert instances_of(rehearsal) == {"1": OLD, "6": NEW, "8": NEW, "9": NEW, "10": NEW, "11": NEW}
    assert capacity(rehearsal) == 6
    assert rehearsal.admin.audit()["rollbacks"] == {}
    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 0


def test_failed_surges_stop_the_rollout(rehearse: Rehearse) -> None:
    """N15, R12: the thresholds count failed surges as ever, and nothing is left over when they stop the rollout."""
    rehearsal = rehearse(surging(behaviours=[sick("6", "7")]))

    view = rehearsal.run()

    assert told(view)["reason"]["code"] == "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
    assert instances_of(rehearsal) == dict.fromkeys(map(str, range(6)), OLD)
    assert capacity(rehearsal) == 6


def test_a_full_quota_means_in_place(rehearse: Rehearse) -> None:
    """N16: with no vCPUs left the batches are swapped in place; plan and report say why."""
    rehearsal = rehearse(surging(quota=13))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    why = "in place, not surged: quota cores: 12 of 13 used, 2 instances of Standard_D2s_v3 need 4 more"
    assert reasons(view) == [why] * 3
    assert any(
        "maxSurge is set, and batches are swapped in place: quota cores" in n
        for n in view.rollout.plan["notes"]
    )
    assert rehearsal.admin.audit()["swaps"] == dict.fromkeys(map(str, range(6)), 1)
    assert rehearsal.admin.violations() == []


def test_the_quota_is_asked_before_each_batch_and_the_rest_is_in_place(rehearse: Rehearse) -> None:
    """N16: the first batch surges, then the quota is gone; the rest is in place, also when there would be room again."""
    document = surging(quota=21, policy={"pauseTimeBetweenBatches": "PT1M"})
    rival = world(2, 0, fleet_id=f"{FLEET_ID}-rival", updateDomains=1)["scaleSets"][0]
    document["scaleSets"].append(rival)
    rival_id = f"{FLEET_ID}-rival"
    rehearsal = rehearse(
        document,
        clock=eventful(
            (40, lambda admin: admin.post("scale", id=rival_id, capacity=4)),
            (110, lambda admin: admin.post("scale", id=rival_id, capacity=1)),
        ),
    )

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    said = reasons(view)
    assert said[0] == "surged: 2 new instances first"
    assert all(reason.startswith("in place, not surged: quota cores: 20 of 21 used") for reason in said[1:])
    assert capacity(rehearsal) == 6


def test_a_refused_surge_means_in_place(rehearse: Rehearse) -> None:
    """N16: Azure refuses the new instances although the quota showed room: the rest is in place."""
    refusal = fault({"status": 409}, "PATCH", SCALING)
    rehearsal = rehearse(surging(faults=[refusal]))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert all("in place, not surged: the surge of batch 1 was refused" in reason for reason in reasons(view))
    assert capacity(rehearsal) == 6


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"dataDisksPerInstance": 1}, "instances 0, 1 carry data disks, which would be lost with them"),
        (
            {"versions": (OLD, NEW, NEWER)},
            f"new instances would come up on {NEWER}, and this rollout goes to {NEW}",
        ),
        (
            {"instances": {"0": {"protectionPolicy": {"protectFromScaleIn": True}}}},
            "instances 0 are protected from scale-in, so they must not be deleted (N23)",
        ),
    ],
    ids=["data disks", "not the newest", "protected from scale-in"],
)
def test_what_cannot_surge_is_swapped_in_place(rehearse: Rehearse, options: dict[str, Any], why: str) -> None:
    """N15, N17, N23: data disks would be lost, `latest` would be another version, a protected one must stay: in place, said."""
    rehearsal = rehearse(surging(**options))

    view = rehearsal.run(version=NEW)

    assert told(view)["status"] == "Completed"
    assert reasons(view)[0] == f"in place, not surged: {why}"
    assert instances_of(rehearsal) == dict.fromkeys(map(str, range(6)), NEW)


def test_without_the_policy_in_force_nothing_surges(rehearse: Rehearse) -> None:
    """C7, N15: maxSurge counts only with useRollingUpgradePolicy."""
    document = surging()
    policy = document["scaleSets"][0]["resource"]["properties"]["upgradePolicy"]
    policy["automaticOSUpgradePolicy"]["useRollingUpgradePolicy"] = False
    rehearsal = rehearse(document)

    view = rehearsal.run()

    assert rehearsal.admin.audit()["swaps"] == dict.fromkeys(map(str, range(6)), 1)
    assert all("surge" not in reason for reason in reasons(view))


def test_a_newer_version_on_the_way_ends_the_surging(rehearse: Rehearse) -> None:
    """R2, N15: once a newer version is out, new instances would come up on it: the rest is in place."""
    publish = (25, lambda admin: admin.post("images", **IMAGE, version=NEWER))
    rehearsal = rehearse(surging(), clock=eventful(publish))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert reasons(view)[0] == "surged: 2 new instances first"
    assert NEWER in reasons(view)[-1]
    assert set(instances_of(rehearsal).values()) == {NEW}


def test_somebody_elses_instances_are_left_alone(rehearse: Rehearse) -> None:
    """N15: others scale the set out while a surge comes up; their instances stay, and capacity is theirs plus ours (O9)."""
    grow = (7, lambda admin: admin.post("scale", id=FLEET_ID, capacity=10))
    rehearsal = rehearse(surging(policy={"maxUnhealthyInstancePercent": 50}), clock=eventful(grow))

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    found = instances_of(rehearsal)
    assert (len(found), set(found.values())) == (8, {NEW})
    assert capacity(rehearsal) == 8
    assert len(report(view)["byThemselves"]) == 2


def test_one_that_fell_ill_before_it_took_over_does_not_cost_the_old_one(rehearse: Rehearse) -> None:
    """N15: no old instance is deleted without a healthy new one at that moment."""
    crash = (24, lambda admin: admin.touch("6", power="stopped"))
    policy = {"maxUnhealthyUpgradedInstancePercent": 100, "maxUnhealthyInstancePercent": 100}
    rehearsal = rehearse(surging(behaviours=[sick("7")], policy=policy), clock=eventful(crash))

    view = rehearsal.run()

    assert instances_of(rehearsal)["0"] == OLD
    assert swap_states(view)["unhealthy"] == 2
    assert {str(s.suffered.sign) for s in view.swaps.values() if s.state == "unhealthy"} == {
        "power",
        "health",
    }
    assert capacity(rehearsal) == 6


@pytest.mark.parametrize("trigger", ["manual", "automatic"])
@pytest.mark.parametrize(
    "effect", [{"reset": True}, {"applyThenReset": True}, {"status": 503}], ids=["reset", "applied", "503"]
)
@pytest.mark.parametrize(
    ("method", "path"), [("PATCH", SCALING), ("POST", "*/delete")], ids=["creation", "deletion"]
)
def test_a_lost_answer_leaves_no_surplus(
    rehearse: Rehearse, effect: dict[str, Any], method: str, path: str, trigger: str
) -> None:
    """N15: the answer to a creation or a deletion is lost: nobody is created or deleted twice."""
    rehearsal = rehearse(surging(faults=[fault(effect, method, path, times=1)]))

    view = rehearsal.run(trigger=trigger)

    assert told(view)["status"] == "Completed"
    assert (capacity(rehearsal), set(instances_of(rehearsal).values())) == (6, {NEW})
    assert len(instances_of(rehearsal)) == 6


def test_a_failed_operation_counts_as_failed(rehearse: Rehearse) -> None:
    """N15, R12: the operation that was to create them fails: the old ones stay, and the threshold stops the rollout."""
    broken = fault({"operation": "Failed", "code": "Oops", "message": "no room"}, "PATCH", SCALING)
    rehearsal = rehearse(surging(faults=[broken]))

    view = rehearsal.run()

    assert told(view)["status"] == "Faulted"
    assert "no new instance came up (Oops: no room" in told(view)["reason"]["message"]
    assert instances_of(rehearsal) == dict.fromkeys(map(str, range(6)), OLD)


SURGED = surging(
    3,
    timings=QUICK,
    health_seconds=20,
    behaviours=[sick("4")],
    policy={"maxUnhealthyUpgradedInstancePercent": 50},
)


@pytest.mark.slow
def test_death_anywhere_leaves_no_surplus(rehearse: Rehearse, tmp_path: Path) -> None:
    """N15: killed at any call or write, the set ends with its capacity, the same versions and nobody too many."""
    trial = Trial(rehearse(SURGED), SURGED, tmp_path)

    assert {"begin_scaling", "begin_deletion"} <= set(trial.calls)
    assert died_differently(trial) == []
