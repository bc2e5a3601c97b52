"""Routes of accounts: get, lists and changes, and the quotas and VM sizes of a region."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.batch.account_changes import delete_account, new_account, patched_account, replace_account
from arm_emulator.batch.account_view import account_etag, account_resource
from arm_emulator.batch.addressing import ACCOUNT, ACCOUNTS, BATCH_LOCATION, addressed_account
from arm_emulator.batch.ids import ACCOUNT_FORM, AccountId
from arm_emulator.batch.loading import add_account
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import page_reply
from arm_emulator.wire.preconditions import require_match
from arm_emulator.wire.router import RESOURCE_GROUP, SUBSCRIPTION, Route

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchAccount
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

ACCOUNTS_PER_REGION = 50
"""BatchLocationQuota of the Batch management API: what a subscription has unless it asks for more."""

_SIZES = {
    "Standard_D2s_v3": ("standardDSv3Family", 2),
    "Standard_D4s_v3": ("standardDSv3Family", 4),
    "Standard_D8s_v3": ("standardDSv3Family", 8),
    "Standard_F2s_v2": ("standardFSv2Family", 2),
    "Standard_E4s_v3": ("standardESv3Family", 4),
}


def account_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", ACCOUNT, get, only_reads=True),
        Route("PUT", ACCOUNT, put),
        Route("PATCH", ACCOUNT, patch),
        Route("DELETE", ACCOUNT, delete),
        Route("GET", f"{RESOURCE_GROUP}/{ACCOUNTS}", list_in_resource_group, only_reads=True),
        Route("GET", f"{SUBSCRIPTION}/{ACCOUNTS}", list_in_subscription, only_reads=True),
        Route("GET", f"{BATCH_LOCATION}/quotas", get_quotas, only_reads=True),
        Route("GET", f"{BATCH_LOCATION}/virtualMachineSkus", list_sizes, only_reads=True),
    )


def get(world: World, call: ArmCall) -> ArmReply:
    """The account."""
    return _reply(call, addressed_account(world, call))


def put(world: World, call: ArmCall) -> ArmReply:
    """Create an account, or replace the one that is there; done at once."""
    at, body = call.parameters, call.json_object()
    world.subscription(at["subscriptionId"])
    wanted = ACCOUNT_FORM.format(
        subscription=at["subscriptionId"], resourceGroup=at["resourceGroupName"], name=at["accountName"]
    )
    account = world.batch_accounts.get(wanted.lower())
    require_match(call.headers, None if account is None else account_etag(account))
    if account is None:
        account = new_account(world, AccountId.parse(wanted), body)
        if call.disruption.applies_to_resource:
            add_account(world, account)
        return _reply(call, account)
    resource = replace_account(world, account, body)
    if call.disruption.applies_to_resource:
        account.resource = resource
    return _reply(call, account)


def patch(world: World, call: ArmCall) -> ArmReply:
    """Change what the body names of an account."""
    account = addressed_account(world, call)
    require_match(call.headers, account_etag(account))
    resource = patched_account(account, call.json_object())
    if call.disruption.applies_to_resource:
        account.resource = resource
    return _reply(call, account)


def delete(world: World, call: ArmCall) -> ArmReply:
    """Delete an account with its pools; 204 where there is none."""
    at = call.parameters
    world.subscription(at["subscriptionId"])
    wanted = ACCOUNT_FORM.format(
        subscription=at["subscriptionId"], resourceGroup=at["resourceGroupName"], name=at["accountName"]
    )
    account = world.batch_accounts.get(wanted.lower())
    if account is None:
        return ArmReply(204)
    if call.disruption.applies_to_resource:
        delete_account(world, account)
    return ArmReply(200)


def _reply(call: ArmCall, account: BatchAccount) -> ArmReply:
    return ArmReply.of(account_resource(account, call.base_url), headers={"ETag": account_etag(account)})


def list_in_resource_group(world: World, call: ArmCall) -> ArmReply:
    """The accounts of a resource group."""
    at = call.parameters
    accounts = _of_subscription(world, call)
    world.require_resource_group(at["subscriptionId"], at["resourceGroupName"])
    group = at["resourceGroupName"].lower()
    return _page(call, [account for account in accounts if account.id.resource_group.lower() == group])


def list_in_subscription(world: World, call: ArmCall) -> ArmReply:
    """The accounts of a subscription."""
    return _page(call, _of_subscription(world, call))


def _of_subscription(world: World, call: ArmCall) -> list[BatchAccount]:
    subscription = world.subscription(call.parameters["subscriptionId"]).id.lower()
    return [a for a in world.batch_accounts.values() if a.id.subscription.lower() == subscription]


def _page(call: ArmCall, accounts: list[BatchAccount]) -> ArmReply:
    return page_reply(call, [account_resource(account, call.base_url) for account in accounts])


def get_quotas(world: World, call: ArmCall) -> ArmReply:
    """How many accounts a subscription may have in a region."""
    world.region(call.parameters["subscriptionId"], call.parameters["location"])
    return ArmReply.of({"accountQuota": ACCOUNTS_PER_REGION})


def list_sizes(world: World, call: ArmCall) -> ArmReply:
    """VM sizes that pools may have."""
    world.region(call.parameters["subscriptionId"], call.parameters["location"])
    sizes = [
        {"name": name, "familyName": family, "capabilities": [{"name": "vCPUs", "value": str(cores)}]}
        for name, (family, cores) in _SIZES.items()
    ]
    return page_reply(call, sizes)
