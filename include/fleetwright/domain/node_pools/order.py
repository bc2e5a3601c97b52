"""In which order the pools of a cluster go: system pools first (AKS: control plane, then pools one by one)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from fleetwright.domain.node_pools.clusters import NodePool
from fleetwright.domain.node_pools.images import same_image
from fleetwright.domain.node_pools.rollouts import NodeRollout, PoolState


def order_pools(pools: Iterable[NodePool], left: Collection[str] = ()) -> tuple[NodePool, ...]:
    """System pools first; among their kind those that the last rollout left; then by name.

    :param left: names of pools that the last rollout left or that failed in it
    """
    first = {name.lower() for name in left}
    return tuple(sorted(pools, key=lambda p: (not p.is_system, p.name.lower() not in first, p.name.lower())))


def left_pools(last: NodeRollout | None) -> tuple[str, ...]:
    """The pools with which the next rollout begins: what the last one left, or what failed in it."""
    unfinished = {PoolState.LEFT, PoolState.FAILED}
    return tuple(pool.name for pool in last.pools if pool.state in unfinished) if last else ()


def stayed_behind(rollouts: Iterable[NodeRollout], pool: NodePool) -> frozenset[str]:
    """Nodes that could not be drained when the pool got its newest image: they wait for the next one.

    :param rollouts: of the cluster, newest first
    """
    upgrades = (upgrade for rollout in rollouts if (upgrade := rollout.pool(pool.name)) is not None)
    last = next((upgrade for upgrade in upgrades if upgrade.state is PoolState.UPGRADED), None)
    if last is None or not same_image(last.to_image, pool.latest_image):
        return frozenset()
    return frozenset(last.stragglers)
