"""What stands where: lists of subscriptions, scale sets and regions, in pages over HTTP."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from arm_bodies import scale_set
from azure_doubles import SUBSCRIPTION, TOKEN, Reply, ScriptedServer, Seen, arm_error_body

from arm_emulator.server_thread import EmulatorServer
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.azure.region_directory import AzureRegionDirectory, parse_region
from fleetwright.domain.errors import ProviderError
from fleetwright.domain.regions import Region
from fleetwright.rollout.clocks import SystemClock

OTHER = SUBSCRIPTION.replace("1", "2")
PAGE = 60
SETS, REGIONS = 450, 20


def fleet_id(subscription: str, index: int) -> str:
    """A scale set's ARM id."""
    return (
        f"/subscriptions/{subscription}/resourceGroups/rg"
        f"/providers/Microsoft.Compute/virtualMachineScaleSets/web-{index}"
    )


def body(index: int) -> dict[str, Any]:
    """A scale set; two thirds stand in the first subscription, and each region has as many as the next."""
    subscription = OTHER if index % 3 == 2 else SUBSCRIPTION
    return scale_set() | {"id": fleet_id(subscription, index), "location": f"Region {index % REGIONS}"}


def broken(index: int) -> dict[str, Any]:
    """A scale set whose policy holds a pause that is none."""
    found = body(index)
    found["properties"]["upgradePolicy"] = {"rollingUpgradePolicy": {"pauseTimeBetweenBatches": "a while"}}
    return found


class Estate:
    """Answers lists in pages, as ARM does."""

    def __init__(self, server: ScriptedServer, bodies: list[dict[str, Any]]) -> None:
        self._server = server
        self._bodies = bodies
        self.calls: list[str] = []
        server.script(self._answer)

    def _answer(self, seen: Seen) -> Reply:
        url = urlsplit(seen.target)
        self.calls.append(url.path)
        if url.path == "/subscriptions":
            return Reply(body={"value": [{"subscriptionId": one} for one in (SUBSCRIPTION, OTHER)]})
        if url.path.endswith("/batchAccounts"):
            return Reply(body={"value": []})
        mine = [one for one in self._bodies if one["id"].split("/")[2] == url.path.split("/")[2]]
        start = int(parse_qs(url.query).get("$skiptoken", ["0"])[0])
        page: dict[str, Any] = {"value": mine[start : start + PAGE]}
        if start + PAGE < len(mine):
            page["nextLink"] = f"{self._server.url}{url.path}?api-version=x&$skiptoken={start + PAGE}"
        return Reply(body=page)


def test_all_sets_of_all_subscriptions_are_listed(server: ScriptedServer, client: ArmClient) -> None:
    """450 sets in 20 regions and two subscriptions come by one list for each, page by page (R45)."""
    estate = Estate(server, [body(index) for index in range(SETS)])

    fleets = AzureFleetDirectory(client).list_fleets()

    assert {fleet.key for fleet in fleets} == {body(index)["id"].lower() for index in range(SETS)}
    assert len(fleets) == SETS
    assert {fleet.location for fleet in fleets} == {f"region{index}" for index in range(REGIONS)}
    pages = -(-300 // PAGE) + -(-150 // PAGE)
    accounts = 2  # lists of Batch accounts, one for each subscription
    assert len(estate.calls) == 1 + pages + accounts


def test_one_subscription_can_be_named(server: ScriptedServer, client: ArmClient) -> None:
    """A directory of one subscription lists that one, and no subscriptions."""
    estate = Estate(server, [body(index) for index in range(12)])

    fleets = AzureFleetDirectory(client, OTHER).list_fleets()

    assert {fleet.fleet_id.subscription for fleet in fleets} == {OTHER}
    assert len(fleets) == 4
    assert "/subscriptions" not in estate.calls


def test_a_broken_set_is_left_out_and_named(
    server: ScriptedServer, client: ArmClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A set that cannot be understood keeps no other from being listed; the log names it and what is wrong."""
    Estate(server, [body(0), broken(1), body(2), {"id": f"/subscriptions/{SUBSCRIPTION}/nothing"}, body(3)])

    with caplog.at_level(logging.WARNING):
        fleets = AzureFleetDirectory(client).list_fleets()

    assert [fleet.name for fleet in fleets] == ["web-0", "web-3", "web-2"]
    policy, nothing = [record.getMessage() for record in caplog.records if "left out" in record.getMessage()]
    assert policy == (
        f"a scale set is left out: upgradePolicy of {fleet_id(SUBSCRIPTION, 1)}:"
        " duration 'a while' is not ISO 8601 such as PT30S or PT1H30M"
    )
    assert (
        f"'/subscriptions/{SUBSCRIPTION}/nothing' is neither a scale set's id nor a Batch pool's" in nothing
    )


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: AzureFleetDirectory(client).list_fleets(),
        lambda client: AzureRegionDirectory(client).fetch_regions(SUBSCRIPTION),
    ],
)
def test_a_list_that_is_refused_is_an_error(
    ask: Callable[[ArmClient], object], server: ScriptedServer, client: ArmClient
) -> None:
    """An error while asking is no empty list: nobody plans over half of what there is."""
    server.script(Reply(403, arm_error_body("AuthorizationFailed")))

    with pytest.raises(ProviderError):
        ask(client)


def test_regions_come_with_pairs_and_zones(server: ScriptedServer, client: ArmClient) -> None:
    """Pairs count from both sides, whoever names them; a subscription's list is read once (R46)."""
    locations = [
        {"name": "eastus", "displayName": "East US", "metadata": {"pairedRegion": [{"name": "westus"}]}},
        {"name": "westus3", "metadata": {"pairedRegion": [{"name": "eastus"}]}},
        {
            "name": "mexicocentral",
            "metadata": {"pairedRegion": []},
            "availabilityZoneMappings": [{"logicalZone": "1"}],
        },
    ]
    server.script(Reply(body={"value": locations}))
    directory = AzureRegionDirectory(client)

    regions = directory.fetch_regions(SUBSCRIPTION)
    again = directory.fetch_regions(SUBSCRIPTION)

    assert regions.pairs_of("East US") == {"westus", "westus3"}
    assert regions.by_name["mexicocentral"].zones == ("1",)
    assert "MexicoCentral" in regions
    assert again is regions
    assert [urlsplit(seen.target).path for seen in server.seen] == [
        f"/subscriptions/{SUBSCRIPTION}/locations"
    ]


def test_a_location_without_metadata_has_no_pair() -> None:
    """What Azure does not say is not made up."""
    assert parse_region({"name": "South India"}) == Region("southindia")
    assert parse_region({"name": "x", "metadata": {"pairedRegion": [{}]}}) == Region("x")


def test_the_emulator_s_regions_are_azure_s() -> None:
    """The whole table comes over HTTP, with regions that are not paired back and some without a pair (R46)."""
    with EmulatorServer({"subscriptions": [{"id": SUBSCRIPTION}]}) as emulator:
        client = connect(AzureEndpoint(emulator.url, StaticToken(TOKEN)), SystemClock())
        regions = AzureRegionDirectory(client).fetch_regions(SUBSCRIPTION)
        client.close()

    assert len(regions.by_name) > 50
    assert regions.pairs_of("westeurope") == {"northeurope"}
    assert regions.pairs_of("eastus") == {"westus", "westus3"}
    assert regions.pairs_of("mexicocentral") == frozenset()
    assert regions.by_name["westeurope"].zones == ("1", "2", "3")
