"""The driver against the emulator: a whole swap and rollback, and Azure's bad days."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from arm_bodies import HEALTH_EXTENSION, scale_set
from azure_doubles import FLEET_ID, SUBSCRIPTION, TOKEN, unguarded

from arm_emulator.server_thread import EmulatorServer
from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.errors import AuthenticationRefusedError
from fleetwright.azure.scale_sets import ScaleSetDriver
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import Health, Instance
from fleetwright.rollout.ports.operations import OperationState, OperationStatus
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

OLD, NEW = "18.04.202401010", "18.04.202402010"
TIMINGS = {"swap": 20, "boot": 10, "extension": 5, "health": 5}


def world(**changes: object) -> dict[str, Any]:
    """Six instances in three zones with two data disks each; two versions of their image."""
    resource = scale_set(upgradePolicy={"mode": "Manual"})
    resource["location"] = "westeurope"
    resource["sku"]["capacity"] = 6
    image = {
        "publisher": "Canonical",
        "offer": "UbuntuServer",
        "sku": "18.04-LTS",
        "locations": ["westeurope"],
    }
    extras = {"imageVersion": OLD, "dataDisksPerInstance": 2, "unhealthyInstances": ["5"]}
    return {
        "subscriptions": [{"id": SUBSCRIPTION}],
        "platformImages": [{**image, "versions": [{"name": NEW}, {"name": OLD}]}],
        "timings": TIMINGS,
        "scaleSets": [{"resource": resource, "x-emulator": extras}],
    } | changes


class EmulatorClock:
    """The emulator's manual clock as a ``Clock``."""

    def __init__(self, url: str) -> None:
        self._url = f"{url}/_emulator/clock"

    def now(self) -> datetime:
        return datetime.fromisoformat(requests.get(self._url, timeout=10).json()["now"])

    def wait_until(self, instant: datetime) -> None:
        if instant > self.now():
            answer = requests.post(self._url, json={"to": instant.astimezone(UTC).isoformat()}, timeout=10)
            answer.raise_for_status()


class Rehearsal:
    """An emulator with everything that a test asks of it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = EmulatorClock(url)
        self.client: ArmClient = connect(AzureEndpoint(url, StaticToken(TOKEN)), self.clock)
        self.driver = ScaleSetDriver(self.client)
        self.fleet: Fleet = self.driver.fetch_fleet(parse_fleet_id(FLEET_ID))

    def finish(self, url: str) -> OperationStatus:
        """Look at the operation until it ends."""
        status = self.driver.fetch_operation(url)
        while status.state is OperationState.RUNNING:
            self.client.wait(5)
            status = self.driver.fetch_operation(status.url)
        return status

    def instance(self, instance_id: str) -> Instance:
        return self.driver.fetch_instance(self.fleet, instance_id)

    def fault(self, effect: dict[str, Any], path: str, method: str = "POST", **more: object) -> None:
        fault = {"match": {"method": method, "path": path}, "effect": effect, **more}
        requests.post(f"{self.url}/_emulator/faults", json=fault, timeout=10).raise_for_status()

    def admin(self, route: str) -> dict[str, Any]:
        found: dict[str, Any] = requests.get(f"{self.url}/_emulator/{route}", timeout=10).json()
        return found


@pytest.fixture
def rehearsal() -> Iterator[Rehearsal]:
    """An emulator on a manual clock, and the driver for its one set."""
    with EmulatorServer(world(), clock="manual") as server:
        rehearsal = Rehearsal(server.url)
        yield rehearsal
        rehearsal.client.close()


def test_model_and_instances_are_read(rehearsal: Rehearsal) -> None:
    """What the world says is what the driver reads, one list call for all."""
    instances = rehearsal.driver.list_instances(rehearsal.fleet)

    assert (rehearsal.fleet.capacity, rehearsal.fleet.zones) == (6, ("1", "2", "3"))
    assert [(i.instance_id, i.zone) for i in instances] == [
        (str(number), str(number % 3 + 1)) for number in range(6)
    ]
    assert {i.version for i in instances} == {OLD}
    assert [i.health for i in instances] == [Health.HEALTHY] * 5 + [Health.UNHEALTHY]
    assert all(len(i.data_disk_ids) == 2 and i.power == "running" for i in instances)
    assert asyncio.run(rehearsal.driver.list_instances_async(rehearsal.fleet)) == instances
    assert rehearsal.instance("3") == instances[3]


def test_swap_replaces_the_os_disk_and_rollback_brings_the_version_back(rehearsal: Rehearsal) -> None:
    """Version and OS disk change, data disks stay, the version is read back afterwards (R5, O5, O7)."""
    before = rehearsal.instance("0")

    swap = rehearsal.finish(rehearsal.driver.begin_swap(rehearsal.fleet, ["0"], NEW, unguarded))
    swapped = rehearsal.instance("0")
    rollback = rehearsal.finish(rehearsal.driver.begin_rollback(rehearsal.fleet, ["0"], OLD, unguarded))
    restored = rehearsal.instance("0")

    assert (swap.state, rollback.state) == (OperationState.SUCCEEDED, OperationState.SUCCEEDED)
    assert [i.version for i in (before, swapped, restored)] == [OLD, NEW, OLD]
    assert len({i.os_disk_id for i in (before, swapped, restored)}) == 3
    assert before.data_disk_ids == swapped.data_disk_ids == restored.data_disk_ids
    assert {i.version for i in rehearsal.driver.list_instances(rehearsal.fleet)} == {OLD}
    audit = rehearsal.admin("audit")["scaleSets"][FLEET_ID]
    assert (audit["swaps"], audit["rollbacks"]) == ({"0": 1}, {"0": 1})


def test_swap_is_seen_under_way(rehearsal: Rehearsal) -> None:
    """The call returns at once; the instance shows Updating and the operation runs."""
    url = rehearsal.driver.begin_swap(rehearsal.fleet, ["0"], NEW, unguarded)

    assert rehearsal.driver.fetch_operation(url).state is OperationState.RUNNING
    assert asyncio.run(rehearsal.driver.fetch_operation_async(url)).state is OperationState.RUNNING
    assert not rehearsal.instance("0").is_settled


def test_manualupgrade_brings_an_instance_to_the_model(rehearsal: Rehearsal) -> None:
    """After a change of the model, ``prepare`` applies it and leaves disk and version alone (R31)."""
    change = {
        "properties": {"virtualMachineProfile": {"extensionProfile": {"extensions": [HEALTH_EXTENSION]}}}
    }
    change["properties"]["virtualMachineProfile"]["osProfile"] = {"customData": "bmV3"}
    answer = requests.patch(
        f"{rehearsal.url}{FLEET_ID}?api-version=2024-07-01",
        json=change,
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=10,
    )
    answer.raise_for_status()
    rehearsal.client.wait(60)
    before = rehearsal.instance("1")

    rehearsal.driver.prepare(rehearsal.fleet, [before], unguarded)
    after = rehearsal.instance("1")

    assert (before.latest_model_applied, after.latest_model_applied) == (False, True)
    assert (after.version, after.os_disk_id) == (before.version, before.os_disk_id)
    assert not rehearsal.instance("2").latest_model_applied


def test_busy_instance_refuses_a_second_swap(rehearsal: Rehearsal) -> None:
    """A swap of an instance in the middle of one is refused, and changed nothing."""
    rehearsal.driver.begin_swap(rehearsal.fleet, ["0"], NEW, unguarded)

    with pytest.raises(CallRefusedError) as raised:
        rehearsal.driver.begin_swap(rehearsal.fleet, ["0"], NEW, unguarded)

    assert (raised.value.status, raised.value.code) == (409, "OperationNotAllowed")


@pytest.mark.parametrize(
    ("effect", "was_applied"), [({"reset": True}, False), ({"applyThenReset": True}, True)]
)
def test_lost_answer_is_told_as_one(rehearsal: Rehearsal, effect: dict[str, Any], was_applied: bool) -> None:
    """A connection that breaks after the POST says nothing about the swap: reading the instance does."""
    rehearsal.fault(effect, "*/reimage", times=1)

    with pytest.raises(AnswerLostError):
        rehearsal.driver.begin_swap(rehearsal.fleet, ["0"], NEW, unguarded)

    assert rehearsal.instance("0").is_settled is not was_applied
    assert rehearsal.admin("requests")["byRoute"]["POST …reimage"] == 1


def test_throttled_swap_is_sent_again_when_azure_said(rehearsal: Rehearsal) -> None:
    """A 429 with 30 seconds is followed by the swap 30 world seconds later, once."""
    rehearsal.fault({"status": 429, "retryAfter": 30}, "*/reimage", times=1)
    started = rehearsal.clock.now()

    rehearsal.driver.begin_swap(rehearsal.fleet, ["0"], NEW, unguarded)

    assert (rehearsal.clock.now() - started).total_seconds() >= 30
    assert rehearsal.admin("audit")["scaleSets"][FLEET_ID]["swaps"] == {"0": 1}


@pytest.mark.parametrize("effect", [{"status": 503}, {"reset": True}, {"status": 429, "retryAfter": 3}])
def test_reads_ride_out_a_bad_minute(rehearsal: Rehearsal, effect: dict[str, Any]) -> None:
    """The list fails five times in a row and is read all the same, in virtual time."""
    rehearsal.fault(effect, "*/virtualMachines", "GET", times=5)

    assert len(rehearsal.driver.list_instances(rehearsal.fleet)) == 6


def test_failed_operation_is_told_with_code_and_message(rehearsal: Rehearsal) -> None:
    """An operation that Azure fails says why, and the version is the old one."""
    rehearsal.fault({"operation": "Failed", "code": "DiskBusy", "message": "try later"}, "*/reimage", times=1)

    status = rehearsal.finish(rehearsal.driver.begin_swap(rehearsal.fleet, ["0"], NEW, unguarded))

    assert (status.state, status.error) == (OperationState.FAILED, "DiskBusy: try later")
    assert rehearsal.instance("0").version == OLD


def test_catalogue_lists_versions_by_number(rehearsal: Rehearsal) -> None:
    """Both versions, oldest first; an image that is not there is named (R41)."""
    catalogue = AzureImageCatalogue(rehearsal.client)

    assert catalogue.list_versions(rehearsal.fleet, rehearsal.fleet.image) == (OLD, NEW)
    with pytest.raises(
        ConfigurationError, match="Canonical:UbuntuServer:none of web does not exist in westeurope"
    ):
        catalogue.list_versions(
            rehearsal.fleet, ImageReference("Canonical", "UbuntuServer", "none", "latest")
        )


def test_nobody_else_upgrades_the_set(rehearsal: Rehearsal) -> None:
    """A set without a rolling upgrade has no foreign rollout (O4)."""
    assert rehearsal.driver.fetch_foreign_rollout(rehearsal.fleet) == ""


def test_unknown_fleet_is_named(rehearsal: Rehearsal) -> None:
    """A set that is not in the world ends in one line."""
    with pytest.raises(ConfigurationError, match="/nothing is not at http"):
        rehearsal.driver.fetch_fleet(parse_fleet_id(FLEET_ID.replace("/web", "/nothing")))


def test_refused_token_is_named() -> None:
    """A token that the world does not know is refused with the endpoint's name."""
    with (
        EmulatorServer(world(tokens={"good": ["another"]}), clock="manual") as server,
        pytest.raises(AuthenticationRefusedError, match=f"{server.url} refused the token"),
    ):
        Rehearsal(server.url)


def test_large_set_comes_in_pages() -> None:
    """A thousand instances are read whole, in order, in fewer than ten calls."""
    document = world()
    document["scaleSets"][0]["resource"]["sku"]["capacity"] = 1000
    with EmulatorServer(document, clock="manual") as server:
        rehearsal = Rehearsal(server.url)
        before = rehearsal.admin("requests")["total"]

        instances = rehearsal.driver.list_instances(rehearsal.fleet)

        assert [i.instance_id for i in instances] == [str(number) for number in range(1000)]
        assert rehearsal.admin("requests")["total"] - before < 10
