"""Routes of pools on the data plane: list, get, changes, and how many nodes are in which state."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING

from arm_emulator.batch.errors import PoolExistsError
from arm_emulator.batch.node_addressing import POOL, served_account, served_pool
from arm_emulator.batch.odata import asked_names, listed, selected
from arm_emulator.batch.pool_changes import create_pool, delete_pool, open_pool, patch_pool
from arm_emulator.batch.pool_resource import spelled
from arm_emulator.batch.served_pool_bodies import new_pool_body, new_pool_id
from arm_emulator.batch.served_pool_view import bare_etag, node_counts, served_pool_resource
from arm_emulator.batch.speech import SERVICE, service_url
from arm_emulator.batch.versions import refuse_newer_policy
from arm_emulator.instants import parse_instant
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.preconditions import require_match
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from arm_emulator.batch.pool import BatchPool
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_REPLACED = ("startTask", "metadata")
_CHANGEABLE = frozenset({*_REPLACED, "displayName", "taskSlotsPerNode", "upgradePolicy"})
_FILTERS = frozenset({"id", "state", "allocationState", "vmSize", "creationTime", "displayName"})


def served_pool_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", f"{SERVICE}/pools", list_pools, only_reads=True),
        Route("POST", f"{SERVICE}/pools", create),
        Route("GET", POOL, get_pool, only_reads=True),
        Route("HEAD", POOL, get_pool, only_reads=True),
        Route("PATCH", POOL, patch),
        Route("DELETE", POOL, delete),
        Route("POST", f"{POOL}/updateproperties", update_properties),
        Route("GET", f"{SERVICE}/nodecounts", list_counts, only_reads=True),
    )


def list_pools(world: World, call: ArmCall) -> ArmReply:
    """The pools of the account."""
    pools = served_account(world, call).pools.values()
    service = service_url(call)
    shown = [served_pool_resource(pool, service, call.api_version) for pool in pools]
    return listed(call, "pools", shown, _FILTERS)


def get_pool(world: World, call: ArmCall) -> ArmReply:
    """One pool; the same for a call that only asks whether it is there."""
    _account, pool = served_pool(world, call)
    service = service_url(call)
    shown = served_pool_resource(pool, service, call.api_version)
    names = asked_names(call, frozenset(shown))
    changed = format_datetime(parse_instant(shown["lastModified"]), usegmt=True)
    return ArmReply.of(
        {"odata.metadata": f"{service}/$metadata#pools/@Element", **selected(shown, names)},
        headers={"ETag": shown["eTag"], "Last-Modified": changed},
    )


def create(world: World, call: ArmCall) -> ArmReply:
    """Create a pool; its nodes come up over time.

    :raises PoolExistsError: there is one of that name.
    """
    account, said = served_account(world, call), call.json_object()
    name, body = new_pool_id(said), new_pool_body(said)
    refuse_newer_policy(call.api_version, body["properties"])
    if name.lower() in account.pools:
        raise PoolExistsError(f"The specified pool already exists: {name} in account {account.id.name}.")
    pool = create_pool(world, account, name, body)
    if call.disruption.applies_to_resource:
        open_pool(world, account, pool)
    headers = {**_changed_headers(call, pool), "Location": f"{service_url(call)}/pools/{pool.name}"}
    return ArmReply(201, headers=headers)


def delete(world: World, call: ArmCall) -> ArmReply:
    """Delete a pool, whose nodes are gone at once."""
    account, pool = served_pool(world, call)
    require_match(call.headers, bare_etag(pool))
    if call.disruption.applies_to_resource:
        delete_pool(world, account, pool)
    return ArmReply(202)


def patch(world: World, call: ArmCall) -> ArmReply:
    """Change what the body names of a pool, ``upgradePolicy`` among it."""
    pool = _change(world, call, call.json_object())
    return ArmReply(200, headers=_changed_headers(call, pool))


def update_properties(world: World, call: ArmCall) -> ArmReply:
    """Replace what the body may name of a pool: a start task or metadata that it does not name are gone."""
    pool = _change(world, call, {**dict.fromkeys(_REPLACED), **call.json_object()})
    return ArmReply(204, headers=_changed_headers(call, pool))


def _change(world: World, call: ArmCall, said: JsonObject) -> BatchPool:
    account, pool = served_pool(world, call)
    body = spelled({"properties": {name: value for name, value in said.items() if name in _CHANGEABLE}})
    refuse_newer_policy(call.api_version, body["properties"])
    require_match(call.headers, bare_etag(pool))
    patch_pool(world, account, pool, body, call.disruption)
    return pool


def _changed_headers(call: ArmCall, pool: BatchPool) -> dict[str, str]:
    changed = parse_instant(pool.resource["properties"]["lastModified"])
    return {
        "ETag": bare_etag(pool),
        "Last-Modified": format_datetime(changed, usegmt=True),
        "DataServiceId": f"{call.base_url}{call.path}",
    }


def list_counts(world: World, call: ArmCall) -> ArmReply:
    """How many nodes each pool has in each state."""
    pools = served_account(world, call).pools.values()
    counts = [node_counts(pool, call.api_version) for pool in pools]
    return listed(call, "poolnodecounts", counts, frozenset({"poolId"}))
