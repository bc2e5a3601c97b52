"""Routes of Microsoft.ServiceFabric: clusters, read only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.service_fabric.clusters import CLUSTER_TYPE
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.paging import page_reply
from arm_emulator.wire.router import RESOURCE_GROUP, SUBSCRIPTION, Route

if TYPE_CHECKING:
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World

_LIST = "providers/Microsoft.ServiceFabric/clusters"


def service_fabric_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("GET", f"{SUBSCRIPTION}/{_LIST}", list_clusters),
        Route("GET", f"{RESOURCE_GROUP}/{_LIST}", list_clusters),
        Route("GET", f"{RESOURCE_GROUP}/{_LIST}/{{clusterName}}", get_cluster),
    )


def list_clusters(world: World, call: ArmCall) -> ArmReply:
    """The clusters of a subscription or of a resource group."""
    return page_reply(call, world.resources_below(world.service_fabric_clusters, call.parameters))


def get_cluster(world: World, call: ArmCall) -> ArmReply:
    """One cluster with its node types."""
    at = call.parameters
    return ArmReply.of(
        world.resource_named(
            world.service_fabric_clusters, at, resource_type=CLUSTER_TYPE, name=at["clusterName"]
        )
    )
