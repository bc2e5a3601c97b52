"""Routes of managed clusters: get, lists, put, patch, delete, start, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.addressing import CLUSTER, CLUSTER_LIST, addressed_cluster
from arm_emulator.aks.course.telling import tell_pool_gone
from arm_emulator.aks.operations import begin_operation
from arm_emulator.aks.plane.cluster_changes import new_cluster, replace_resource, written_resource
from arm_emulator.aks.plane.cluster_pools import put_pools, written_pools
from arm_emulator.aks.plane.cluster_view import cluster_etag, cluster_resource
from arm_emulator.aks.plane.pool_view import RUNNING, STOPPED
from arm_emulator.aks.plane.readiness import require_idle
from arm_emulator.arm_errors import InvalidParameterError
from arm_emulator.operations.links import poll_headers
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import page_reply
from arm_emulator.wire.preconditions import require_match
from arm_emulator.wire.router import RESOURCE_GROUP, SUBSCRIPTION, Route

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.wire.router import Handler
    from arm_emulator.world.world import World


def cluster_routes() -> tuple[Route, ...]:
    """All of them but those of what runs on nodes."""
    return (
        Route("GET", CLUSTER, get, only_reads=True),
        Route("PUT", CLUSTER, put),
        Route("PATCH", CLUSTER, patch),
        Route("DELETE", CLUSTER, delete),
        Route("POST", f"{CLUSTER}/start", _powering(RUNNING)),
        Route("POST", f"{CLUSTER}/stop", _powering(STOPPED)),
        Route("GET", f"{RESOURCE_GROUP}/{CLUSTER_LIST}", list_in_resource_group, only_reads=True),
        Route("GET", f"{SUBSCRIPTION}/{CLUSTER_LIST}", list_in_subscription, only_reads=True),
    )


def get(world: World, call: ArmCall) -> ArmReply:
    """The cluster."""
    return _reply(call, addressed_cluster(world, call))


def list_in_resource_group(world: World, call: ArmCall) -> ArmReply:
    """The clusters of a resource group."""
    at = call.parameters
    world.subscription(at["subscriptionId"])
    world.require_resource_group(at["subscriptionId"], at["resourceGroupName"])
    group = at["resourceGroupName"].lower()
    return _page(call, [c for c in _of_subscription(world, call) if c.id.resource_group.lower() == group])


def list_in_subscription(world: World, call: ArmCall) -> ArmReply:
    """The clusters of a subscription."""
    return _page(call, _of_subscription(world, call))


def put(world: World, call: ArmCall) -> ArmReply:
    """Create a cluster, or change the one that is there; ``agentPoolProfiles`` are its pools."""
    at = call.parameters
    subscription = world.subscription(at["subscriptionId"])
    there = next(
        (
            c
            for c in world.managed_clusters.values()
            if c.id.subscription.lower() == subscription.id.lower()
            and c.id.resource_group.lower() == at["resourceGroupName"].lower()
            and c.id.name.lower() == at["clusterName"].lower()
        ),
        None,
    )
    require_match(call.headers, None if there is None else cluster_etag(there))
    if there is not None:
        require_idle(there)
    resource = written_resource(world, call, None if there is None else there.resource)
    cluster = new_cluster(call, resource) if there is None else there
    pools = written_pools(world, call, cluster, is_new=there is None)
    if call.disruption.applies_to_resource:
        if there is None:
            world.managed_clusters[cluster.key] = cluster
        else:
            replace_resource(world, cluster, resource)
    waits_for = put_pools(world, call, cluster, pools)
    return _accepted(world, call, cluster, waits_for, status=201 if there is None else 200)


def patch(world: World, call: ArmCall) -> ArmReply:
    """Give a cluster other tags."""
    cluster = addressed_cluster(world, call)
    require_match(call.headers, cluster_etag(cluster))
    tags = call.json_object().get("tags")
    if tags is not None and not isinstance(tags, dict):
        raise InvalidParameterError(
            f"The value of parameter tags is invalid: {tags!r} is no object.", target="tags"
        )
    if call.disruption.applies_to_resource:
        cluster.resource = {**cluster.resource, "tags": tags or {}}
        cluster.etag += 1
    return _reply(call, cluster)


def delete(world: World, call: ArmCall) -> ArmReply:
    """Delete a cluster with its pools at once; 204 where there is none."""
    at = call.parameters
    world.subscription(at["subscriptionId"])
    found = [
        c
        for c in _of_subscription(world, call)
        if c.id.resource_group.lower() == at["resourceGroupName"].lower()
    ]
    cluster = next((c for c in found if c.id.name.lower() == at["clusterName"].lower()), None)
    if cluster is None:
        return ArmReply(204)
    require_match(call.headers, cluster_etag(cluster))
    require_idle(cluster)
    operation = begin_operation(world, cluster, disruption=call.disruption, gives_resource=False)
    headers = poll_headers(world, call.base_url, operation)
    if call.disruption.applies_to_resource:
        del world.managed_clusters[cluster.key]
        for pool in cluster.pools.values():
            tell_pool_gone(world, cluster, pool)
    return ArmReply(202, headers=headers)


def _powering(code: str) -> Handler:
    """The handler of start or stop."""

    def handle(world: World, call: ArmCall) -> ArmReply:
        cluster = addressed_cluster(world, call)
        require_idle(cluster)
        if call.disruption.applies_to_resource:
            properties = {**cluster.resource["properties"], "powerState": {"code": code}}
            cluster.resource = {**cluster.resource, "properties": properties}
            cluster.etag += 1
        operation = begin_operation(world, cluster, disruption=call.disruption, gives_resource=False)
        return ArmReply(202, headers=poll_headers(world, call.base_url, operation))

    return handle


def _of_subscription(world: World, call: ArmCall) -> list[ManagedCluster]:
    subscription = world.subscription(call.parameters["subscriptionId"]).id.lower()
    return [c for c in world.managed_clusters.values() if c.id.subscription.lower() == subscription]


def _page(call: ArmCall, clusters: list[ManagedCluster]) -> ArmReply:
    return page_reply(call, [cluster_resource(cluster, call.api_version) for cluster in clusters])


def _reply(call: ArmCall, cluster: ManagedCluster) -> ArmReply:
    headers = {"ETag": cluster_etag(cluster)}
    return ArmReply.of(cluster_resource(cluster, call.api_version), headers=headers)


def _accepted(
    world: World, call: ArmCall, cluster: ManagedCluster, waits_for: Sequence[str], *, status: int
) -> ArmReply:
    operation = begin_operation(
        world, cluster, waits_for=waits_for, api_version=call.api_version, disruption=call.disruption
    )
    headers = poll_headers(world, call.base_url, operation)
    del headers["Location"]
    body = cluster_resource(cluster, call.api_version)
    body["properties"]["provisioningState"] = "Creating" if status == 201 else "Updating"
    return ArmReply.of(body, status=status, headers={**headers, "ETag": cluster_etag(cluster)})
