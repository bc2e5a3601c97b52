"""The judgement of a phase, before and after its bake: over HTTP, in virtual time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rehearsals import Admin, eventful
from travel_fixtures import Sail
from voyages import (
    MINUTE,
    NORTH,
    WEST,
    Voyage,
    fleet_id,
    phase,
    plan_of,
    published,
    results,
    scale_set,
    sea,
    states,
)
from worlds import NEW, NEWER, OLD, sick

from fleetwright.domain.errors import ProviderError
from fleetwright.domain.phase_runs import FleetResult, PhaseState
from fleetwright.domain.phases import Approval, Phase, SuccessCondition
from fleetwright.phases.baking import bake_until, conclude_phase
from fleetwright.phases.judging import judge_phase
from fleetwright.phases.opening import open_phase
from fleetwright.phases.runner import run_phase

BAKES = phase(0, WEST, bake=60 * MINUTE)
PLAN = plan_of(BAKES, phase(1, NORTH))


def sick_later(under_way: Voyage, name: str, *instances: str) -> None:
    """Instances of a set fall ill, whatever they run."""
    under_way.admin.post("instances", id=fleet_id(name), instances=list(instances), health="unhealthy")


def sick_on(name: str) -> dict[str, Any]:
    """Instances of one set are not healthy once they boot the version."""
    return {**sick("0", "1", "2"), "scaleSet": fleet_id(name)}


def test_a_bad_version_stops_where_it_does_harm(voyage: Sail) -> None:
    """A failed phase names fleet and reason, its version is quarantined, and later phases never start (R45, R47)."""
    world = sea(scale_set("web"), scale_set("api", NORTH), behaviours=[sick_on("web")])
    under_way = voyage(world)
    ports = under_way.phase_ports()

    (failed,) = under_way.sail(ports=ports)

    assert failed.state is PhaseState.FAILED
    assert failed.reason.startswith(f"phase_0_westeurope failed for {published()}: 1 of 1 instances (100%)")
    assert "fleet web faulted, 1 of 1 instances ill or rolled back" in failed.reason
    assert f"0 is back on {OLD}" in failed.reason
    entries = ports.ledger.list_quarantined()
    assert {entry.fleet_key for entry in entries} == {fleet_id("web").lower(), "phase_0_westeurope"}
    assert under_way.admin.get("audit")["scaleSets"][fleet_id("api")]["swaps"] == {}
    assert under_way.sail(ports=ports) == (failed,)


def test_a_long_name_fits_where_quarantine_keeps_it(voyage: Sail) -> None:
    """However long a phase is called, what it puts away has an id that every database has room for (R47)."""
    plan = plan_of(phase(0, WEST, name="canary" * 20))
    under_way = voyage(sea(scale_set("web", n=1), behaviours=[sick("0", health="unhealthy")]), plan=plan)
    ports = under_way.phase_ports()

    under_way.sail(ports=ports)

    ids = [entry.rollout_id for entry in ports.ledger.list_quarantined()]
    assert len(ids) == 2
    assert max(map(len, ids)) <= 128


def test_operations_that_succeeded_prove_nothing(voyage: Sail) -> None:
    """Every rollout completed, and yet the phase fails: its instances are ill when it is judged (R47)."""
    under_way = voyage(
        sea(scale_set("web"), scale_set("api")), plan=plan_of(replace(BAKES, bake=timedelta()))
    )
    ports = under_way.phase_ports()
    inner = under_way.one_by_one(ports)

    def roll_out_fleets(run: object, its_phase: Phase) -> None:
        inner(run, its_phase)
        sick_later(under_way, "web", "0", "2")

    (run,) = under_way.sail(ports=ports, roll_out_fleets=roll_out_fleets)

    assert results(run) == {"web": "completed", "api": "completed"}
    assert run.state is PhaseState.FAILED
    assert "2 of 6 instances (33.3%) are ill on the version" in run.reason
    assert "fleet web completed, 2 of 3 instances ill or rolled back" in run.reason
    assert "0 health is unhealthy; 2 health is unhealthy" in run.reason
    assert [entry.fleet_key for entry in ports.ledger.list_quarantined()] == ["phase_0_westeurope"]


def test_a_version_that_falls_ill_in_the_bake_goes_no_further(voyage: Sail) -> None:
    """After the bake the fleets are judged once more: what was healthy then and is not now fails the phase (R47)."""
    under_way = voyage(sea(scale_set("web"), scale_set("api", NORTH)), plan=PLAN)
    ports = under_way.phase_ports()
    run = open_phase(ports, PLAN, BAKES, published(), owner="run 1").run
    under_way.one_by_one(ports)(run, BAKES)

    baking = judge_phase(ports, PLAN, run.key)
    assert (baking.state, bake_until(baking, BAKES)) == (PhaseState.BAKING, ports.clock.now() + 60 * MINUTE)
    assert conclude_phase(ports, PLAN, run.key) == baking
    assert judge_phase(ports, PLAN, run.key) == baking
    ports.clock.wait_until(ports.clock.now() + 60 * MINUTE)
    sick_later(under_way, "web", "1")
    failed = conclude_phase(ports, PLAN, run.key)

    assert failed.state is PhaseState.FAILED
    assert "1 of 3 instances (33.3%)" in failed.reason
    assert conclude_phase(ports, PLAN, run.key) == failed
    assert len(ports.ledger.list_quarantined()) == 1


def test_a_phase_bakes_as_long_as_it_says(voyage: Sail) -> None:
    """The next phase begins when the bake of the one before is over, and no earlier (R45)."""
    under_way = voyage(sea(scale_set("web"), scale_set("api", NORTH)), plan=PLAN)

    first, second = under_way.sail()

    assert (first.state, second.state) == (PhaseState.SUCCEEDED, PhaseState.SUCCEEDED)
    assert first.baking_since is not None
    assert first.ended_at == first.baking_since + 60 * MINUTE
    assert (second.opened_at, second.baking_since) == (first.ended_at, None)


def test_a_few_ill_instances_are_within_the_condition(voyage: Sail) -> None:
    """One rolled-back instance of six is less than the condition's share: the phase succeeds, and counts it (R47)."""
    policy = {
        "mode": "Manual",
        "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False, "useRollingUpgradePolicy": True},
        "rollingUpgradePolicy": {"maxUnhealthyUpgradedInstancePercent": 100},
    }
    world = sea(scale_set("web", n=6, policy=policy), behaviours=[sick("3")])

    (run,) = voyage(world, plan=plan_of(phase(0, WEST))).sail()

    assert run.state is PhaseState.SUCCEEDED
    outcome = run.outcomes[fleet_id("web").lower()]
    assert (outcome.upgraded, outcome.rolled_back, outcome.judged, outcome.unhealthy) == (6, 1, 6, 1)
    assert outcome.signs[0].startswith(f"3 is back on {OLD}")


def test_as_many_fleets_may_fail_as_the_phase_allows(voyage: Sail) -> None:
    """A stopped rollout within the allowed number does not stop the version; its instances still count (R45, R47)."""
    lenient = phase(0, WEST, success=SuccessCondition(max_failed_fleets=1, max_unhealthy_instance_percent=20))
    world = sea(scale_set("api", n=6), scale_set("web"), behaviours=[sick_on("web")])
    under_way = voyage(world, plan=plan_of(lenient))
    ports = under_way.phase_ports()

    (run,) = under_way.sail(ports=ports)

    assert results(run) == {"api": "completed", "web": "faulted"}
    assert run.state is PhaseState.SUCCEEDED
    assert run.outcomes[fleet_id("web").lower()].unhealthy == 1
    assert [entry.fleet_key for entry in ports.ledger.list_quarantined()] == [fleet_id("web").lower()]


def test_a_phase_that_proves_nothing_is_held_and_blames_nobody(voyage: Sail) -> None:
    """All fleets held by their validation: the phase is held, the version is not quarantined (R16, R45)."""
    under_way = voyage(sea(scale_set("web", extensions=())))
    ports = under_way.phase_ports()

    (run,) = under_way.sail(ports=ports)

    assert run.state is PhaseState.HELD
    assert run.reason.startswith(
        "no fleet was upgraded, or is on the version: nothing is proven; fleet web held:"
    )
    assert ports.ledger.list_quarantined() == ()


def test_an_owner_who_opts_out_in_the_middle_blames_nobody(voyage: Sail) -> None:
    """A fleet taken away in mid-rollout counts neither for the version nor against it (O3, R45)."""

    def leave(admin: Admin) -> None:
        admin.fleet_id = fleet_id("web")
        admin.patch({"tags": {}})

    plan = plan_of(phase(0, WEST))
    under_way = voyage(sea(scale_set("web"), scale_set("api")), plan=plan, clock=eventful((10, leave)))

    (run,) = under_way.sail()

    assert results(run) == {"web": "opted out", "api": "completed"}
    assert run.state is PhaseState.SUCCEEDED
    assert run.outcomes[fleet_id("web").lower()].upgraded == 1


def test_health_that_cannot_be_read_is_no_yes(voyage: Sail) -> None:
    """Where instances cannot be read the phase is not judged at all; asked again, it is (R47)."""
    under_way = voyage(sea(scale_set("web")), plan=plan_of(phase(0, WEST)))
    ports, plan = under_way.phase_ports(), under_way.plan
    run = open_phase(ports, plan, plan.phases[0], published(), owner="run 1").run
    under_way.one_by_one(ports)(run, plan.phases[0])
    refusal = {"match": {"method": "GET", "path": "*/virtualMachines"}, "effect": {"status": 403}, "times": 1}
    under_way.admin.post("faults", **refusal)

    with pytest.raises(ProviderError):
        judge_phase(ports, plan, run.key)

    known = ports.ledger.find_phase_run(run.key)
    assert known is not None
    assert known.state is PhaseState.ROLLING
    assert judge_phase(ports, plan, run.key).state is PhaseState.SUCCEEDED


def test_a_fleet_deleted_in_the_bake_proves_nothing_any_more(voyage: Sail) -> None:
    """A set that is gone when the phase is judged is told as such; the others decide (R45, R47)."""
    under_way = voyage(sea(scale_set("web"), scale_set("api")), plan=plan_of(BAKES))
    ports = under_way.phase_ports()
    run = open_phase(ports, under_way.plan, BAKES, published(), owner="run 1").run
    under_way.one_by_one(ports)(run, BAKES)
    judge_phase(ports, under_way.plan, run.key)
    ports.clock.wait_until(ports.clock.now() + 60 * MINUTE)
    under_way.admin.post("faults", match={"method": "GET", "path": "*/web"}, effect={"status": 404})

    judged = conclude_phase(ports, under_way.plan, run.key)

    assert (judged.state, results(judged)) == (PhaseState.SUCCEEDED, {"web": "gone", "api": "completed"})


def test_only_what_the_phase_has_upgraded_is_judged(voyage: Sail) -> None:
    """Instances that ran the version before the phase are not counted beside those that it upgraded (R44, R47)."""
    some = {str(number): {"exactVersion": NEW} for number in range(4)}
    under_way = voyage(sea(scale_set("web", n=6, instances=some)), plan=plan_of(phase(0, WEST)))

    (run,) = under_way.sail()

    outcome = run.outcomes[fleet_id("web").lower()]
    assert (outcome.upgraded, outcome.judged, outcome.unhealthy) == (2, 2, 0)


def test_a_fleet_that_is_on_the_version_is_judged_as_it_is(voyage: Sail) -> None:
    """Nothing had to be upgraded, and yet ill instances on the version stop it (R44, R47)."""
    on_it = scale_set("web", n=6)
    on_it["x-emulator"]["imageVersion"] = NEW
    under_way = voyage(sea(on_it), plan=plan_of(BAKES))
    ports = under_way.phase_ports()
    run = open_phase(ports, under_way.plan, BAKES, published(), owner="run 1").run
    under_way.one_by_one(ports)(run, BAKES)
    baking = judge_phase(ports, under_way.plan, run.key)
    sick_later(under_way, "web", "0", "1")
    ports.clock.wait_until(ports.clock.now() + 60 * MINUTE)

    failed = conclude_phase(ports, under_way.plan, run.key)

    assert (results(baking), failed.state) == ({"web": "nothing to do"}, PhaseState.FAILED)
    assert "2 of 6 instances (33.3%)" in failed.reason


def test_instances_of_a_newer_rollout_say_nothing_about_this_version(voyage: Sail) -> None:
    """What a later rollout has upgraded, well or not, is not held against the version before it (R47)."""
    world = sea(scale_set("web", n=6), versions=(OLD, NEW, NEWER), behaviours=[sick("0", version=NEWER)])
    plan = plan_of(phase(0, WEST, bake=600 * MINUTE))
    under_way = voyage(world, plan=plan)
    ports = under_way.phase_ports()
    older = open_phase(ports, plan, plan.phases[0], published(), owner="run 1").run
    under_way.one_by_one(ports)(older, plan.phases[0])
    judge_phase(ports, plan, older.key)
    newer = run_phase(
        ports,
        plan,
        plan.phases[0],
        published(NEWER),
        owner="run 2",
        roll_out_fleets=under_way.one_by_one(ports),
    )
    assert newer.state is PhaseState.FAILED

    ports.clock.wait_until(ports.clock.now() + 600 * MINUTE)
    older = conclude_phase(ports, plan, older.key)

    assert older.state is PhaseState.SUCCEEDED
    assert older.outcomes[fleet_id("web").lower()].judged == 5


def test_a_fleet_whose_task_never_came_is_told(voyage: Sail) -> None:
    """A fleet whose task failed before it began holds the phase, with where to look, and blames nobody (R45)."""
    plan = plan_of(phase(0, WEST))
    under_way = voyage(sea(scale_set("web"), scale_set("api")), plan=plan)
    ports = under_way.phase_ports()
    run = open_phase(ports, plan, plan.phases[0], published(), owner="run 1").run
    one = replace(run, starts=run.starts[:1])
    under_way.one_by_one(ports)(one, plan.phases[0])

    judged = judge_phase(ports, plan, run.key)

    assert judged.state is PhaseState.HELD
    missed = judged.outcomes[run.starts[1].fleet_id.lower()]
    assert (missed.result, missed.reason) == (FleetResult.LOST, "its turn never came: look at its task's log")
    assert ports.ledger.list_quarantined() == ()


def test_a_gate_is_asked_with_the_evidence_of_the_phase_before(voyage: Sail) -> None:
    """The person who decides is shown what the phase before has done; a no stops the version there (R45)."""
    plan = plan_of(phase(0, WEST), phase(1, NORTH, approval=Approval()))
    under_way = voyage(sea(scale_set("web"), scale_set("api", NORTH), scale_set("out", tags={})), plan=plan)
    shown: list[str] = []

    def approve(its_phase: Phase, evidence: str) -> bool:
        shown.append(f"{its_phase.label}\n{evidence}")
        return False

    runs = under_way.sail(approve=approve)

    assert states(runs) == [("phase_0_westeurope", "succeeded"), ("phase_1_northeurope", "rejected")]
    (text,) = shown
    assert text.splitlines()[:6] == [
        "phase_1_northeurope",
        f"phase_0_westeurope: {published()} succeeded",
        "  fleets: 1 (1 completed)",
        "  instances: 3, upgraded 3, rolled back 0, ill when judged 0 of 3",
        f"  minutes: {(runs[0].ended_at - runs[0].opened_at) / MINUTE:.1f}",  # type: ignore[operator]
        "  failures: none",
    ]
    assert "left out, out: out is opted out" in text
