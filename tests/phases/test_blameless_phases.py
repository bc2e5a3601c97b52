"""Fleets that did not get through although the version did no harm: the phase is held, and nothing is put away."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rehearsals import Admin, eventful
from travel_fixtures import Sail
from voyages import NORTH, WEST, fleet_id, phase, plan_of, published, results, scale_set, sea, states
from worlds import NEW, OLD, sick

from fleetwright.domain.phase_runs import FleetResult, PhaseState
from fleetwright.domain.phases import SuccessCondition
from fleetwright.phases.baking import conclude_phase
from fleetwright.phases.ending import record_end
from fleetwright.phases.judging import judge_phase
from fleetwright.phases.opening import open_phase
from fleetwright.phases.starting import may_start
from fleetwright.rollout.cancelling import request_cancel

PLAN = plan_of(phase(0, WEST), phase(1, NORTH))


def lenient(may_fail: int) -> Any:  # noqa: ANN401 - a plan
    """The same phases, of which the first lets some fleets stop."""
    return plan_of(phase(0, WEST, success=SuccessCondition(max_failed_fleets=may_fail)), phase(1, NORTH))


def ill_before(name: str) -> dict[str, Any]:
    """A set that no rollout may begin on: a third of it is ill."""
    return scale_set(name, unhealthyInstances=["1"])


@pytest.mark.parametrize("others", [(), ("api",)])
def test_a_fleet_that_was_ill_before_says_nothing_against_the_version(
    voyage: Sail, others: tuple[str, ...]
) -> None:
    """Stopped before its first batch: held with fleet, instances and what now; nothing is quarantined (R8, R45, R47)."""
    under_way = voyage(sea(ill_before("web"), *map(scale_set, others), scale_set("north", NORTH)), plan=PLAN)
    ports = under_way.phase_ports()

    (run,) = under_way.sail(ports=ports)

    assert run.state is PhaseState.HELD
    assert results(run) == {"web": "faulted", **dict.fromkeys(others, "completed")}
    assert run.reason.startswith(f"1 of {1 + len(others)} fleets did not get through, at most 0 may")
    assert "BeforeRollingUpgrade" in run.reason
    assert "1 of 3: 1" in run.reason
    assert run.reason.endswith(
        "the version is not quarantined, and later phases wait: mend what is named, then run"
        " phase_0_westeurope again; what is on the version already is left as it is"
    )
    assert ports.ledger.list_quarantined() == ()
    assert under_way.admin.get("audit")["violations"] == []


def test_a_held_phase_goes_on_once_the_fleet_is_mended(voyage: Sail) -> None:
    """Run again after the instance is back: only what is left is swapped, and the version travels on (R8, R44, R45)."""
    world = sea(ill_before("web"), scale_set("api"), scale_set("north", NORTH))
    under_way = voyage(world, plan=PLAN)
    ports = under_way.phase_ports()
    under_way.sail(ports=ports)

    under_way.admin.post("instances", id=fleet_id("web"), instances=["1"], health="healthy")
    runs = under_way.sail(ports=ports)

    assert states(runs) == [("phase_0_westeurope", "succeeded"), ("phase_1_northeurope", "succeeded")]
    assert (runs[0].attempt, results(runs[0])) == (2, {"web": "completed", "api": "nothing to do"})
    audit = under_way.admin.get("audit")
    assert audit["scaleSets"][fleet_id("api")]["swaps"] == {"0": 1, "1": 1, "2": 1}
    assert audit["violations"] == []


def test_a_fleet_that_stopped_within_the_allowance_does_not_hold_the_phase(voyage: Sail) -> None:
    """One fleet may stop, and another one proves the version: it travels on (R8, R45)."""
    world = sea(ill_before("web"), scale_set("api"), scale_set("north", NORTH))

    runs = voyage(world, plan=lenient(1)).sail()

    assert states(runs) == [("phase_0_westeurope", "succeeded"), ("phase_1_northeurope", "succeeded")]


def test_a_rollout_that_a_person_cancelled_blames_nobody(voyage: Sail) -> None:
    """Its fleet stands on two versions: the phase is held with who and why, and nothing is put away (R45, R47)."""
    ledgers: list[Any] = []

    def cancel(_admin: Admin) -> None:
        (ports,) = ledgers
        now = ports.clock.now()
        request_cancel(ports.ledger, fleet_id("web").lower(), actor="eve", reason="too early", now=now)

    under_way = voyage(sea(scale_set("web"), scale_set("api")), plan=PLAN, clock=eventful((10, cancel)))
    ports = under_way.phase_ports()
    ledgers.append(ports)

    (run,) = under_way.sail(ports=ports)

    assert (run.state, results(run)) == (PhaseState.HELD, {"web": "cancelled", "api": "completed"})
    assert "fleet web cancelled: Cancelled: " in run.reason
    assert "eve" in run.reason
    assert ports.ledger.list_quarantined() == ()


def test_a_run_that_was_lost_blames_nobody(voyage: Sail) -> None:
    """A rollout's run that broke before it began holds the phase, and says where to look (R45, R47)."""
    under_way = voyage(sea(scale_set("web"), scale_set("api")), plan=PLAN)
    ports = under_way.phase_ports()
    inner = under_way.one_by_one(ports)

    def roll_out_fleets(run: Any, its_phase: Any) -> None:  # noqa: ANN401 - a phase run and its phase
        assert may_start(ports, PLAN, run.key, fleet_id("web")).go
        assert record_end(ports, run.key, fleet_id("web")).result is FleetResult.LOST
        inner(run, its_phase)

    (run,) = under_way.sail(ports=ports, roll_out_fleets=roll_out_fleets)

    assert (run.state, results(run)) == (PhaseState.HELD, {"web": "lost", "api": "completed"})
    assert "fleet web lost: its run ended without a rollout in the ledger: look at its log" in run.reason
    assert ports.ledger.list_quarantined() == ()


def test_a_swap_that_azure_breaks_says_nothing_about_the_version(voyage: Sail) -> None:
    """Instances that kept their old disk never ran the version: the phase is held, and it is not put away (R12, R47)."""
    broken = {"match": {"method": "POST", "path": "*/web/reimage"}, "effect": {"partial": ["0", "1", "2"]}}
    under_way = voyage(sea(scale_set("web"), scale_set("api"), faults=[broken]), plan=PLAN)
    ports = under_way.phase_ports()

    (run,) = under_way.sail(ports=ports)

    assert (run.state, results(run)) == (PhaseState.HELD, {"web": "faulted", "api": "completed"})
    assert set(under_way.admin.get("audit")["scaleSets"][fleet_id("web")]["imageVersions"]) == {OLD}
    assert ports.ledger.list_quarantined() == ()


def test_the_instance_that_a_surge_had_made_speaks_against_the_version(voyage: Sail) -> None:
    """It is gone again and the old one serves, and yet the version ran and went bad: put away, with what it showed (N15, R47)."""
    policy = {
        "mode": "Manual",
        "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False, "useRollingUpgradePolicy": True},
        "rollingUpgradePolicy": {"maxSurge": True},
    }
    surging = scale_set("web", policy=policy, dataDisksPerInstance=0, updateDomains=1)
    everywhere = {"version": NEW, "percent": 100, "health": "unhealthy"}
    under_way = voyage(sea(surging, behaviours=[everywhere]), plan=PLAN)
    ports = under_way.phase_ports()

    (run,) = under_way.sail(ports=ports)

    assert run.state is PhaseState.FAILED
    assert f"0 runs {OLD}: instance 3: health is unhealthy" in run.reason
    assert "phase_0_westeurope" in {entry.fleet_key for entry in ports.ledger.list_quarantined()}


def test_a_version_that_went_bad_beside_a_fleet_that_was_ill_before_is_put_away(voyage: Sail) -> None:
    """What is known against the version counts, whatever else is in the way; the harmed fleet is named first (R8, R47)."""
    behaviours = [{**sick("0", "1", "2"), "scaleSet": fleet_id("zed")}]
    world = sea(ill_before("web"), scale_set("zed"), behaviours=behaviours)
    under_way = voyage(world, plan=PLAN)
    ports = under_way.phase_ports()

    (run,) = under_way.sail(ports=ports)

    assert run.state is PhaseState.FAILED
    assert run.reason.index("fleet zed faulted") < run.reason.index("fleet web faulted")
    assert {entry.version for entry in ports.ledger.list_quarantined()} == {NEW}


def test_a_phase_whose_fleets_are_deleted_in_the_bake_is_held(voyage: Sail) -> None:
    """Nothing is left that proves the version when the bake is over: held, not broken (R45, R47)."""
    hour = timedelta(hours=1)
    plan = plan_of(phase(0, WEST, bake=hour))
    under_way = voyage(sea(scale_set("web")), plan=plan)
    ports = under_way.phase_ports()
    run = open_phase(ports, plan, plan.phases[0], published(), owner="run 1").run
    under_way.one_by_one(ports)(run, plan.phases[0])
    assert judge_phase(ports, plan, run.key).state is PhaseState.BAKING
    ports.clock.wait_until(ports.clock.now() + hour)
    under_way.admin.post("faults", match={"method": "GET", "path": "*/web"}, effect={"status": 404})

    judged = conclude_phase(ports, plan, run.key)

    assert (judged.state, results(judged)) == (PhaseState.HELD, {"web": "gone"})
