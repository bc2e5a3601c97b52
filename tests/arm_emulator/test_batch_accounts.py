"""Batch accounts on the management plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ResourceNotFoundError
from emulated_pools import account_id, batch_account, batch_pool, batch_world, user_account

if TYPE_CHECKING:
    from emulated_worlds import Json, Serve

VERSION = "2024-02-01"


def test_account_says_where_its_data_plane_is_and_who_owns_the_machines(serve: Serve) -> None:
    """The official client reads an account's endpoint, allocation mode, authentication and state."""
    user = user_account(name="theirs")
    user["resource"]["properties"]["poolAllocationMode"] = "userSubscription"
    emulator = serve(batch_world(batch_account(name="ours"), user))

    ours = emulator.batch().batch_account.get("rg", "ours")
    theirs = emulator.batch().batch_account.get("rg", "theirs")

    assert ours.account_endpoint == f"{emulator.url}/_batch/ours"
    assert ours.node_management_endpoint == f"{emulator.url}/_batch/ours"
    assert (ours.pool_allocation_mode, theirs.pool_allocation_mode) == ("BatchService", "UserSubscription")
    assert ours.allowed_authentication_modes == ["SharedKey", "AAD", "TaskAuthenticationToken"]
    assert theirs.allowed_authentication_modes == ["AAD"]
    assert (ours.provisioning_state, ours.location) == ("Succeeded", "westeurope")


def test_account_keeps_the_endpoint_that_the_world_gives_it(serve: Serve) -> None:
    """An accountEndpoint of the world's resource is shown as it is, as Azure's bare host name is."""
    account = batch_account()
    account["resource"]["properties"]["accountEndpoint"] = "work.westeurope.batch.azure.com"
    emulator = serve(batch_world(account))

    shown = emulator.batch().batch_account.get("RG", "Work")

    assert shown.account_endpoint == "work.westeurope.batch.azure.com"


def test_accounts_are_listed_by_subscription_and_by_resource_group(serve: Serve) -> None:
    """Both lists have the accounts of theirs and no others."""
    elsewhere = batch_account(name="far")
    elsewhere["resource"]["id"] = account_id("far").replace("/rg/", "/other/")
    emulator = serve(batch_world(batch_account(), elsewhere))

    everywhere = [account.name for account in emulator.batch().batch_account.list()]
    in_group = [account.name for account in emulator.batch().batch_account.list_by_resource_group("OTHER")]

    assert (everywhere, in_group) == (["work", "far"], ["far"])


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (account_id("none"), "ResourceNotFound"),
        (account_id("none").replace("/rg/", "/nowhere/"), "ResourceGroupNotFound"),
        (f"{account_id()}/pools/none", "PoolNotFound"),
    ],
)
def test_what_is_not_there_is_named(serve: Serve, path: str, code: str) -> None:
    """An unknown account, group or pool is a 404 that names it, in ARM's wrapper."""
    emulator = serve(batch_world())

    answer = emulator.arm("GET", path, api_version=VERSION)

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, code)
    assert path.rpartition("/")[2] in answer.json()["error"]["message"] or "nowhere" in path


def test_client_raises_not_found_for_an_unknown_account(serve: Serve) -> None:
    """The official client knows the emulator's 404 as ResourceNotFoundError."""
    client = serve(batch_world()).batch()

    with pytest.raises(ResourceNotFoundError, match="none"):
        client.batch_account.get("rg", "none")


def test_region_tells_quota_and_sizes(serve: Serve) -> None:
    """The location's quota and VM sizes answer the official client."""
    client = serve(batch_world(batch_account(batch_pool()))).batch()

    quota = client.location.get_quotas("West Europe").account_quota
    sizes = {sku.name for sku in client.location.list_supported_virtual_machine_skus("westeurope")}

    assert quota == 50
    assert "Standard_D4s_v3" in sizes


def test_account_is_created_changed_and_deleted_by_the_official_client(serve: Serve) -> None:
    """R61: accounts are written on the management plane, too: created with a data plane, tagged, and deleted with their pools."""
    emulator = serve(batch_world(batch_account(batch_pool())))
    accounts = emulator.batch().batch_account

    created = accounts.begin_create("rg", "fresh", {"location": "North Europe"}).result()
    tagged = accounts.update("rg", "fresh", {"tags": {"team": "render"}})
    emulator.batch().pool.create("rg", "fresh", "p9", batch_pool("p9", account="fresh")["resource"])
    accounts.begin_delete("rg", "fresh").result()

    assert (created.location, created.pool_allocation_mode) == ("northeurope", "BatchService")
    assert created.account_endpoint == f"{emulator.url}/_batch/fresh"
    assert tagged.tags == {"team": "render"}
    assert [account.name for account in accounts.list()] == ["work"]
    assert emulator.arm("DELETE", account_id("fresh"), api_version=VERSION).status_code == 204


def test_account_has_an_etag_that_changes_with_it(serve: Serve) -> None:
    """An account that was changed meanwhile is not changed by who saw it before: 412, and nothing happens."""
    emulator = serve(batch_world(batch_account()))
    seen = emulator.arm("GET", account_id(), api_version=VERSION).headers["ETag"]

    first = emulator.arm("PATCH", account_id(), {"tags": {"a": "1"}}, headers={"If-Match": seen})
    second = emulator.arm("PATCH", account_id(), {"tags": {"a": "2"}}, headers={"If-Match": seen})

    shown = emulator.arm("GET", account_id(), api_version=VERSION)
    assert (first.status_code, second.status_code) == (200, 412)
    assert (shown.headers["ETag"], shown.json()["tags"]) == (first.headers["ETag"], {"a": "1"})


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("Wrong-Name", {"location": "westeurope"}, "InvalidPropertyValue"),
        ("fresh", {}, "MissingRequiredProperty"),
        ("fresh", {"location": "atlantis"}, "InvalidPropertyValue"),
        (
            "fresh",
            {"location": "westeurope", "properties": {"poolAllocationMode": "Mine"}},
            "InvalidPropertyValue",
        ),
        ("work", {"location": "northeurope"}, "PropertyCannotBeUpdated"),
        (
            "work",
            {"location": "westeurope", "properties": {"poolAllocationMode": "UserSubscription"}},
            "PropertyCannotBeUpdated",
        ),
    ],
)
def test_account_that_cannot_be_is_refused(serve: Serve, name: str, body: Json, code: str) -> None:
    """What Batch refuses of an account is 400 with Batch's code, and nothing changes."""
    emulator = serve(batch_world(batch_account()))
    before = emulator.admin("GET", "world")["batchAccounts"]

    answer = emulator.arm("PUT", account_id(name), body, api_version=VERSION)

    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert emulator.admin("GET", "world")["batchAccounts"] == before


def test_accounts_of_one_name_in_two_regions_are_both_served(serve: Serve) -> None:
    """R54: an account's name is unique in its region only: each has a data plane of its own, and says where."""
    far = user_account(batch_pool(nodes=2), location="northeurope")
    far["resource"]["id"] = account_id().replace("/rg/", "/other/")
    far["pools"][0]["resource"].pop("id")
    emulator = serve(batch_world(user_account(batch_pool(nodes=4)), far))

    endpoints = [account.account_endpoint for account in emulator.batch().batch_account.list()]
    found = [
        emulator.http.get(f"{end}/pools/p1/nodes", params={"api-version": "2024-07-01.20.0"})
        for end in endpoints
    ]

    behind = {nodes.json()["value"][0]["virtualMachineInfo"]["scaleSetVmResourceId"] for nodes in found}
    assert [end.rpartition("/")[2] for end in endpoints] == ["work", "work.northeurope"]
    assert [len(nodes.json()["value"]) for nodes in found] == [4, 2]
    assert len(behind) == 2
