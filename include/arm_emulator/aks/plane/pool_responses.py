"""Routes of agent pools: get, list, put, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.addressing import AGENT_POOL, CLUSTER, addressed_cluster, addressed_pool
from arm_emulator.aks.course.beginning import refuse_busy
from arm_emulator.aks.course.telling import tell_pool, tell_pool_gone
from arm_emulator.aks.operations import begin_operation
from arm_emulator.aks.plane.pool_changes import (
    created_pool,
    replace_properties,
    require_no_later_version,
    require_other_system_pool,
    require_replaceable,
    written_properties,
)
from arm_emulator.aks.plane.pool_sizes import begin_change
from arm_emulator.aks.plane.pool_view import pool_etag, pool_resource
from arm_emulator.aks.plane.readiness import require_idle_cluster, require_running
from arm_emulator.operations.links import poll_headers
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import page_reply
from arm_emulator.wire.preconditions import require_match
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.operations.operation import Operation
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_PROPERTIES = "properties"


def agent_pool_routes() -> tuple[Route, ...]:
    """All of them but those of what happens to nodes."""
    return (
        Route("GET", AGENT_POOL, get, only_reads=True),
        Route("PUT", AGENT_POOL, put),
        Route("DELETE", AGENT_POOL, delete),
        Route("GET", f"{CLUSTER}/agentPools", list_pools, only_reads=True),
    )


def get(world: World, call: ArmCall) -> ArmReply:
    """The pool."""
    cluster, pool = addressed_pool(world, call)
    return ArmReply.of(pool_resource(cluster, pool, call.api_version), headers={"ETag": pool_etag(pool)})


def list_pools(world: World, call: ArmCall) -> ArmReply:
    """The pools of a cluster."""
    cluster = addressed_cluster(world, call)
    pools = cluster.pools.values()
    return page_reply(call, [pool_resource(cluster, pool, call.api_version) for pool in pools])


def put(world: World, call: ArmCall) -> ArmReply:
    """Create a pool, or change the one that is there: its settings, its count."""
    cluster = addressed_cluster(world, call)
    given = call.json_object().get(_PROPERTIES, {})
    pool = cluster.pools.get(call.parameters["agentPoolName"].lower())
    require_match(call.headers, None if pool is None else pool_etag(pool))
    require_running(cluster)
    if pool is None:
        return _create(world, call, cluster, given)
    refuse_busy(cluster, pool)
    known = {**pool.properties, "count": pool.count}
    properties = written_properties(call.api_version, given, known, _PROPERTIES)
    require_replaceable(cluster, pool, properties, _PROPERTIES)
    if call.disruption.applies_to_resource:
        replace_properties(pool, properties)
    operation = begin_change(world, call, cluster, pool, properties.get("count", pool.count))
    return _accepted(world, call, operation, pool_resource(cluster, pool, call.api_version), pool)


def _create(world: World, call: ArmCall, cluster: ManagedCluster, given: JsonObject) -> ArmReply:
    require_idle_cluster(cluster)
    properties = written_properties(call.api_version, given, None, _PROPERTIES)
    name = call.parameters["agentPoolName"]
    pool = created_pool(world, cluster, name, properties, "agentPoolName")
    require_no_later_version(cluster, properties, _PROPERTIES)
    if call.disruption.applies_to_resource:
        cluster.pools[name.lower()] = pool
        tell_pool(world, cluster, pool)
    operation = begin_change(world, call, cluster, pool, properties.get("count", 1), is_new=True)
    body = pool_resource(cluster, pool, call.api_version)
    return _accepted(world, call, operation, body, pool, status=201)


def _accepted(
    world: World,
    call: ArmCall,
    operation: Operation,
    body: JsonObject,
    pool: AgentPool,
    *,
    status: int = 200,
) -> ArmReply:
    headers = poll_headers(world, call.base_url, operation)
    del headers["Location"]
    if body[_PROPERTIES]["provisioningState"] == "Succeeded":
        body[_PROPERTIES]["provisioningState"] = "Creating" if status == 201 else "Updating"
    return ArmReply.of(body, status=status, headers={**headers, "ETag": pool_etag(pool)})


def delete(world: World, call: ArmCall) -> ArmReply:
    """Delete a pool with its nodes at once; 204 where there is none."""
    cluster = addressed_cluster(world, call)
    pool = cluster.pools.get(call.parameters["agentPoolName"].lower())
    if pool is None:
        return ArmReply(204)
    require_match(call.headers, pool_etag(pool))
    refuse_busy(cluster, pool)
    require_other_system_pool(cluster, pool)
    if call.disruption.applies_to_resource:
        del cluster.pools[pool.name.lower()]
        tell_pool_gone(world, cluster, pool)
    operation = begin_operation(world, cluster, pool, disruption=call.disruption, gives_resource=False)
    return ArmReply(202, headers=poll_headers(world, call.base_url, operation))
