"""Routes by which a pool's nodes get the newest image, and by which that is called off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.addressing import AGENT_POOL, CLUSTER, addressed_cluster, addressed_pool
from arm_emulator.aks.course.aborting import abort
from arm_emulator.aks.course.beginning import UPGRADING, begin_upgrade
from arm_emulator.aks.node_images import latest_for
from arm_emulator.aks.plane.pool_view import pool_resource
from arm_emulator.operations.links import poll_headers
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import Route

if TYPE_CHECKING:
    from arm_emulator.operations.operation import Operation
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World


def upgrade_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("POST", f"{AGENT_POOL}/upgradeNodeImageVersion", upgrade_node_image, touches_instances=True),
        Route("POST", f"{AGENT_POOL}/abort", abort_pool),
        Route("POST", f"{CLUSTER}/abort", abort_cluster),
    )


def upgrade_node_image(world: World, call: ArmCall) -> ArmReply:
    """The newest image for every node; 202 with the pool as it is being upgraded, 200 where there is nothing to do."""
    cluster, pool = addressed_pool(world, call)
    image = latest_for(world, cluster, pool)
    operation = begin_upgrade(
        world, cluster, pool, image, disruption=call.disruption, api_version=call.api_version
    )
    body = pool_resource(cluster, pool, call.api_version)
    if operation is None:
        return ArmReply.of(body)
    # What takes no time may be over already; the answer is that of a call that was accepted.
    body["properties"]["provisioningState"] = UPGRADING
    return ArmReply.of(body, status=202, headers=poll_headers(world, call.base_url, operation))


def abort_pool(world: World, call: ArmCall) -> ArmReply:
    """The end of what is under way on a pool; 204 where nothing is."""
    cluster, pool = addressed_pool(world, call)
    return _aborted(world, call, abort(world, cluster, [pool], on=pool))


def abort_cluster(world: World, call: ArmCall) -> ArmReply:
    """The end of what is under way on any pool of a cluster; 204 where nothing is."""
    cluster = addressed_cluster(world, call)
    return _aborted(world, call, abort(world, cluster, list(cluster.pools.values()), on=None))


def _aborted(world: World, call: ArmCall, operation: Operation | None) -> ArmReply:
    if operation is None:
        return ArmReply(204)
    return ArmReply(202, headers=poll_headers(world, call.base_url, operation))
