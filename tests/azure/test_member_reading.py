"""Reading Flexible sets and their disks against a scripted ARM: one list for many, and a read of its own where that fails."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure_doubles import FLEET_ID, SUBSCRIPTION, Reply, ScriptedServer, Seen, arm_error_body

from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import ArmError
from fleetwright.azure.scale_sets import ScaleSetDriver
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Health, Instance
from fleetwright.rollout.ports.driver import DiskState, FleetDriver

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute"
REFUSED = Reply(400, arm_error_body("InvalidParameter", "The $filter is not supported."))

Reading = Callable[[FleetDriver, Fleet], tuple[Instance, ...]]


def member(name: str, **properties: object) -> dict[str, Any]:
    """A member as the set lists it."""
    return {"instanceId": name, "name": name, "properties": {"latestModelApplied": True, **properties}}


def machine(name: str, **properties: object) -> dict[str, Any]:
    """A virtual machine with its view."""
    view = {
        "statuses": [{"code": "PowerState/running"}],
        "vmHealth": {"status": {"code": "HealthState/healthy"}},
    }
    return {"name": name, "zones": ["2"], "properties": {"instanceView": view, **properties}}


@dataclass
class Azure:
    """Members, machines, and what the list of machines answers instead of them."""

    members: list[dict[str, Any]] = field(default_factory=list)
    listed: list[dict[str, Any]] = field(default_factory=list)
    alone: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusal: Reply | None = None

    def __call__(self, seen: Seen) -> Reply:
        path = urlsplit(seen.target).path
        if path == f"{FLEET_ID}/virtualMachines":
            return Reply(200, {"value": self.members})
        if path == f"{GROUP}/virtualMachines":
            return self.refusal or Reply(200, {"value": self.listed})
        body = self.alone.get(path.rpartition("/")[2])
        return Reply(404, arm_error_body("ResourceNotFound")) if body is None else Reply(200, body)


@pytest.fixture
def azure(server: ScriptedServer) -> Azure:
    """What the server is."""
    azure = Azure()
    server.script(azure)
    return azure


@pytest.fixture
def driver(client: ArmClient) -> FleetDriver:
    """The driver, as the port that it is."""
    return ScaleSetDriver(client)


@pytest.fixture
def flexible(fleet: Fleet) -> Fleet:
    """A Flexible set."""
    return replace(fleet, orchestration_mode="Flexible")


def read_async(driver: FleetDriver, fleet: Fleet) -> tuple[Instance, ...]:
    """As a trigger reads."""
    return asyncio.run(driver.list_instances_async(fleet))


def read(driver: FleetDriver, fleet: Fleet) -> tuple[Instance, ...]:
    """As a worker reads."""
    return driver.list_instances(fleet)


BOTH_HALVES = pytest.mark.parametrize("reading", [read, read_async], ids=["worker", "trigger"])


def paths(server: ScriptedServer) -> list[str]:
    """What was read, below the resource group."""
    return [urlsplit(seen.target).path.removeprefix(f"{GROUP}/") for seen in server.seen]


@BOTH_HALVES
def test_a_set_is_two_lists(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, azure: Azure, reading: Reading
) -> None:
    """O7, R31, N23: the model comes from the set's list, zone and health from the machines', protection from either; nobody is read alone."""
    shield = {"protectionPolicy": {"protectFromScaleSetActions": True}}
    azure.members = [member("web_2", latestModelApplied=False), member("web_10", **shield), member("web_3")]
    azure.listed = [machine("web_10"), machine("WEB_2"), machine("web_3", **shield)]

    found = reading(driver, flexible)

    assert [(i.instance_id, i.latest_model_applied, i.protected) for i in found] == [
        ("web_2", False, False),
        ("web_3", True, True),
        ("web_10", True, True),
    ]
    assert {(i.zone, i.health, i.power) for i in found} == {("2", Health.HEALTHY, "running")}
    assert paths(server) == ["virtualMachineScaleSets/web/virtualMachines", "virtualMachines"]
    query = parse_qs(urlsplit(server.seen[1].target).query)
    assert query["$filter"] == [f"'virtualMachineScaleSet/id' eq '{FLEET_ID}'"]
    assert query["$expand"] == ["instanceView"]
    assert "+" not in server.seen[1].target


@BOTH_HALVES
def test_who_is_not_listed_is_read_alone(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer, azure: Azure, reading: Reading
) -> None:
    """O7: a member that the list of machines does not show is gone only when its machine itself is."""
    azure.members = [member("web_1"), member("web_2"), member("web_3")]
    azure.listed, azure.alone = [machine("web_1")], {"web_3": machine("web_3")}

    found = reading(driver, flexible)

    assert [i.instance_id for i in found] == ["web_1", "web_3"]
    assert sorted(paths(server)[2:]) == ["virtualMachines/web_2", "virtualMachines/web_3"]


@BOTH_HALVES
def test_refused_list_is_asked_for_once(
    driver: FleetDriver,
    flexible: Fleet,
    server: ScriptedServer,
    azure: Azure,
    caplog: pytest.LogCaptureFixture,
    *,
    reading: Reading,
) -> None:
    """O7: an endpoint that refuses filter or view is asked once; from then on every machine is read by itself, and the log says so."""
    azure.members, azure.alone = [member("web_1")], {"web_1": machine("web_1")}
    azure.refusal = REFUSED

    with caplog.at_level(logging.WARNING):
        first, second = reading(driver, flexible), reading(driver, flexible)

    assert first == second
    assert [i.instance_id for i in first] == ["web_1"]
    assert paths(server).count("virtualMachines") == 1
    (said,) = [record.message for record in caplog.records]
    assert "each is read by itself" in said
    assert "InvalidParameter" in said


@pytest.mark.parametrize(("status", "listed_before"), [(400, True), (409, False), (410, False)])
@BOTH_HALVES
def test_other_refusals_are_errors(
    driver: FleetDriver,
    flexible: Fleet,
    azure: Azure,
    *,
    reading: Reading,
    status: int,
    listed_before: bool,
) -> None:
    """O7: what listed machines before does not turn into hundreds of calls over one bad answer."""
    azure.members = azure.listed = [machine("web_1")]
    if listed_before:
        reading(driver, flexible)
    azure.refusal = Reply(status, arm_error_body("Oops"))

    with pytest.raises(ArmError, match="Oops"):
        reading(driver, flexible)


def disk(name: str, state: str = "Unattached") -> dict[str, Any]:
    """A disk as its list shows it."""
    return {"id": f"{GROUP}/disks/{name}", "properties": {"diskState": state}}


def ids(*names: str) -> list[str]:
    """The ids of disks, in another case than the list's."""
    return [f"{GROUP}/disks/{name}".lower() for name in names]


def test_many_disks_are_one_list(driver: FleetDriver, flexible: Fleet, server: ScriptedServer) -> None:
    """O7: one list tells how the disks of a batch stand; one that it does not show is asked for by itself."""

    def answer(seen: Seen) -> Reply:
        if urlsplit(seen.target).path.lower() == f"{GROUP}/disks".lower():
            return Reply(200, {"value": [disk("A"), disk("b", "Attached"), disk("c", "Reserved"), disk("x")]})
        is_hidden = "/disks/hidden" in seen.target
        return Reply(200, disk("hidden")) if is_hidden else Reply(404, arm_error_body("ResourceNotFound"))

    server.script(answer)

    found = driver.fetch_disks(flexible, ids("a", "b", "c", "hidden", "gone"))

    states = (
        DiskState.UNATTACHED,
        DiskState.ATTACHED,
        DiskState.ATTACHED,
        DiskState.UNATTACHED,
        DiskState.GONE,
    )
    assert found == dict(zip(ids("a", "b", "c", "hidden", "gone"), states, strict=True))
    assert len(server.seen) == 3


def test_disks_that_cannot_be_read_are_not_told(
    driver: FleetDriver, flexible: Fleet, server: ScriptedServer
) -> None:
    """O7: a list that is refused is followed by a read of each, and a disk that cannot be read either has no state at all."""

    def answer(seen: Seen) -> Reply:
        is_free = "/disks/a?" in seen.target
        return Reply(200, disk("a")) if is_free else Reply(403, arm_error_body("AuthorizationFailed"))

    server.script(answer)

    found = driver.fetch_disks(flexible, [*ids("a", "b", "c", "d"), f"{GROUP}/virtualMachines/web_1"])

    assert found == {ids("a")[0]: DiskState.UNATTACHED}
