"""What a call's path addresses on the data plane: the account, the pool, the node."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arm_emulator.arm_errors import PoolNotFoundError
from arm_emulator.batch.errors import AccountNotFoundError, NodeNotFoundError
from arm_emulator.batch.speech import SERVICE

if TYPE_CHECKING:
    from arm_emulator.batch.node import Node
    from arm_emulator.batch.pool import BatchAccount, BatchPool
    from arm_emulator.compute.instance import Instance
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

POOL = f"{SERVICE}/pools/{{poolId}}"
NODE = f"{POOL}/nodes/{{nodeId}}"


@dataclass(frozen=True, slots=True)
class Addressed:
    """A node with all that it belongs to."""

    account: BatchAccount
    pool: BatchPool
    node: Node
    instance: Instance


def served_account(world: World, call: ArmCall) -> BatchAccount:
    """The account in the path, by the name under which it is served, as a host name has no more.

    :raises AccountNotFoundError: there is none.
    """
    name = call.parameters["accountName"].lower()
    for account in world.batch_accounts.values():
        if account.served_as.lower() == name:
            return account
    known = ", ".join(account.served_as for account in world.batch_accounts.values()) or "none"
    raise AccountNotFoundError(
        f"The specified account {call.parameters['accountName']} does not exist; there are: {known}."
    )


def served_pool(world: World, call: ArmCall) -> tuple[BatchAccount, BatchPool]:
    """The pool in the path, and its account.

    :raises PoolNotFoundError: the account does not have it.
    """
    account = served_account(world, call)
    name = call.parameters["poolId"]
    pool = account.pools.get(name.lower())
    if pool is None:
        raise PoolNotFoundError(f"The specified pool does not exist: {name} in account {account.id.name}.")
    return account, pool


def addressed_node(world: World, call: ArmCall) -> Addressed:
    """The node in the path.

    :raises NodeNotFoundError: the pool does not have it.
    """
    account, pool = served_pool(world, call)
    name = call.parameters["nodeId"]
    node = pool.find_node(name) if name.lower().startswith("tvm-") else None
    if node is None:
        raise NodeNotFoundError(f"The specified node does not exist: {name} in pool {pool.name}.")
    return Addressed(account, pool, node, pool.machines.instances[node.instance])
