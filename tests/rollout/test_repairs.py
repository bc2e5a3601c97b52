"""Automatic repairs are suspended during a rollout and resumed after it, whatever happened (O8)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crashes import Answer, Death, Killed, Moment, Mortal, bent
from rehearsals import EXPIRY, Admin, Happening, Rehearsal, eventful, told
from worlds import FLEET_ID, NEW, REPAIRS, fault, repaired_world, sick

from fleetwright.domain.errors import HeldError, LeaseLostError, ProviderError
from fleetwright.rollout.provider_errors import CallRefusedError

Rehearse = Callable[..., Rehearsal]

SERVICE = "*/setOrchestrationServiceState"


def actions(rehearsal: Rehearsal) -> int:
    """How many times the state of automatic repairs was set."""
    return int(rehearsal.admin.get("requests")["byRoute"].get("POST …setOrchestrationServiceState", 0))


def is_suspended(rehearsal: Rehearsal) -> bool:
    """What the set shows."""
    return bool(rehearsal.admin.get("world")["scaleSets"][0]["x-emulator"].get("repairsSuspended"))


def note_state(seen: list[bool]) -> Callable[[Admin], None]:
    """A happening that writes down whether repairs are suspended."""

    def note(admin: Admin) -> None:
        extras = admin.get("world")["scaleSets"][0]["x-emulator"]
        seen.append(bool(extras.get("repairsSuspended")))

    return note


def test_suspended_from_before_the_first_batch_to_the_end(rehearse: Rehearse) -> None:
    """Repairs are suspended while batches run and at work again afterwards, by two calls, and the ledger says so (O8)."""
    seen: list[bool] = []
    rehearsal = rehearse(repaired_world(), clock=eventful((1, note_state(seen)), (200, note_state(seen))))

    view = rehearsal.run()

    (found,) = rehearsal.ports().ledger.list_rollouts(FLEET_ID.lower())
    assert (told(view)["status"], seen) == ("Completed", [True, True])
    assert (is_suspended(rehearsal), actions(rehearsal), found.rollout.repairs_suspended) == (False, 2, False)
    assert rehearsal.admin.violations() == []


def test_nobody_is_repaired_in_mid_rollout(rehearse: Rehearse) -> None:
    """An instance that a manual rollout leaves unhealthy is not replaced while it runs, however long that takes (O8, O9)."""
    lenient = {
        "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": False, "useRollingUpgradePolicy": True},
        "rollingUpgradePolicy": {
            "maxUnhealthyUpgradedInstancePercent": 100,
            "pauseTimeBetweenBatches": "PT20M",
        },
    }
    rehearsal = rehearse(repaired_world(policy=lenient, behaviours=[sick("0", health="unhealthy")]))

    view = rehearsal.run(trigger="manual")

    assert told(view)["status"] == "Completed"
    assert rehearsal.admin.audit()["imageVersions"] == {NEW: 15}
    assert "0" in view.swaps
    assert told(view)["progress"]["failedInstanceCount"] == 1


@pytest.mark.parametrize(
    ("repairs", "kept"),
    [({**REPAIRS, "enabled": False}, False), (REPAIRS, True)],
    ids=["off", "suspended before"],
)
def test_what_was_not_running_stays_as_it_was(
    rehearse: Rehearse, repairs: dict[str, Any], kept: bool
) -> None:
    """Repairs that are off or that somebody suspended before are not touched, neither before nor after (O8)."""
    world = repaired_world(repairs=repairs, repairsSuspended=kept)
    rehearsal = rehearse(world)

    rehearsal.run()

    assert (actions(rehearsal), is_suspended(rehearsal)) == (0, kept)


def test_nothing_to_do_suspends_nothing(rehearse: Rehearse) -> None:
    """Without a batch there is nothing to keep repairs from (O8)."""
    rehearsal = rehearse(repaired_world(imageVersion=NEW))

    assert told(rehearsal.run())["reason"]["code"] == "NothingToDo"
    assert actions(rehearsal) == 0


OPT_OUT = (45, lambda admin: admin.patch({"tags": {"fleetwright": "off"}}))
SICKNESS = (15, lambda admin: admin.touch("2", "5", "8", "11", power="stopped"))


@pytest.mark.parametrize(
    ("rest", "happening", "status"),
    [
        ({"behaviours": [sick("7")]}, None, "Completed"),
        ({"behaviours": [sick("0", "3", "6")]}, None, "Faulted"),
        ({}, SICKNESS, "Faulted"),
        ({}, OPT_OUT, "Cancelled"),
        ({"unhealthyInstances": ["1", "2", "4", "5"]}, None, "Faulted"),
    ],
    ids=["rolled back", "breach", "maintenance", "opted out", "unhealthy before"],
)
def test_resumed_on_every_ending(
    rehearse: Rehearse, rest: dict[str, Any], happening: Happening | None, status: str
) -> None:
    """Completed with a rollback, stopped, cancelled: repairs are at work again afterwards (O8)."""
    clock = eventful(*([happening] if happening else []))
    rehearsal = rehearse(repaired_world(**rest), clock=clock)

    view = rehearsal.run()

    assert told(view)["status"] == status
    assert (is_suspended(rehearsal), actions(rehearsal)) == (False, 2)


def test_resumed_after_an_error(rehearse: Rehearse) -> None:
    """A rollout that breaks off with an error resumes them on its way out (O8)."""
    rehearsal = rehearse(
        repaired_world(faults=[fault({"status": 403}, "GET", "*/virtualMachines", after=2, times=9)])
    )

    with pytest.raises(ProviderError):
        rehearsal.run()

    assert (is_suspended(rehearsal), actions(rehearsal)) == (False, 2)


def test_killed_anywhere_they_are_at_work_in_the_end(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write, and gone on with by the next run, repairs are at work again in the end (O8)."""
    world = repaired_world(n=1, zones=0, timings={"swap": 4, "boot": 2, "extension": 2, "health": 2})
    rehearsal = rehearse(world)
    whole = Mortal()
    rehearsal.run(whole.ports(rehearsal.ports()))
    wrong = []
    for number, name in enumerate(whole.calls):
        for moment in Moment:
            rehearsal.admin.post("reset", **world)
            rehearsal.ledger_url = f"sqlite:///{tmp_path / f'{number}-{moment}.db'}"
            _live_twice(rehearsal, Death(number, moment))
            if is_suspended(rehearsal):
                wrong.append(f"{moment} call {number} ({name})")
    assert {"fetch_repairs_state", "begin_repairs_action"} <= set(whole.calls)
    assert wrong == []


def _live_twice(rehearsal: Rehearsal, death: Death) -> None:
    try:
        rehearsal.run(Mortal(death).ports(rehearsal.ports()))
    except Killed:
        rehearsal.wall.advance(31)
        rehearsal.run(owner="second")


def test_a_lost_answer_is_asked_again(rehearse: Rehearse) -> None:
    """Suspending says how things are to be, so it is simply sent again (O8)."""
    rehearsal = rehearse(repaired_world(faults=[fault({"applyThenReset": True}, path=SERVICE, times=1)]))

    assert told(rehearsal.run())["status"] == "Completed"
    assert is_suspended(rehearsal) is False


def test_nothing_is_swapped_when_they_cannot_be_suspended(rehearse: Rehearse) -> None:
    """Azure refuses to suspend: the rollout breaks off before its first batch (O8)."""
    rehearsal = rehearse(repaired_world(faults=[fault({"status": 403}, path=SERVICE, times=1)]))

    with pytest.raises(CallRefusedError):
        rehearsal.run()

    assert rehearsal.admin.audit()["swaps"] == {}


def test_a_resume_that_fails_names_the_command(rehearse: Rehearse, caplog: pytest.LogCaptureFixture) -> None:
    """Azure refuses to resume: the rollout has ended all the same, and a warning says what to run (O8)."""
    rehearsal = rehearse(repaired_world(faults=[fault({"status": 403}, path=SERVICE, after=1)]))

    with caplog.at_level(logging.WARNING):
        view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    assert "automatic repairs of web are still suspended" in caplog.text
    assert (
        "az vmss set-orchestration-service-state --service-name AutomaticRepairs --action Resume"
        in caplog.text
    )
    assert "--resource-group shop --name web" in caplog.text


def test_the_next_rollout_resumes_what_one_left_suspended(rehearse: Rehearse) -> None:
    """A rollout whose resume failed leaves its word in the ledger; the next one, with nothing to do, resumes (O8)."""
    rehearsal = rehearse(repaired_world(faults=[fault({"status": 403}, path=SERVICE, after=1, times=1)]))
    rehearsal.run()
    left = is_suspended(rehearsal)

    rehearsal.run(owner="second")

    assert (left, is_suspended(rehearsal)) == (True, False)


def test_a_hold_tells_of_what_was_left_suspended(
    rehearse: Rehearse, caplog: pytest.LogCaptureFixture
) -> None:
    """A run that is held resumes nothing, and says so with the command (O8)."""
    rehearsal = rehearse(repaired_world(faults=[fault({"status": 403}, path=SERVICE, after=1, times=1)]))
    rehearsal.run()
    rehearsal.admin.patch({"tags": {"fleetwright": "off"}})

    with caplog.at_level(logging.WARNING), pytest.raises(HeldError):
        rehearsal.run(owner="second")

    assert caplog.text.count("are still suspended") == 2


def test_a_lost_lease_leaves_them_to_the_new_owner(rehearse: Rehearse) -> None:
    """Whoever lost the fleet resumes nothing: the new owner goes on with repairs suspended, and resumes them (O8)."""
    rehearsal = rehearse(repaired_world())
    ports, successor = rehearsal.ports(), rehearsal.ports()

    def lose_the_fleet(*arguments: Answer) -> str:
        url: str = ports.driver.begin_swap(*arguments)
        rehearsal.wall.advance(31)
        settings = ports.ledger.list_rollouts(FLEET_ID.lower())[0].rollout.settings
        successor.ledger.begin(settings, owner="second", now=ports.clock.now(), terms=EXPIRY)
        return url

    with pytest.raises(LeaseLostError):
        rehearsal.run(bent(ports, begin_swap=lose_the_fleet))
    after_the_first = is_suspended(rehearsal)
    rehearsal.run(successor, owner="second")

    assert (after_the_first, is_suspended(rehearsal)) == (True, False)
