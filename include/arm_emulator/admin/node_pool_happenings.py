"""Things that happen to AKS node pools from outside: they are scaled, nodes fall ill and recover."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.aks.course.scaling import begin_scaling
from arm_emulator.aks.outages import set_down
from arm_emulator.arm_errors import InvalidParameterError, ResourceNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.admin.bodies import TouchInstances
    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.cluster import ManagedCluster
    from arm_emulator.aks.node import Node
    from arm_emulator.world.world import World

_POOLS = "/agentpools/"
_AKS = "/providers/microsoft.containerservice/"
_READY, _NOT_READY = (
    frozenset({"healthy", "running"}),
    frozenset({"unhealthy", "never", "stopped", "deallocated"}),
)


def is_node_pool_id(text: str) -> bool:
    """Whether an id means something of AKS, there or not."""
    return _AKS in text.lower()


def named_node_pool(world: World, pool_id: str) -> tuple[ManagedCluster, AgentPool]:
    """An agent pool by its id, in any case, and its cluster.

    :raises InvalidParameterError: it is a cluster's id.
    :raises ResourceNotFoundError: the world has no such one.
    """
    owner, found, name = pool_id.lower().rpartition(_POOLS)
    if not found:
        raise InvalidParameterError(
            f"id: {pool_id!r} is no agent pool; a cluster's pools are below it, at agentPools/{{name}}",
            target="id",
        )
    cluster = world.managed_clusters.get(owner)
    pool = None if cluster is None else cluster.pools.get(name)
    if cluster is None or pool is None:
        raise ResourceNotFoundError(f"the world has no agent pool {pool_id!r}")
    return cluster, pool


def scale_node_pool(world: World, pool_id: str, count: int) -> dict[str, Any]:
    """Begin to create or to drain and delete nodes until there are that many, as the cluster's autoscaler does.

    :return: the pool's id as the world writes it, its count from now on, and the names of its own nodes.
    :raises OperationNotAllowedError: an operation on the pool or its cluster is in progress.
    """
    cluster, pool = named_node_pool(world, pool_id)
    begin_scaling(world, cluster, pool, count)
    pool.etag += 1
    names = [node.name for node in pool.regular_nodes]
    return {"id": cluster.id.pool_id(pool.name), "capacity": pool.count, "instances": names}


def touch_nodes(world: World, body: TouchInstances) -> str:
    """Make nodes not ready, or ready again.

    :return: the pool's id, as the world writes it.
    :raises InvalidParameterError: one of them is not there, or that cannot happen to nodes; then nothing changes.
    """
    cluster, pool = named_node_pool(world, body.id)
    is_ready = _readiness(body)
    for node in _named_nodes(pool, body.instances):
        set_down(world, cluster, pool, node, is_down=not is_ready, in_outage=node.in_outage)
    return cluster.id.pool_id(pool.name)


def _readiness(body: TouchInstances) -> bool:
    said = [word for word in (body.power, body.health) if word is not None]
    unknown = [str(word) for word in said if str(word) not in _READY | _NOT_READY]
    if not said or unknown or body.running is not None or "customMetrics" in body.model_fields_set:
        raise InvalidParameterError(
            "nodes of an agent pool take health (healthy, unhealthy, never) and power (running, stopped, "
            f"deallocated): ready, or not ready{f'; not {unknown[0]}' if unknown else ''}",
            target="health" if unknown or not said else "running",
        )
    return all(str(word) in _READY for word in said)


def _named_nodes(pool: AgentPool, named: Iterable[str]) -> list[Node]:
    by_name = {node.name.lower(): node for node in pool.nodes.values()}
    by_name |= {str(node.number): node for node in pool.nodes.values()}
    unknown = [name for name in named if name.lower() not in by_name]
    if unknown:
        raise InvalidParameterError(
            f"instances: agent pool {pool.name} has no node {unknown[0]!r}", target="instances"
        )
    return [by_name[name.lower()] for name in named]
