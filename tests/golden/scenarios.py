"""The rollouts whose whole course is kept as text: a world, what happens in it, and how it is run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rehearsals import Happening
from worlds import FLEET_ID, HEALTH_EXTENSION, NEW, OLD, extension, fault, rolling_policy, sick, world

PROTECTED: dict[str, Any] = {"protectionPolicy": {"protectFromScaleSetActions": True}}
OLDER_MODEL = [{"virtualMachineProfile": {"extensionProfile": {"extensions": [HEALTH_EXTENSION]}}}]
BROKEN_APP = [
    {"version": version, "instances": ["7"], "extension": "App", "extensionResult": "failed"}
    for version in (OLD, NEW)
]
FULL_BUDGET: dict[str, Any] = {
    "unhealthyInstances": ["0", "3", "6"],
    "instances": {i: {**PROTECTED, "health": "unhealthy"} for i in ("0", "3", "6")},
}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One rollout.

    :param happenings: what happens from outside, and when
    :param outside: the same in words, each with its time
    :param arguments: of ``fleetwright run`` besides where the fleet is
    """

    title: str
    world: dict[str, Any]
    happenings: tuple[Happening, ...] = ()
    arguments: tuple[str, ...] = ("--trigger", "automatic")
    outside: tuple[str, ...] = ()
    fleet_id: str = FLEET_ID


SCENARIOS: dict[str, Scenario] = {
    "all_good": Scenario("15 instances in three zones, all of them good", world()),
    "never_healthy_automatic": Scenario(
        "instance 7 never becomes healthy; automatic, so it gets its previous version back (R11)",
        world(behaviours=[sick("7")]),
    ),
    "never_healthy_manual": Scenario(
        "instance 7 never becomes healthy; manual, so it keeps its new disk (R43)",
        world(behaviours=[sick("7")]),
        arguments=("--trigger", "manual"),
    ),
    "first_batch_all_bad": Scenario(
        "the whole first batch never becomes healthy: stopped (R12)", world(behaviours=[sick("0", "3", "6")])
    ),
    "unhealthy_before_start": Scenario(
        "4 of 15 unhealthy before the start: nothing is touched (R8)",
        world(unhealthyInstances=["1", "2", "4", "5"]),
    ),
    "maintenance_in_mid_rollout": Scenario(
        "4 of 15 go down in mid-batch: that batch is finished, no other begins (R14)",
        world(),
        ((55, lambda admin: admin.touch("2", "5", "8", "11", power="stopped")),),
        outside=("55 s: instances 2, 5, 8 and 11 lose their power",),
    ),
    "nothing_to_do": Scenario("every instance runs the version already", world(5, 0, imageVersion=NEW)),
    "protected_instances": Scenario(
        "instances 4 and 9 are protected from scale set actions",
        world(instances={"4": PROTECTED, "9": PROTECTED}),
    ),
    "update_domains": Scenario(
        "a regional set: one update domain at a time (R49)", world(15, 0, updateDomains=5)
    ),
    "pause_between_batches": Scenario(
        "two minutes between batches",
        world(6, 0, policy=rolling_policy(pauseTimeBetweenBatches="PT2M"), updateDomains=1),
    ),
    "cross_zone": Scenario(
        "batches across zones (N14)", world(policy=rolling_policy(enableCrossZoneUpgrade=True))
    ),
    "opted_out_in_mid_rollout": Scenario(
        "the owner opts out during the second batch (O3)",
        world(),
        ((45, lambda admin: admin.patch({"tags": {"fleetwright": "off"}})),),
        outside=("45 s: the tag fleetwright: enabled becomes fleetwright: off",),
    ),
    "rollback_fails_too": Scenario(
        "an extension fails on both versions, so the rollback fails as well (C11)",
        world(extensions=[HEALTH_EXTENSION, extension("App")], behaviours=BROKEN_APP),
    ),
    "operation_failed": Scenario(
        "the operation of the third batch fails, its old disks are kept",
        world(
            faults=[fault({"operation": "Failed", "code": "Oops", "message": "no room"}, after=2, times=1)]
        ),
    ),
    "operation_stuck": Scenario(
        "the operation of the third batch has no end",
        world(faults=[fault({"operation": "stuck"}, after=2, times=1)]),
        arguments=("--trigger", "manual"),
    ),
    "partial": Scenario(
        "instance 4 keeps its old disk while the rest of its batch succeeds",
        world(faults=[fault({"partial": ["4"]}, after=2, times=1)]),
    ),
    "behind_the_model": Scenario(
        "instances 3 and 4 are not on the latest model: they get it before their swap (R31)",
        world(previousModels=OLDER_MODEL, instances={"3": {"previousModel": 0}, "4": {"previousModel": 0}}),
    ),
    "lagging_lists": Scenario(
        "lists are ten seconds behind, and instance 7 never becomes healthy",
        world(timings={"listLag": 10, "extension": 0}, behaviours=[sick("7")]),
    ),
    "budget_comes_back": Scenario(
        "three protected instances are ill and fill the budget; they recover after 100 s",
        world(**FULL_BUDGET),
        ((100, lambda admin: admin.touch("0", "3", "6", health="healthy")),),
        outside=("100 s: instances 0, 3 and 6 are healthy again",),
    ),
    "budget_never_comes_back": Scenario(
        "three protected instances are ill, fill the budget and stay ill", world(**FULL_BUDGET)
    ),
}
