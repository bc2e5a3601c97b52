"""Paths of Batch's management plane, and what a call's path addresses: the account, the pool."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import PoolNotFoundError
from arm_emulator.wire.router import RESOURCE_GROUP, SUBSCRIPTION

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchAccount, BatchPool
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

ACCOUNTS = "providers/Microsoft.Batch/batchAccounts"
ACCOUNT = f"{RESOURCE_GROUP}/{ACCOUNTS}/{{accountName}}"
POOL = f"{ACCOUNT}/pools/{{poolName}}"
BATCH_LOCATION = f"{SUBSCRIPTION}/providers/Microsoft.Batch/locations/{{location}}"


def addressed_account(world: World, call: ArmCall) -> BatchAccount:
    """The account in the path.

    :raises ResourceNotFoundError: it is not there; likewise for its subscription and resource group.
    """
    at = call.parameters
    return world.batch_account(at["subscriptionId"], at["resourceGroupName"], at["accountName"])


def addressed_pool(world: World, call: ArmCall) -> tuple[BatchAccount, BatchPool]:
    """The pool in the path, and its account.

    :raises PoolNotFoundError: the account has no such pool.
    :raises ResourceNotFoundError: the account is not there.
    """
    account = addressed_account(world, call)
    name = call.parameters["poolName"]
    pool = account.pools.get(name.lower())
    if pool is None:
        raise PoolNotFoundError(
            f"The specified pool '{name}' does not exist in Batch account '{account.id.name}'."
        )
    return account, pool
