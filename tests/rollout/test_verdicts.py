"""What becomes of instances that fail: put back or kept, counted, and named with what they suffered."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rehearsals import Rehearsal, told
from worlds import (
    FLEET_ID,
    HEALTH_EXTENSION,
    NEW,
    OLD,
    extension,
    fault,
    sick,
    world,
)

from fleetwright.domain.errors import HeldError
from fleetwright.domain.fleets import parse_fleet_id

Rehearse = Callable[..., Rehearsal]


def test_failed_rollback_stops_and_is_counted(rehearse: Rehearse) -> None:
    """A rollback that runs into the same failing extension is counted as failed, and the rollout stops (C11, R36)."""
    broken = [
        {"version": version, "instances": ["7"], "extension": "App", "extensionResult": "failed"}
        for version in (OLD, NEW)
    ]
    rehearsal = rehearse(world(extensions=[HEALTH_EXTENSION, extension("App")], behaviours=broken))

    view = rehearsal.run()

    assert told(view)["status"] == "Faulted"
    assert told(view)["reason"]["code"] == "RollingUpgradeInProgressWithFailedUpgradedVMs"
    assert told(view)["rollbackInfo"]["failedRolledbackInstanceCount"] == 1
    assert len(rehearsal.state()["swaps"]) == 8
    assert rehearsal.state()["rollbacks"] == {"7": 1}


def test_failed_extension_is_named(rehearse: Rehearse) -> None:
    """Why an instance failed names the extension that failed on it (R32)."""
    broken = {"version": NEW, "instances": ["0"], "extension": "App", "extensionResult": "failed"}
    rehearsal = rehearse(world(extensions=[HEALTH_EXTENSION, extension("App")], behaviours=[broken]))

    view = rehearsal.run(trigger="manual", health_timeout_seconds=30)

    assert "App" in view.swaps["0"].verdict_reason


def test_stop_names_what_the_first_instance_suffered(rehearse: Rehearse) -> None:
    """The message of a stopped rollout says what was wrong with the first failed instance, also after its rollback (R12)."""
    rehearsal = rehearse(world(behaviours=[sick("0", "3", "6")]))

    view = rehearsal.run()

    assert rehearsal.state()["rollbacks"] == {"0": 1, "3": 1, "6": 1}
    assert "The most impactful error is: health is initializing" in told(view)["reason"]["message"]


def test_manual_rollout_never_rolls_back(rehearse: Rehearse) -> None:
    """A manual rollout leaves an unhealthy instance on its new disk and reports it; rollback numbers are zeros (R43)."""
    rehearsal = rehearse(world(behaviours=[sick("7")]))

    view = rehearsal.run(trigger="manual")

    assert told(view)["status"] == "Completed"
    assert told(view)["progress"]["failedInstanceCount"] == 1
    assert set(told(view)["rollbackInfo"].values()) == {0}
    assert rehearsal.state()["rollbacks"] == {}
    assert rehearsal.state()["imageVersions"] == {NEW: 15}


def test_manual_rollout_rolls_back_when_asked(rehearse: Rehearse) -> None:
    """A manual rollout rolls back where that was chosen (C12)."""
    rehearsal = rehearse(world(behaviours=[sick("7")]))

    view = rehearsal.run(trigger="manual", rollback=True)

    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1
    assert rehearsal.state()["rollbacks"] == {"7": 1}


def test_vanished_previous_version_holds_automatic_runs(rehearse: Rehearse) -> None:
    """Where the version that instances run is gone from the catalogue, rollback is impossible: automatic runs are held, manual ones go on (O6)."""
    rehearsal = rehearse(world(3, 0, versions=(NEW,)))

    with pytest.raises(HeldError, match=OLD):
        rehearsal.run()
    assert rehearsal.admin.mutating() == 0

    view = rehearsal.run(trigger="manual")
    assert told(view)["status"] == "Completed"


def test_data_disks_and_old_model_survive(rehearse: Rehearse) -> None:
    """After a rollout with a rollback every data disk is the one there was, and nothing runs twice (R5)."""
    rehearsal = rehearse(world(dataDisksPerInstance=2, behaviours=[sick("7")]))
    ports = rehearsal.ports()
    fleet = ports.driver.fetch_fleet(parse_fleet_id(FLEET_ID))
    before = {i.instance_id: i.data_disk_ids for i in ports.driver.list_instances(fleet)}

    rehearsal.run()

    after = {i.instance_id: i.data_disk_ids for i in ports.driver.list_instances(fleet)}
    assert after == before
    assert all(len(disks) == 2 for disks in after.values())


def test_instances_behind_the_model_get_it_first(rehearse: Rehearse) -> None:
    """An instance that is not on the latest model is brought to it in the same flight, before its swap (R31)."""
    older = [{"virtualMachineProfile": {"extensionProfile": {"extensions": [HEALTH_EXTENSION]}}}]
    rehearsal = rehearse(world(previousModels=older, instances={"3": {"previousModel": 0}}))

    rehearsal.run()

    posts = [call["path"] for call in rehearsal.admin.get("requests")["log"] if call["method"] == "POST"]
    assert posts[0].endswith("/manualupgrade")
    assert posts[1].endswith("/reimage")
    assert rehearsal.state()["imageVersions"] == {NEW: 15}
    assert rehearsal.admin.violations() == []


def test_failed_swap_is_put_back_and_reported(rehearse: Rehearse) -> None:
    """An operation that failed for an instance: it counts as failed with Azure's words, and gets its version back (O5)."""
    failing = fault(
        {"operation": "Failed", "code": "AllocationFailed", "message": "no room"}, after=5, times=1
    )
    rehearsal = rehearse(world(11, 0, updateDomains=1, faults=[failing]))

    view = rehearsal.run()

    failed = [swap for swap in view.swaps.values() if swap.state == "rolled back"]
    assert [swap.instance_id for swap in failed] == ["10"]
    assert told(view)["status"] == "Completed"
    assert rehearsal.state()["rollbacks"] == {"10": 1}
