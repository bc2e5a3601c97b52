"""Flexible scale sets: their members are virtual machines, driven by the official client."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.mgmt.compute.models import VirtualMachineReimageParameters
from emulated_worlds import (
    SUBSCRIPTION,
    V1,
    V2,
    Emulator,
    Json,
    Serve,
    scale_set,
    scale_set_id,
    world,
)

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute"


def machine_id(name: str = "web_0") -> str:
    """The id of a virtual machine."""
    return f"{GROUP}/virtualMachines/{name}"


def flexible(capacity: int = 3, zones: tuple[str, ...] = (), **extras: object) -> dict[str, Any]:
    """A Flexible scale set of a world document."""
    document = scale_set(capacity=capacity, zones=zones, **extras)
    document["resource"]["properties"]["orchestrationMode"] = "Flexible"
    return document


def flexible_world(*, capacity: int = 3, sections: dict[str, Any] | None = None, **extras: object) -> Json:
    """A world with one Flexible set."""
    return world(flexible(capacity, **extras), **(sections or {}))


def machine(emulator: Emulator, name: str = "web_0") -> dict[str, Any]:
    """A machine with its view."""
    answer = emulator.arm("GET", machine_id(name), params={"$expand": "instanceView"})
    assert answer.status_code == 200, answer.text
    return answer.json()


def os_disk(emulator: Emulator, name: str = "web_0") -> dict[str, Any]:
    """A machine's OS disk."""
    return machine(emulator, name)["properties"]["storageProfile"]["osDisk"]


def version(emulator: Emulator, name: str = "web_0") -> str:
    """The image version that a machine runs."""
    return machine(emulator, name)["properties"]["storageProfile"]["imageReference"]["exactVersion"]


def power(emulator: Emulator, name: str = "web_0") -> str:
    """The word after ``PowerState/``."""
    codes = [s["code"] for s in machine(emulator, name)["properties"]["instanceView"]["statuses"]]
    return next(code.partition("/")[2] for code in codes if code.startswith("PowerState/"))


def detach(emulator: Emulator, name: str = "web_0") -> None:
    """Let a machine's OS disk outlive its replacement."""
    body = {"properties": {"storageProfile": {"osDisk": {"deleteOption": "Detach"}}}}
    assert emulator.arm("PATCH", machine_id(name), body).status_code == 200


def act(emulator: Emulator, action: str, name: str = "web_0", body: object = None) -> None:
    """An action on a machine, accepted."""
    answer = emulator.arm("POST", f"{machine_id(name)}/{action}", body)
    assert answer.status_code == 202, answer.text


def attach(emulator: Emulator, disk_id: str, name: str = "web_0") -> Any:  # noqa: ANN401 - a response
    """Ask for another OS disk."""
    disk = {"name": disk_id.rpartition("/")[2], "managedDisk": {"id": disk_id}}
    return emulator.arm("PATCH", machine_id(name), {"properties": {"storageProfile": {"osDisk": disk}}})


def unattached(emulator: Emulator) -> list[str]:
    """The ids of the disks that nothing has attached."""
    disks = emulator.arm("GET", f"{GROUP}/disks").json()["value"]
    return [disk["id"] for disk in disks if disk["properties"]["diskState"] == "Unattached"]


def test_whole_way_through_the_official_client(serve: Serve) -> None:
    """N7, O7: reimage keeps the detached disk, deallocate, swap of the OS disk and start bring it back, as the unmodified client asks for it."""
    emulator = serve(flexible_world())
    compute = emulator.compute()
    machines, disks = compute.virtual_machines, compute.disks
    keep = {"storageProfile": {"osDisk": {"deleteOption": "Detach"}}}
    machines.begin_update("rg", "web_1", {"properties": keep}).result(30)
    old = machines.get("rg", "web_1").storage_profile.os_disk.managed_disk.id

    poller = machines.begin_reimage("rg", "web_1", VirtualMachineReimageParameters(exact_version=V2))
    before = poller.status()
    emulator.advance(300)
    poller.result(30)
    swapped = machines.get("rg", "web_1").storage_profile
    poller = machines.begin_deallocate("rg", "web_1")
    emulator.advance(60)
    poller.result(30)
    put_back = {"name": old.rpartition("/")[2], "managedDisk": {"id": old}}
    machines.begin_update("rg", "web_1", {"properties": {"storageProfile": {"osDisk": put_back}}}).result(30)
    poller = machines.begin_start("rg", "web_1")
    emulator.advance(60)
    poller.result(30)
    restored = machines.get("rg", "web_1", expand="instanceView")

    assert before == "InProgress"
    assert (swapped.image_reference.exact_version, swapped.os_disk.managed_disk.id == old) == (V2, False)
    assert restored.storage_profile.os_disk.managed_disk.id == old
    assert restored.storage_profile.image_reference.exact_version == V1
    assert restored.instance_view.vm_health.status.code == "HealthState/healthy"
    bad = swapped.os_disk.managed_disk.id
    assert disks.get("rg", bad.rpartition("/")[2]).disk_state == "Unattached"
    disks.begin_delete("rg", bad.rpartition("/")[2]).result(30)
    with pytest.raises(ResourceNotFoundError):
        disks.get("rg", bad.rpartition("/")[2])
    assert emulator.audit()["swaps"] == {"1": 1}
    assert emulator.audit()["rollbacks"] == {"1": 1}
    assert emulator.broken_rules() == []


def test_members_are_listed_by_their_names_without_views(serve: Serve) -> None:
    """The set lists its members by VM name; health comes with one call for each, never with the list."""
    emulator = serve(flexible_world())

    listed = emulator.arm(
        "GET", f"{scale_set_id()}/virtualMachines", params={"$expand": "instanceView"}
    ).json()["value"]

    assert [(m["name"], m["instanceId"]) for m in listed] == [(f"web_{n}", f"web_{n}") for n in range(3)]
    assert all("instanceView" not in m["properties"] for m in listed)
    assert all(m["properties"]["latestModelApplied"] for m in listed)
    view = machine(emulator, "WEB_2")["properties"]
    assert view["virtualMachineScaleSet"]["id"] == scale_set_id()
    assert view["instanceView"]["vmHealth"]["status"]["code"] == "HealthState/healthy"
    assert view["instanceView"]["platformUpdateDomain"] == 2
    assert view["platformFaultDomain"] == 2


def test_machines_are_listed_by_group_and_by_subscription(serve: Serve) -> None:
    """Only members of Flexible sets are virtual machines."""
    emulator = serve(world(flexible(2), scale_set("uniform", capacity=2)))

    for path in (GROUP, f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute"):
        listed = emulator.arm("GET", f"{path}/virtualMachines").json()["value"]
        assert [m["name"] for m in listed] == ["web_0", "web_1"]
    assert emulator.arm("GET", machine_id("uniform_0")).status_code == 404


@pytest.mark.parametrize(("option", "kept"), [("Delete", 0), ("Detach", 1)])
def test_delete_option_decides_about_the_old_disk(serve: Serve, option: str, kept: int) -> None:
    """R5: reimage makes a new disk; the old one is deleted by default and kept unattached with ``Detach``; data disks stay."""
    emulator = serve(flexible_world(dataDisksPerInstance=2))
    old = machine(emulator)["properties"]["storageProfile"]
    if option == "Detach":
        detach(emulator)

    act(emulator, "reimage", body={"exactVersion": V2})
    emulator.advance(100)

    new = machine(emulator)["properties"]["storageProfile"]
    assert new["osDisk"]["managedDisk"]["id"] != old["osDisk"]["managedDisk"]["id"]
    assert new["osDisk"]["deleteOption"] == option
    assert new["dataDisks"] == old["dataDisks"]
    assert unattached(emulator) == [old["osDisk"]["managedDisk"]["id"]] * kept


def test_another_os_disk_needs_a_deallocated_machine(serve: Serve) -> None:
    """The OS disk is swapped on a deallocated machine only, and only for a disk that is there and free."""
    emulator = serve(flexible_world())
    detach(emulator)
    old = os_disk(emulator)["managedDisk"]["id"]
    act(emulator, "reimage", body={"exactVersion": V2})
    emulator.advance(100)

    running = attach(emulator, old)
    act(emulator, "deallocate")
    busy = attach(emulator, old)
    emulator.advance(10)
    of_another = attach(emulator, os_disk(emulator, "web_1")["managedDisk"]["id"])
    missing = attach(emulator, f"{GROUP}/disks/none")
    allowed = attach(emulator, old)

    assert [a.status_code for a in (running, busy, of_another, missing, allowed)] == [409, 409, 409, 404, 200]
    assert running.json()["error"]["code"] == "OperationNotAllowed"
    assert os_disk(emulator)["managedDisk"]["id"] == old
    assert (version(emulator), power(emulator)) == (V1, "deallocated")


def test_attached_disk_is_not_deleted(serve: Serve) -> None:
    """A disk that a machine has, running or deallocated, is refused with 409; one that is gone already is fine."""
    emulator = serve(flexible_world())
    disk = os_disk(emulator)["managedDisk"]["id"]
    states = []
    for _ in range(2):
        states.append(emulator.arm("GET", disk).json()["properties"]["diskState"])
        refused = emulator.arm("DELETE", disk)
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "OperationNotAllowed")
        act(emulator, "deallocate")
        emulator.advance(10)

    assert states == ["Attached", "Reserved"]
    assert emulator.arm("GET", disk).json()["managedBy"] == machine_id()
    assert emulator.arm("DELETE", f"{GROUP}/disks/none").status_code == 204


def test_power_takes_its_time_and_counts_as_not_ready(serve: Serve) -> None:
    """Deallocate, start, restart and power off go through their states; what does not run is out of service."""
    emulator = serve(flexible_world())
    seen = []
    for action, seconds in (
        ("deallocate", 10),
        ("start", 15),
        ("powerOff", 10),
        ("start", 15),
        ("restart", 15),
    ):
        act(emulator, action)
        seen.append(power(emulator))
        emulator.advance(seconds)
        seen.append(power(emulator))

    assert seen == [
        *("deallocating", "deallocated", "starting", "running", "stopping", "stopped"),
        *("starting", "running", "starting", "running"),
    ]
    assert emulator.audit()["maxOutOfService"] == 1


@pytest.mark.parametrize("action", ["reimage", "reimageall"])
def test_scale_set_actions_on_disks_are_refused(serve: Serve, action: str) -> None:
    """N7: a Flexible set's members are reimaged one by one, at their virtual machines."""
    emulator = serve(flexible_world())

    answer = emulator.arm("POST", f"{scale_set_id()}/{action}", {"instanceIds": ["web_0"]})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert "Flexible" in answer.json()["error"]["message"]


def test_manual_upgrade_takes_machine_names(serve: Serve) -> None:
    """R31: ``manualupgrade`` of a Flexible set names its virtual machines."""
    emulator = serve(flexible_world(capacity=2))
    emulator.arm("PATCH", scale_set_id(), {"properties": {"virtualMachineProfile": {"priority": "Regular"}}})

    answer = emulator.arm("POST", f"{scale_set_id()}/manualupgrade", {"instanceIds": ["web_1"]})
    emulator.advance(60)

    listed = emulator.arm("GET", f"{scale_set_id()}/virtualMachines").json()["value"]
    assert answer.status_code == 202
    assert [m["properties"]["latestModelApplied"] for m in listed] == [False, True]


@pytest.mark.parametrize("named", ["1", "web_1"])
def test_behaviours_and_faults_name_members_by_id_or_by_machine(serve: Serve, named: str) -> None:
    """A world may call a member 1 or web_1; the referee's report keeps the ids."""
    fault = {
        "match": {"method": "POST", "path": "*/deallocate", "instances": [named]},
        "effect": {"status": 503},
    }
    sick = {"version": V2, "instances": [named], "health": "unhealthy"}
    emulator = serve(flexible_world(sections={"imageBehaviours": [sick], "faults": [fault]}))

    act(emulator, "reimage", "web_1", {"exactVersion": V2})
    emulator.advance(100)

    health = machine(emulator, "web_1")["properties"]["instanceView"]["vmHealth"]["status"]["code"]
    assert health == "HealthState/unhealthy"
    assert emulator.arm("POST", f"{machine_id('web_1')}/deallocate").status_code == 503
    assert emulator.arm("POST", f"{machine_id('web_0')}/deallocate").status_code == 202
    emulator.admin("POST", "instances", {"id": scale_set_id(), "instances": [named], "health": "healthy"})
    assert emulator.audit()["swaps"] == {"1": 1}


def test_data_disks_change_from_outside(serve: Serve) -> None:
    """R5: PATCH of a machine moves, adds and takes away data disks; what it takes away is kept unattached."""
    emulator = serve(flexible_world(dataDisksPerInstance=2))
    first, second = machine(emulator)["properties"]["storageProfile"]["dataDisks"]
    wanted = [{**first, "lun": 5, "caching": "ReadOnly"}, {"lun": 6, "createOption": "Empty"}]

    answer = emulator.arm("PATCH", machine_id(), {"properties": {"storageProfile": {"dataDisks": wanted}}})

    assert answer.status_code == 200, answer.text
    shown = machine(emulator)["properties"]["storageProfile"]["dataDisks"]
    assert [
        (d["lun"], d["caching"], d["managedDisk"]["id"] == first["managedDisk"]["id"]) for d in shown
    ] == [
        (5, "ReadOnly", True),
        (6, "None", False),
    ]
    assert unattached(emulator) == [second["managedDisk"]["id"]]


def test_preserved_disks_survive_a_reload(serve: Serve) -> None:
    """A world written out in the middle of a rollback loads again: the kept disks, the attached one, the operation in progress."""
    emulator = serve(flexible_world())
    detach(emulator)
    old = os_disk(emulator)["managedDisk"]["id"]
    act(emulator, "reimage", body={"exactVersion": V2})
    emulator.advance(100)
    act(emulator, "deallocate")
    emulator.advance(10)
    attach(emulator, old)
    bad = unattached(emulator)
    act(emulator, "deallocate", "web_1")

    again = serve(emulator.admin("GET", "world"))
    again.advance(10)

    assert (unattached(again), os_disk(again)["managedDisk"]["id"], version(again)) == (bad, old, V1)
    assert os_disk(again)["deleteOption"] == "Detach"
    assert power(again, "web_1") == "deallocated"


def test_protection_of_a_member(serve: Serve) -> None:
    """N23: a member is protected at its machine from 2023-09-01 on; a swap of it is a violation."""
    emulator = serve(flexible_world(capacity=5))
    shield = {"protectionPolicy": {"protectFromScaleIn": True, "protectFromScaleSetActions": True}}

    older = emulator.arm("PATCH", machine_id(), {"properties": shield}, api_version="2023-07-01")
    emulator.arm("PATCH", machine_id(), {"properties": shield})
    act(emulator, "reimage", body={"exactVersion": V2})

    assert older.status_code == 400
    listed = emulator.arm("GET", f"{scale_set_id()}/virtualMachines").json()["value"]
    assert listed[0]["properties"]["protectionPolicy"]["protectFromScaleSetActions"]
    assert emulator.broken_rules() == ["N23"]


def test_rollback_is_in_flight_from_its_deallocation_on(serve: Serve) -> None:
    """R11: a rollback by its preserved disk counts from the deallocation until the machine is ready."""
    emulator = serve(flexible_world(sections={"imageBehaviours": [{"version": V2, "health": "unhealthy"}]}))
    detach(emulator)
    old = os_disk(emulator)["managedDisk"]["id"]
    act(emulator, "reimage", body={"exactVersion": V2})
    emulator.advance(400)
    busy = emulator.audit()["busySeconds"]

    act(emulator, "deallocate")
    emulator.advance(10)
    attach(emulator, old)
    emulator.advance(5)
    act(emulator, "start")
    emulator.advance(20)

    assert emulator.audit()["busySeconds"] == pytest.approx(busy + 35)
    assert emulator.audit()["rollbacks"] == {"0": 1}


def test_deleted_machine_leaves_a_detached_disk(serve: Serve) -> None:
    """DELETE of a machine keeps its OS disk only where ``deleteOption`` is ``Detach``."""
    emulator = serve(flexible_world())
    detach(emulator)
    kept = os_disk(emulator)["managedDisk"]["id"]

    for name in ("web_0", "web_1"):
        assert emulator.arm("DELETE", machine_id(name)).status_code == 202

    assert unattached(emulator) == [kept]
    assert emulator.arm("GET", scale_set_id()).json()["sku"]["capacity"] == 1


def test_official_client_sees_refusals(serve: Serve) -> None:
    """A busy machine refuses every change with ``OperationNotAllowed``."""
    emulator = serve(flexible_world())
    act(emulator, "reimage", body={"exactVersion": V2})

    with pytest.raises(HttpResponseError, match="OperationNotAllowed"):
        emulator.compute().virtual_machines.begin_deallocate("rg", "web_0")


def test_disks_of_uniform_sets_are_listed_too(serve: Serve) -> None:
    """Every instance's disks are managed disks, with the instance that has them."""
    emulator = serve(world(scale_set(capacity=1, dataDisksPerInstance=1)))

    listed = emulator.arm("GET", f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/disks").json()

    assert [disk["managedBy"] for disk in listed["value"]] == [f"{scale_set_id()}/virtualMachines/0"] * 2
    assert listed["value"][0]["properties"]["creationData"]["imageReference"]["exactVersion"] == V1
    assert all("timeCreated" in disk["properties"] for disk in listed["value"])
