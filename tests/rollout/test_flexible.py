"""Rollouts of Flexible sets: the old disk itself is kept, given back, and swept when nobody needs it any more."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from rehearsals import Admin, Rehearsal, eventful, told
from worlds import FLEET_ID, HEALTH_EXTENSION, NEW, OLD, fault, flexible, rolling_policy, sick, world

from fleetwright.domain.ailments import Ailment, Sign
from fleetwright.domain.errors import HeldError
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.leftovers import list_leftovers

Rehearse = Callable[..., Rehearsal]

GROUP = FLEET_ID.partition("/virtualMachineScaleSets/")[0]
MANUAL: dict[str, Any] = {"trigger": "manual", "health_timeout_seconds": 30}
LENIENT = rolling_policy(maxUnhealthyUpgradedInstancePercent=100, maxUnhealthyInstancePercent=100)


def a_set(n: int = 6, **how: Any) -> dict[str, Any]:  # noqa: ANN401 - what ``world`` takes
    """A world with a Flexible set in one update domain, lenient about failures."""
    return flexible(world(n, 0, **{"updateDomains": 1, "policy": LENIENT, **how}))


def data_disks(rehearsal: Rehearsal) -> dict[str, tuple[str, ...]]:
    """The data disks of each member with their LUNs and caching."""
    driver = rehearsal.ports().driver
    fleet = driver.fetch_fleet(parse_fleet_id(FLEET_ID))
    return {i.instance_id: i.data_disk_ids for i in driver.list_instances(fleet)}


def change_machine(name: str, **storage: Any) -> Callable[[Admin], None]:  # noqa: ANN401 - JSON
    """Somebody changes a machine's disks."""

    def change(admin: Admin) -> None:
        path = f"{GROUP}/virtualMachines/{name}?api-version=2024-07-01"
        admin._answer("PATCH", path, {"properties": {"storageProfile": storage}})

    return change


def test_previous_disk_itself_comes_back(rehearse: Rehearse) -> None:
    """One instance never becomes healthy: its previous disk is back, every data disk is where it was, and nothing is left behind (R5, R11, O7)."""
    rehearsal = rehearse(a_set(behaviours=[sick("web_3")], dataDisksPerInstance=2))
    before, data = rehearsal.disks(), data_disks(rehearsal)

    view = rehearsal.run()

    after = rehearsal.disks()
    assert told(view)["status"] == "Completed"
    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1
    assert after["web_3"] == before["web_3"]
    assert all(after[f"web_{n}"] != before[f"web_{n}"] for n in (0, 1, 2, 4, 5))
    assert after["unattached"] == []
    assert data_disks(rehearsal) == data
    audit = rehearsal.admin.audit()
    assert (audit["rollbacks"], audit["imageVersions"]) == ({"3": 1}, {NEW: 5, OLD: 1})
    assert rehearsal.admin.violations() == []
    swap = view.swaps["web_3"]
    assert swap.restored_disk_id == swap.old_disk_id == before["web_3"].lower()


def test_batches_of_several_machines_keep_the_limits(rehearse: Rehearse) -> None:
    """Batches in three zones, one call for each machine, break no limit (R7, R9, R48, R49)."""
    rehearsal = rehearse(flexible(world(15, 3, behaviours=[sick("7")])))

    view = rehearsal.run()

    assert told(view)["progress"]["successfulInstanceCount"] == 14
    assert max(len(batch.instance_ids) for batch in view.batches) == 3
    assert rehearsal.admin.violations() == []
    assert rehearsal.disks()["unattached"] == []


def test_manual_rollout_keeps_the_disk_of_who_is_unhealthy(rehearse: Rehearse) -> None:
    """Without rollback the previous disk of an unhealthy instance is kept and named in the outcome, until a later rollout confirms the instance (R43, O7)."""
    rehearsal = rehearse(a_set(3, behaviours=[sick("0")], versions=(OLD, NEW, "18.04.202403010")))
    before = rehearsal.disks()["web_0"]

    view = rehearsal.run(version=NEW, **MANUAL)

    assert rehearsal.disks()["unattached"] == [before]
    (kept,) = view.rollout.outcome["kept_disks"]
    assert f"kept {before.lower()}" in kept
    assert "web_0, which is not confirmed" in kept

    rehearsal.run(owner="second", **MANUAL)
    assert rehearsal.disks()["unattached"] == []
    assert list_leftovers(rehearsal.ports().ledger.list_rollouts(FLEET_ID.lower())) == ()


def test_disk_that_would_not_be_kept_is_not_swapped(rehearse: Rehearse) -> None:
    """An instance whose deleteOption cannot be set to Detach is not swapped, with that reason (O7)."""
    no = fault({"status": 403, "code": "AuthorizationFailed"}, "PATCH", "*/virtualMachines/web_1")
    rehearsal = rehearse(flexible(world(10, 0, updateDomains=1, faults=[no])))

    view = rehearsal.run(**MANUAL)

    assert rehearsal.admin.audit()["swaps"] == {str(n): 1 for n in range(10) if n != 1}
    assert view.swaps["web_1"].verdict_reason.startswith("its old disk would not be kept: ")
    assert "AuthorizationFailed" in view.swaps["web_1"].verdict_reason
    assert rehearsal.disks()["unattached"] == []


@pytest.mark.parametrize(
    "lost",
    [
        fault({"applyThenReset": True}, "POST", "*/deallocate", times=1),
        fault({"reset": True}, "POST", "*/deallocate", times=1),
        fault({"applyThenReset": True}, "PATCH", "*/virtualMachines/web_2", after=1, times=1),
        fault({"status": 503}, "PATCH", "*/virtualMachines/web_2", after=1, times=1),
        fault({"applyThenReset": True}, "POST", "*/start", times=1),
        fault({"reset": True}, "POST", "*/start", times=1),
        fault({"applyThenReset": True}, "POST", "*/virtualMachines/web_2/reimage", times=1),
        fault({"applyThenReset": True}, "DELETE", "*/disks/*", times=1),
    ],
    ids=lambda lost: f"{lost['match']['method']} {lost['match']['path']} {next(iter(lost['effect']))}",
)
def test_lost_answer_is_read_and_not_repeated(rehearse: Rehearse, lost: dict[str, Any]) -> None:
    """Whatever answer of a rollback is lost, the machine is read first: one swap, one rollback, the same disk (R11, O7)."""
    rehearsal = rehearse(a_set(3, behaviours=[sick("2")], faults=[lost]))
    before = rehearsal.disks()["web_2"]

    view = rehearsal.run(health_timeout_seconds=30)

    audit = rehearsal.admin.audit()
    assert (audit["swaps"], audit["rollbacks"]) == ({"0": 1, "1": 1, "2": 1}, {"2": 1})
    assert rehearsal.disks() == {**rehearsal.disks(), "web_2": before, "unattached": []}
    assert told(view)["status"] == "Completed"
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize("path", ["*/deallocate", "*/virtualMachines/web_2"])
def test_rollback_that_fails_keeps_the_previous_disk(rehearse: Rehearse, path: str) -> None:
    """A rollback whose steps fail stops the rollout, and the previous disk stays and is named (C11, O7)."""
    method, after = ("POST", 0) if path == "*/deallocate" else ("PATCH", 1)
    broken = fault({"operation": "Failed", "code": "Oops", "message": "no"}, method, path, after=after)
    rehearsal = rehearse(a_set(3, behaviours=[sick("2")], faults=[broken]))
    before = rehearsal.disks()["web_2"]

    view = rehearsal.run(health_timeout_seconds=30)

    assert told(view)["status"] == "Faulted"
    assert view.swaps["web_2"].state == "rollback failed"
    assert "Oops" in view.swaps["web_2"].verdict_reason
    assert view.swaps["web_2"].suffered == Ailment(Sign.HEALTH)
    assert view.swaps["web_2"].after_rollback == Ailment(Sign.REFUSED)
    assert rehearsal.disks()["unattached"] == [before]
    assert any(before.lower() in line for line in view.rollout.outcome["kept_disks"])


def test_swap_that_failed_is_restarted_on_the_disk_it_never_lost(rehearse: Rehearse) -> None:
    """Where the swap's operation failed the old disk is there: the machine is restarted, and no disk is lost (R11, O7)."""
    failed = fault({"operation": "Failed"}, "POST", "*/web_2/reimage", times=1)
    rehearsal = rehearse(a_set(3, faults=[failed]))
    before = rehearsal.disks()

    view = rehearsal.run(health_timeout_seconds=30)

    assert view.swaps["web_2"].state == "rolled back"
    assert rehearsal.disks()["web_2"] == before["web_2"]
    assert rehearsal.disks()["unattached"] == []


def test_rollback_without_its_disk_takes_nothing_down(rehearse: Rehearse) -> None:
    """A previous disk that somebody deleted is found out before the machine is deallocated (O7)."""

    def delete_free_disks(admin: Admin) -> None:
        for disk in admin.list_disks():
            if disk["properties"]["diskState"] == "Unattached":
                admin.send("DELETE", f"{disk['id']}?api-version=2024-03-02")

    rehearsal = rehearse(a_set(1, behaviours=[sick("0")]), clock=eventful((50, delete_free_disks)))

    view = rehearsal.run(health_timeout_seconds=60)

    assert "does not exist any more" in view.swaps["web_0"].verdict_reason
    calls = rehearsal.admin.get("requests")["byRoute"]
    assert not any("deallocate" in route for route in calls)


@pytest.mark.parametrize(
    ("disks", "said"),
    [
        ([], "was at LUN 0, caching None and is lost"),
        ([{"lun": 4}], "was at LUN 0, caching None and is at LUN 4, caching None"),
        ([{"lun": 0, "caching": "ReadOnly"}], "and is at LUN 0, caching ReadOnly"),
        ([{"lun": 0}, {"lun": 1, "createOption": "Empty"}], "was not there and is at LUN 1, caching None"),
    ],
    ids=["lost", "moved", "caching", "added"],
)
def test_changed_data_disk_stops_the_rollout(
    rehearse: Rehearse, disks: list[dict[str, Any]], said: str
) -> None:
    """A data disk lost, moved, cached otherwise or added after a swap stops the rollout, with before and after (R5)."""

    def change(admin: Admin) -> None:
        present = next(d for d in admin.list_disks() if d["name"].startswith("web_web_0_disk2"))
        own = {"managedDisk": {"id": present["id"]}, "name": present["name"]}
        wanted = [{**(own if "createOption" not in disk else {}), **disk} for disk in disks]
        change_machine("web_0", dataDisks=wanted)(admin)

    rehearsal = rehearse(a_set(6), clock=eventful((36, change)))

    view = rehearsal.run(trigger="manual")

    assert told(view)["reason"]["code"] == "InternalExecutionError"
    assert said in view.swaps["web_0"].verdict_reason
    assert rehearsal.admin.audit()["swaps"] == {"0": 1}


def test_dead_rollouts_leftovers_are_swept_by_the_next(rehearse: Rehearse) -> None:
    """Disks that could not be deleted then are deleted by the next rollout of the fleet, and sweeping again changes nothing (O7)."""
    stuck = fault({"status": 409, "code": "Conflict"}, "DELETE", "*/disks/*")
    rehearsal = rehearse(a_set(3, faults=[stuck]))
    view = rehearsal.run(**MANUAL)
    assert len(rehearsal.disks()["unattached"]) == 3
    assert len(view.rollout.outcome["kept_disks"]) == 3

    requests = rehearsal.admin
    requests.delete_faults()
    rehearsal.run(owner="second", **MANUAL)

    assert rehearsal.disks()["unattached"] == []
    calls = requests.mutating()
    rehearsal.run(owner="third", **MANUAL)
    assert requests.mutating() == calls


def test_disk_that_is_not_ours_is_never_deleted(rehearse: Rehearse) -> None:
    """An unattached disk that no rollout recorded stays, and so does one of ours that somebody attached again (O7)."""
    foreign = {
        "id": f"{GROUP}/disks/theirs",
        "name": "theirs",
        "location": "westeurope",
        "properties": {"osType": "Linux"},
    }
    rehearsal = rehearse({**a_set(3), "disks": [{"resource": foreign}]})

    rehearsal.run(**MANUAL)

    assert rehearsal.disks()["unattached"] == [foreign["id"]]


def test_probe_alone_holds_a_flexible_set(rehearse: Rehearse) -> None:
    """Without the Application Health extension a Flexible set is held, and nothing is touched (R16)."""
    rehearsal = rehearse(flexible(world(3, 0, extensions=())))

    with pytest.raises(HeldError, match="Application Health extension"):
        rehearsal.run()
    assert rehearsal.admin.mutating() == 0


def test_older_model_comes_first(rehearse: Rehearse) -> None:
    """Members behind the model are named to manualupgrade by their machines, and then swapped (R31)."""
    older = [{"virtualMachineProfile": {"extensionProfile": {"extensions": [HEALTH_EXTENSION]}}}]
    rehearsal = rehearse(a_set(2, previousModels=older, instances={"1": {"previousModel": 0}}))

    rehearsal.run()

    upgrades = [c for c in rehearsal.admin.get("requests")["log"] if c["path"].endswith("/manualupgrade")]
    assert ['"web_1"' in call["body"] for call in upgrades] == [True]
    assert rehearsal.admin.audit()["swaps"] == {"0": 1, "1": 1}


def test_trigger_reads_members_as_workers_do(rehearse: Rehearse) -> None:
    """The event loop's reading, several machines at once, shows what the blocking one shows."""
    ports = rehearse(a_set(12)).ports()
    fleet = ports.driver.fetch_fleet(parse_fleet_id(FLEET_ID))

    async def read() -> tuple[Any, Any]:
        everybody = await ports.driver.list_instances_async(fleet)
        return everybody, await ports.driver.fetch_instance_async(fleet, "web_11")

    everybody, last = asyncio.run(read())
    assert everybody == ports.driver.list_instances(fleet)
    assert [i.instance_id for i in everybody] == [f"web_{n}" for n in range(12)]
    assert last == everybody[-1]
    assert asyncio.run(ports.driver.fetch_instance_async(fleet, "web_99")) is None


@pytest.mark.parametrize("refused", [False, True], ids=["listed", "read one by one"])
def test_reading_is_told_apart_by_its_cost_alone(rehearse: Rehearse, *, refused: bool) -> None:
    """O7, R11: where the list of machines is refused the same rollout comes to the same end, with a read for each machine."""
    no = fault({"status": 400, "code": "InvalidParameter"}, "GET", "*/Microsoft.Compute/virtualMachines")
    rehearsal = rehearse(a_set(6, behaviours=[sick("web_3")], faults=[no] if refused else []))
    before = rehearsal.disks()

    view = rehearsal.run(health_timeout_seconds=30)

    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1
    assert rehearsal.disks() == {**rehearsal.disks(), "web_3": before["web_3"], "unattached": []}
    assert rehearsal.admin.violations() == []
    log = rehearsal.admin.get("requests")["log"]
    assert sum(call["status"] == 400 for call in log) == int(refused)


@pytest.mark.parametrize("ill", ["web_2", "web_5"])
def test_lists_that_lag_mislead_nobody(rehearse: Rehearse, ill: str) -> None:
    """O7, R11: over lists that are 10 s behind one instance gets its disk back, nobody else is failed, no disk is lost."""
    timings = {"listLag": 10, "extension": 0}
    rehearsal = rehearse(a_set(6, behaviours=[sick(ill)], timings=timings))
    before = rehearsal.disks()

    view = rehearsal.run()

    assert told(view)["status"] == "Completed"
    audit = rehearsal.admin.audit()
    assert audit["rollbacks"] == {ill.rpartition("_")[2]: 1}
    assert set(audit["swaps"].values()) == {1}
    assert rehearsal.disks() == {**rehearsal.disks(), ill: before[ill], "unattached": []}
    assert rehearsal.admin.violations() == []


def test_swap_that_failed_unseen_by_lagging_lists_is_restarted(rehearse: Rehearse) -> None:
    """R11, O7: over lagging lists, too, the machine whose swap failed is restarted on the disk that it never lost."""
    failed = fault({"operation": "Failed"}, "POST", "*/web_2/reimage", times=1)
    rehearsal = rehearse(a_set(3, faults=[failed], timings={"listLag": 10}))
    before = rehearsal.disks()

    view = rehearsal.run(health_timeout_seconds=60)

    assert view.swaps["web_2"].state == "rolled back"
    assert rehearsal.disks() == {**rehearsal.disks(), "web_2": before["web_2"], "unattached": []}


@pytest.mark.parametrize("trigger", ["automatic", "manual"])
def test_vanished_previous_version_comes_back_with_its_disk(rehearse: Rehearse, trigger: str) -> None:
    """O6, O7: the previous disk comes back whether or not the catalogue has its version: no hold and no note, and it does."""
    rehearsal = rehearse(a_set(3, versions=(NEW,), behaviours=[sick("web_1")]))
    before = rehearsal.disks()

    view = rehearsal.run(trigger=trigger, rollback=True)

    assert not any("O6" in note for note in view.rollout.plan["notes"])
    assert view.swaps["web_1"].state == "rolled back"
    assert rehearsal.disks()["web_1"] == before["web_1"]
    assert rehearsal.admin.audit()["imageVersions"] == {NEW: 2, OLD: 1}
