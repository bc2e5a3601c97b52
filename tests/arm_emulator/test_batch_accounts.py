"""Batch accounts on the management plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ResourceNotFoundError
from emulated_pools import account_id, batch_account, batch_pool, batch_world, user_account

if TYPE_CHECKING:
    from emulated_worlds import Serve

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
