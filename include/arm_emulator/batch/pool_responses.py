"""Routes of pools on the management plane."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from arm_emulator.batch.addressing import ACCOUNT, POOL, addressed_account, addressed_pool
from arm_emulator.batch.pool_bodies import written_body
from arm_emulator.batch.pool_changes import (
    create_pool,
    delete_pool,
    disable_auto_scale,
    open_pool,
    patch_pool,
    replace_pool,
    stop_resize,
)
from arm_emulator.batch.pool_lists import pool_page
from arm_emulator.batch.pool_view import pool_etag, pool_resource
from arm_emulator.batch.versions import keep_newer_policy, refuse_newer_policy
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.preconditions import require_match
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchAccount, BatchPool
    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.wire.router import Handler
    from arm_emulator.world.world import World


class _Action(Protocol):
    def __call__(
        self, world: World, account: BatchAccount, pool: BatchPool, disruption: Disruption, /
    ) -> None: ...


def pool_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", POOL, get, only_reads=True),
        Route("PUT", POOL, put),
        Route("PATCH", POOL, patch),
        Route("DELETE", POOL, delete),
        Route("POST", f"{POOL}/disableAutoScale", _acting(disable_auto_scale)),
        Route("POST", f"{POOL}/stopResize", _acting(stop_resize)),
        Route("GET", f"{POOL}/operationResults/{{operationId}}", get_deletion, only_reads=True),
        Route("GET", f"{ACCOUNT}/pools", list_pools, only_reads=True),
    )


def get(world: World, call: ArmCall) -> ArmReply:
    """The pool."""
    _account, pool = addressed_pool(world, call)
    return _reply(call, pool)


def list_pools(world: World, call: ArmCall) -> ArmReply:
    """The pools of an account."""
    account = addressed_account(world, call)
    return pool_page(call, [pool_resource(pool, call.api_version) for pool in account.pools.values()])


def put(world: World, call: ArmCall) -> ArmReply:
    """Create a pool, or replace the one that is there; not a long-running operation."""
    account, body = addressed_account(world, call), written_body(call)
    refuse_newer_policy(call.api_version, body["properties"])
    name = call.parameters["poolName"]
    pool = account.pools.get(name.lower())
    require_match(call.headers, None if pool is None else pool_etag(pool))
    if pool is None:
        pool = create_pool(world, account, name, body)
        if call.disruption.applies_to_resource:
            open_pool(world, account, pool)
    else:
        keep_newer_policy(call.api_version, pool.resource, body)
        replace_pool(world, account, pool, body, call.disruption)
    return _reply(call, pool)


def patch(world: World, call: ArmCall) -> ArmReply:
    """Change what the body names of a pool."""
    account, pool = addressed_pool(world, call)
    body = written_body(call)
    refuse_newer_policy(call.api_version, body["properties"])
    require_match(call.headers, pool_etag(pool))
    patch_pool(world, account, pool, body, call.disruption)
    return _reply(call, pool)


def delete(world: World, call: ArmCall) -> ArmReply:
    """Delete a pool, whose nodes are gone at once; 204 where there is none."""
    account = addressed_account(world, call)
    pool = account.pools.get(call.parameters["poolName"].lower())
    if pool is None:
        return ArmReply(204)
    operation = world.new_guid("pool deletion")
    location = f"{call.base_url}{pool.id}/operationResults/{operation}?api-version={call.api_version}"
    retry_after = world.timings_of(pool.machines).retry_after(world.seed, operation)
    if call.disruption.applies_to_resource:
        delete_pool(world, account, pool)
    return ArmReply(202, headers={"Location": location, "Retry-After": retry_after})


def get_deletion(world: World, call: ArmCall) -> ArmReply:
    """Whether a deletion is over: 204 once the pool is gone, 202 as long as it is there."""
    account = addressed_account(world, call)
    return ArmReply(202 if call.parameters["poolName"].lower() in account.pools else 204)


def _acting(action: _Action) -> Handler:
    """The handler of an action on a pool, which answers with the pool."""

    def handle(world: World, call: ArmCall) -> ArmReply:
        account, pool = addressed_pool(world, call)
        require_match(call.headers, pool_etag(pool))
        action(world, account, pool, call.disruption)
        return _reply(call, pool)

    return handle


def _reply(call: ArmCall, pool: BatchPool) -> ArmReply:
    return ArmReply.of(pool_resource(pool, call.api_version), headers={"ETag": pool_etag(pool)})
