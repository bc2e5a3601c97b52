"""The driver of Flexible sets against a scripted ARM: which calls leave, in which order, and what guards them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from azure_doubles import DROPPED, SUBSCRIPTION, Reply, ScriptedServer, Seen, arm_error_body, unguarded

from fleetwright.azure.client import ArmClient
from fleetwright.azure.scale_sets import ScaleSetDriver
from fleetwright.domain.errors import ConfigurationError, LeaseLostError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance
from fleetwright.rollout.ports.driver import DiskState, FleetDriver

NEW = "18.04.202402010"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute"
OLD_DISK, NEW_DISK = f"{GROUP}/disks/old", f"{GROUP}/disks/new"


class Machine:
    """One virtual machine and its two disks, which answer as Azure would, at once."""

    def __init__(self, disk: str = NEW_DISK, option: str = "Delete", power: str = "running") -> None:
        self.disk, self.option, self.power = disk, option, power
        self.provisioning = "Succeeded"
        self.stubborn: set[str] = set()
        self.lost: list[str] = []

    def __call__(self, seen: Seen) -> Reply:
        path = seen.target.partition("?")[0]
        action = path.rpartition("/")[2]
        if seen.method == "GET":
            return self._read(path)
        if action not in self.stubborn:
            self._change(action, seen.body or {})
        return DROPPED if self.lost and self.lost.pop(0) == action else Reply(200, {})

    def _change(self, action: str, body: dict[str, Any]) -> None:
        powers = {"deallocate": "deallocated", "start": "running", "restart": "running"}
        self.power = powers.get(action, self.power)
        wanted = body.get("properties", {}).get("storageProfile", {}).get("osDisk", {})
        self.option = wanted.get("deleteOption", self.option)
        self.disk = wanted.get("managedDisk", {}).get("id", self.disk)

    def _read(self, path: str) -> Reply:
        if "/disks/" in path:
            is_attached = path.lower() == self.disk.lower()
            state = "Attached" if is_attached else "Unattached"
            owner = {"managedBy": f"{GROUP}/virtualMachines/web_3"} if is_attached else {}
            return Reply(200, {"id": path, "properties": {"diskState": state}, **owner})
        os_disk = {"managedDisk": {"id": self.disk}, "deleteOption": self.option}
        properties = {
            "provisioningState": self.provisioning,
            "storageProfile": {"osDisk": os_disk, "imageReference": {"exactVersion": NEW}},
            "instanceView": {"statuses": [{"code": f"PowerState/{self.power}"}]},
        }
        return Reply(200, {"name": "web_3", "properties": properties})


@pytest.fixture
def machine(server: ScriptedServer) -> Machine:
    """The machine that the server is."""
    machine = Machine()
    server.script(machine)
    return machine


@pytest.fixture
def driver(client: ArmClient) -> FleetDriver:
    """The driver, as the port that it is."""
    return ScaleSetDriver(client)


@pytest.fixture
def flexible(fleet: Fleet) -> Fleet:
    """The same scale set, Flexible."""
    return replace(fleet, orchestration_mode="Flexible")


def changes(server: ScriptedServer) -> list[tuple[str, str]]:
    """The calls that change something, by method and last word."""
    return [
        (seen.method, seen.target.partition("?")[0].rpartition("/")[2])
        for seen in server.seen
        if seen.method != "GET"
    ]


def test_each_machine_has_a_call_of_its_own(driver: FleetDriver, flexible: Fleet) -> None:
    """A Flexible set's swaps are sent one by one, at its machines (N7)."""
    assert driver.split_calls(flexible, ("web_1", "web_2")) == (("web_1",), ("web_2",))


def test_swap_is_a_reimage_of_the_machine(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, machine: Machine
) -> None:
    """POST reimage with exactVersion, and nothing else (O5)."""
    driver.begin_swap(flexible, ("web_3",), NEW, unguarded)

    (seen,) = server.seen
    assert (seen.method, seen.body) == ("POST", {"exactVersion": NEW})
    assert seen.target.startswith(f"{GROUP}/virtualMachines/web_3/reimage?api-version=")


def test_detach_is_set_and_read_back(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, machine: Machine
) -> None:
    """DeleteOption becomes Detach by one PATCH, which is seen by reading; one that has it is left alone (O7)."""
    has_it = Instance("web_4", os_disk_delete_option="detach")

    failed = driver.keep_disks(flexible, (Instance("web_3"), has_it), unguarded)

    assert (failed, machine.option) == ({}, "Detach")
    assert [seen.method for seen in server.seen] == ["GET", "PATCH", "GET"]


def test_detach_that_has_no_effect_is_told(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, machine: Machine
) -> None:
    """A machine that never shows Detach is not to be swapped, with that reason (O7)."""
    machine.stubborn.add("web_3")

    failed = driver.keep_disks(flexible, (Instance("web_3"),), unguarded)

    assert failed == {"web_3": "setting deleteOption to Detach ended without an effect"}
    assert changes(server) == [("PATCH", "web_3")]


def test_rollback_takes_its_steps_in_order(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, machine: Machine
) -> None:
    """Deallocate, then the old disk, then start; each call is guarded (R11, O7)."""
    asked: list[int] = []

    failed = driver.prepare_rollback(flexible, {"web_3": OLD_DISK}, lambda: asked.append(1))
    driver.begin_rollback(flexible, ("web_3",), "18.04.202401010", lambda: asked.append(1))

    assert failed == {}
    assert changes(server) == [("POST", "deallocate"), ("PATCH", "web_3"), ("POST", "start")]
    assert (machine.disk, machine.power, len(asked)) == (OLD_DISK, "running", 3)


@pytest.mark.parametrize(
    ("disk", "power", "left"),
    [
        (NEW_DISK, "deallocated", [("PATCH", "web_3")]),
        (OLD_DISK, "deallocated", []),
        (OLD_DISK, "running", []),
    ],
)
def test_rollback_goes_on_where_the_machine_is(
    driver: FleetDriver,
    flexible: Fleet,
    server: ScriptedServer,
    machine: Machine,
    *,
    disk: str,
    power: str,
    left: list[tuple[str, str]],
) -> None:
    """Whoever comes after a crash sends only what the machine still lacks (O7)."""
    machine.disk, machine.power = disk, power

    assert driver.prepare_rollback(flexible, {"web_3": OLD_DISK}, unguarded) == {}
    assert changes(server) == left


@pytest.mark.parametrize("lost", ["deallocate", "web_3"])
def test_lost_answer_is_followed_by_reading(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, machine: Machine, lost: str
) -> None:
    """A step that was carried out although its answer was lost is not sent again (O7)."""
    machine.lost = ["deallocate"] if lost == "deallocate" else ["", "web_3"]

    assert driver.prepare_rollback(flexible, {"web_3": OLD_DISK}, unguarded) == {}
    assert changes(server) == [("POST", "deallocate"), ("PATCH", "web_3")]


def test_machine_that_is_running_on_its_old_disk_is_restarted(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, machine: Machine
) -> None:
    """Where the swap never took the disk away there is nothing to start: the machine is restarted (O7)."""
    machine.disk = OLD_DISK

    driver.begin_rollback(flexible, ("web_3",), "18.04.202401010", unguarded)

    assert changes(server) == [("POST", "restart")]


def test_fenced_off_process_sends_nothing(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, machine: Machine
) -> None:
    """The guard stands before the first step, and its word is final."""

    def fenced() -> None:
        raise LeaseLostError("somebody else has it")

    with pytest.raises(LeaseLostError):
        driver.prepare_rollback(flexible, {"web_3": OLD_DISK}, fenced)
    assert changes(server) == []


def test_refused_step_is_the_machines_own_reason(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer
) -> None:
    """One machine's refusal is told for that machine, and the others go on (C11)."""
    machine = Machine()

    def answer(seen: Seen) -> Reply:
        if "web_9/deallocate" in seen.target:
            return Reply(409, arm_error_body("OperationNotAllowed"))
        return machine(seen)

    server.script(answer)

    failed = driver.prepare_rollback(flexible, {"web_9": OLD_DISK, "web_3": OLD_DISK}, unguarded)

    assert list(failed) == ["web_9"]
    assert "OperationNotAllowed" in failed["web_9"]
    assert machine.disk == OLD_DISK


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (Reply(404, arm_error_body("ResourceNotFound")), DiskState.GONE),
        (Reply(200, {"properties": {"diskState": "Unattached"}}), DiskState.UNATTACHED),
        (Reply(200, {"properties": {"diskState": "Reserved"}}), DiskState.ATTACHED),
        (Reply(200, {"managedBy": "vm", "properties": {"diskState": "Unattached"}}), DiskState.ATTACHED),
        (Reply(200, {"properties": {"diskState": "ActiveSAS"}}), DiskState.ATTACHED),
        (Reply(200, {"properties": {}}), DiskState.ATTACHED),
    ],
)
def test_only_what_is_plainly_unattached_is_free(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, reply: Reply, state: DiskState
) -> None:
    """A disk that anybody may have, or whose state is not told, counts as attached."""
    server.script(reply)

    assert driver.fetch_disks(flexible, [OLD_DISK]) == {OLD_DISK: state}


def test_only_disks_are_deleted(driver: FleetDriver, flexible: Fleet, server: ScriptedServer) -> None:
    """What is no managed disk's id is never part of a DELETE."""
    with pytest.raises(ConfigurationError, match="is not the id of a managed disk"):
        driver.begin_delete_disk(flexible, f"{GROUP}/virtualMachines/web_3", unguarded)
    assert server.seen == []
