"""The scale set driver against a scripted ARM: what is sent, and what an answer becomes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from arm_bodies import instance, scale_set
from azure_doubles import (
    DROPPED,
    FLEET_ID,
    Reply,
    ScriptedServer,
    Seen,
    VirtualClock,
    arm_error_body,
    unguarded,
)

from fleetwright.azure.catalogue import AzureImageCatalogue
from fleetwright.azure.client import ArmClient
from fleetwright.azure.scale_sets import ScaleSetDriver
from fleetwright.azure.urls import API_VERSIONS
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import Instance
from fleetwright.rollout.ports.catalogue import ImageCatalogue
from fleetwright.rollout.ports.driver import FleetDriver
from fleetwright.rollout.ports.operations import OperationState
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError, OperationFailedError

VERSION = "18.04.202402010"
BEHIND = Instance("1", latest_model_applied=False)


@pytest.fixture
def driver(client: ArmClient) -> FleetDriver:
    """The driver, as the port that it is."""
    return ScaleSetDriver(client)


@pytest.fixture
def catalogue(client: ArmClient) -> ImageCatalogue:
    """The catalogue, as the port that it is."""
    return AzureImageCatalogue(client)


def accepted(server: ScriptedServer) -> Reply:
    """A 202 with the headers of Compute."""
    operation = f"{server.url}/subscriptions/s/providers/Microsoft.Compute/locations/we/operations/1"
    return Reply(
        202,
        headers={
            "Azure-AsyncOperation": f"{operation}?api-version=2017-12-01",
            "Location": f"{operation}?monitor=true&api-version=2017-12-01",
            "Retry-After": "1",
        },
    )


def test_no_api_version_is_too_old() -> None:
    """``reimage`` heeds ``exactVersion`` from 2023-03-01 on (O5), the upgrade policy needs 2018-10-01 (R17)."""
    compute = [version for kind, version in API_VERSIONS.items() if kind.startswith("Microsoft.Compute/")]

    assert min(compute) >= "2023-03-01"


def test_fleet_is_read_with_one_call(driver: FleetDriver, server: ScriptedServer) -> None:
    """One GET of the set with its api-version."""
    server.script(Reply(200, scale_set()))

    fleet = driver.fetch_fleet(parse_fleet_id(FLEET_ID))

    assert (fleet.name, fleet.capacity) == ("web", 15)
    assert server.seen[0].target == f"{FLEET_ID}?api-version=2024-07-01"


def test_unknown_fleet_is_a_configuration_error(driver: FleetDriver, server: ScriptedServer) -> None:
    """A fleet that is not there is named with the endpoint that was asked."""
    server.script(Reply(404, arm_error_body("ResourceNotFound", "no such set")))

    with pytest.raises(
        ConfigurationError, match=f"{FLEET_ID} is not at {server.url}: ResourceNotFound: no such set"
    ):
        driver.fetch_fleet(parse_fleet_id(FLEET_ID))


def test_whole_set_is_one_call_a_page(driver: FleetDriver, server: ScriptedServer, fleet: Fleet) -> None:
    """The list carries the instance views; no instance is asked for by itself."""
    pages = (
        Reply(200, {"value": [instance("0"), instance("1")], "nextLink": f"{server.url}/2"}),
        Reply(200, {"value": [instance("2")]}),
    )
    server.script(*pages)
    read = driver.list_instances(fleet)
    server.script(*pages)
    read_async = asyncio.run(driver.list_instances_async(fleet))

    assert [i.instance_id for i in read] == ["0", "1", "2"]
    assert read_async == read
    assert len(server.seen) == 4
    assert parse_qs(urlsplit(server.seen[0].target).query)["$expand"] == ["instanceView"]


def test_one_instance_is_read_by_itself(driver: FleetDriver, server: ScriptedServer, fleet: Fleet) -> None:
    """A direct GET with the instance view: never behind, as a list may be."""
    server.script(Reply(200, instance("7")))

    read = driver.fetch_instance(fleet, "7")

    assert read.instance_id == "7"
    assert asyncio.run(driver.fetch_instance_async(fleet, "7")) == read
    assert urlsplit(server.seen[0].target).path == f"{FLEET_ID}/virtualMachines/7"
    assert "$expand=instanceView" in server.seen[0].target


def test_set_that_never_had_a_rolling_upgrade_has_none(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet
) -> None:
    """A 404 of ``rollingUpgrades/latest`` is no error (O4)."""
    server.script(Reply(404, arm_error_body("NotFound")))

    assert driver.fetch_foreign_rollout(fleet) == ""
    assert urlsplit(server.seen[0].target).path.endswith("/rollingUpgrades/latest")


def test_foreign_rolling_upgrade_is_described(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet
) -> None:
    """Azure's own rolling upgrade under way is told in one line (O4)."""
    server.script(Reply(200, {"properties": {"runningStatus": {"code": "RollingForward"}}}))

    assert "RollingForward" in driver.fetch_foreign_rollout(fleet)


Begin = Callable[[FleetDriver, Fleet, list[str], str], str]
BEGINS: list[Begin] = [
    lambda driver, fleet, ids, version: driver.begin_swap(fleet, ids, version, unguarded),
    lambda driver, fleet, ids, version: driver.begin_rollback(fleet, ids, version, unguarded),
]


@pytest.mark.parametrize("begin", BEGINS)
def test_swap_and_rollback_are_a_reimage_to_an_exact_version(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet, begin: Begin
) -> None:
    """One POST with the ids and the version; back comes the poll URL, and nobody waits (R5, O7)."""
    server.script(accepted(server))

    url = begin(driver, fleet, ["3", "6"], VERSION)

    assert url == accepted(server).headers["Azure-AsyncOperation"]
    assert [(seen.method, urlsplit(seen.target).path, seen.body) for seen in server.seen] == [
        ("POST", f"{FLEET_ID}/reimage", {"instanceIds": ["3", "6"], "exactVersion": VERSION})
    ]


@pytest.mark.parametrize("begin", BEGINS)
@pytest.mark.parametrize(
    ("ids", "version"),
    [([], VERSION), (["*"], VERSION), (["1", ""], VERSION), (["1"], "latest"), (["1"], "")],
)
def test_change_without_an_explicit_list_is_never_sent(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet, begin: Begin, ids: list[str], version: str
) -> None:
    """An empty list would hit the whole set, a version that is none another one: nothing goes out."""
    with pytest.raises(ConfigurationError, match="web"):
        begin(driver, fleet, ids, version)

    assert server.seen == []


def test_operation_is_looked_at_once(driver: FleetDriver, server: ScriptedServer) -> None:
    """A look is one GET, for a step and for a trigger alike."""
    server.script(Reply(200, {"status": "InProgress"}), Reply(200, {"status": "Succeeded"}))

    assert driver.fetch_operation(f"{server.url}/op").state is OperationState.RUNNING
    assert asyncio.run(driver.fetch_operation_async(f"{server.url}/op")).state is OperationState.SUCCEEDED


def test_instances_on_the_latest_model_need_no_preparing(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet
) -> None:
    """Nothing is sent where nothing is behind."""
    driver.prepare(fleet, [Instance("1"), Instance("2")], unguarded)

    assert server.seen == []


def test_only_instances_behind_get_manualupgrade(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet, clock: VirtualClock
) -> None:
    """``manualupgrade`` goes to those behind the model, and its end is waited for on the clock (R31)."""
    running = Reply(200, {"status": "InProgress"}, {"Retry-After": "4"})
    server.script(accepted(server), running, running, Reply(200, {"status": "Succeeded"}))

    driver.prepare(fleet, [Instance("0"), BEHIND], unguarded)

    assert urlsplit(server.seen[0].target).path == f"{FLEET_ID}/manualupgrade"
    assert server.seen[0].body == {"instanceIds": ["1"]}
    assert [seen.method for seen in server.seen] == ["POST", "GET", "GET", "GET"]
    assert clock.waits == [4, 4]


def test_trouble_while_polling_does_not_fail_the_operation(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet
) -> None:
    """A refused poll is looked over; the next one says how it ended."""
    server.script(accepted(server), Reply(409), Reply(200, {"status": "Succeeded"}))

    driver.prepare(fleet, [BEHIND], unguarded)

    assert len(server.seen) == 3


def test_failed_manualupgrade_says_why(driver: FleetDriver, server: ScriptedServer, fleet: Fleet) -> None:
    """Its code and message come through with the instances."""
    failed = {"status": "Failed", "error": {"code": "Conflict", "message": "no"}}
    server.script(accepted(server), Reply(200, failed))

    with pytest.raises(OperationFailedError, match="manualupgrade of instance 1 failed: Conflict: no"):
        driver.prepare(fleet, [BEHIND], unguarded)


def test_manualupgrade_without_an_end_fails_after_half_an_hour(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet, clock: VirtualClock
) -> None:
    """30 minutes on the clock are the limit of any operation."""
    server.script(accepted(server), Reply(200, {"status": "InProgress"}, {"Retry-After": "60"}))

    with pytest.raises(OperationFailedError, match="no end in 30 minutes"):
        driver.prepare(fleet, [BEHIND], unguarded)

    assert clock.passed.total_seconds() == 1800


def test_refused_manualupgrade_is_refused(driver: FleetDriver, server: ScriptedServer, fleet: Fleet) -> None:
    """A 409 changed nothing, and says so."""
    server.script(Reply(409, arm_error_body("OperationNotAllowed")))

    with pytest.raises(CallRefusedError, match="OperationNotAllowed"):
        driver.prepare(fleet, [BEHIND], unguarded)


class ModelWorld:
    """A set with one instance behind the model; the answer to each ``manualupgrade`` is lost or not."""

    def __init__(self, server: ScriptedServer, *answers: Reply, applies: bool) -> None:
        self.posts, self.applies, self.is_applied = 0, applies, False
        self.answers = list(answers)
        server.script(self.answer)

    def answer(self, seen: Seen) -> Reply:
        if seen.method == "POST":
            self.posts += 1
            self.is_applied = self.applies
            return self.answers.pop(0)
        if "operations" in seen.target:
            return Reply(200, {"status": "Succeeded"})
        return Reply(200, {"value": [instance("1", latestModelApplied=self.is_applied)]})


def test_lost_manualupgrade_that_was_applied_is_not_sent_again(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet
) -> None:
    """After a lost answer the instances are read: the model is there, so nothing more is sent."""
    world = ModelWorld(server, DROPPED, applies=True)

    driver.prepare(fleet, [BEHIND], unguarded)

    assert world.posts == 1


@pytest.mark.parametrize("lost", [DROPPED, Reply(503)])
def test_lost_manualupgrade_that_was_not_applied_is_sent_once_more(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet, lost: Reply
) -> None:
    """After reading that nothing happened a second call is not a blind one."""
    world = ModelWorld(server, lost, accepted(server), applies=False)

    driver.prepare(fleet, [BEHIND], unguarded)

    assert world.posts == 2


def test_manualupgrade_that_is_lost_twice_is_given_up(
    driver: FleetDriver, server: ScriptedServer, fleet: Fleet
) -> None:
    """Two lost answers in a row are for the caller to judge."""
    world = ModelWorld(server, DROPPED, DROPPED, applies=False)

    with pytest.raises(AnswerLostError):
        driver.prepare(fleet, [BEHIND], unguarded)

    assert world.posts == 2


def versions(*names: str) -> list[dict[str, Any]]:
    """The catalogue's bare array."""
    return [{"location": "westeurope", "name": name, "id": f"/Versions/{name}"} for name in names]


def test_versions_come_oldest_first_by_number(
    catalogue: ImageCatalogue, server: ScriptedServer, fleet: Fleet
) -> None:
    """The publishers/offers/skus/versions path is asked once a run, and ordered by number (R41)."""
    server.script(Reply(200, versions("18.04.9", "18.04.10", "18.04.202401010", "preview")))

    for _ in range(3):
        found = catalogue.list_versions(fleet, fleet.image)

    assert found == ("18.04.9", "18.04.10", "18.04.202401010")
    path = (
        f"/subscriptions/{fleet.fleet_id.subscription}/providers/Microsoft.Compute/locations/westeurope"
        "/publishers/Canonical/artifacttypes/vmimage/offers/UbuntuServer/skus/18.04-LTS/versions"
    )
    assert [urlsplit(seen.target).path for seen in server.seen] == [path]


def test_image_that_does_not_exist_is_named_with_its_region(
    catalogue: ImageCatalogue, server: ScriptedServer, fleet: Fleet
) -> None:
    """A 404 of the catalogue is a configuration error, not Azure's trouble."""
    server.script(Reply(404, arm_error_body("NotFound", "no such sku")))

    with pytest.raises(
        ConfigurationError, match=r"Canonical:UbuntuServer:18\.04-LTS of web does not exist in westeurope"
    ):
        catalogue.list_versions(fleet, fleet.image)


def test_managed_image_is_refused_before_any_call(
    catalogue: ImageCatalogue, server: ScriptedServer, fleet: Fleet
) -> None:
    """R28: an image that has no versions is said in one line."""
    image = ImageReference(resource_id="/subscriptions/s/x/providers/Microsoft.Compute/images/web")

    with pytest.raises(ConfigurationError, match=r"a managed image; only platform and gallery images"):
        catalogue.list_versions(fleet, image)

    assert server.seen == []


def test_strange_names_stay_in_their_place(driver: FleetDriver, server: ScriptedServer) -> None:
    """A fleet's name never becomes a query, nor an instance's a path, whoever made the id."""
    server.script(Reply(200, scale_set()), Reply(200, instance("1")))
    strange = replace(parse_fleet_id(FLEET_ID), resource_id=f"{FLEET_ID}?x#y")
    fleet = driver.fetch_fleet(strange)

    driver.fetch_instance(fleet, "1/reimage")

    assert [urlsplit(seen.target).path for seen in server.seen] == [
        f"{FLEET_ID}%3Fx%23y",
        f"{FLEET_ID}%3Fx%23y/virtualMachines/1%2Freimage",
    ]
