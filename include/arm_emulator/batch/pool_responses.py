"""Routes of pools on the management plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.batch.addressing import ACCOUNT, POOL, addressed_account, addressed_pool
from arm_emulator.batch.pool_view import pool_etag, pool_resource
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import page_reply
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World


def pool_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", POOL, get, only_reads=True),
        Route("GET", f"{ACCOUNT}/pools", list_pools, only_reads=True),
    )


def get(world: World, call: ArmCall) -> ArmReply:
    """The pool."""
    _account, pool = addressed_pool(world, call)
    return _reply(call, pool)


def list_pools(world: World, call: ArmCall) -> ArmReply:
    """The pools of an account."""
    account = addressed_account(world, call)
    return page_reply(call, [pool_resource(pool, call.api_version) for pool in account.pools.values()])


def _reply(call: ArmCall, pool: BatchPool) -> ArmReply:
    return ArmReply.of(pool_resource(pool, call.api_version), headers={"ETag": pool_etag(pool)})
