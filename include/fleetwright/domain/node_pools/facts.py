"""The facts of a rollout of node images, as events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from fleetwright.domain.node_pools.documents import write_pool, write_settings
from fleetwright.domain.node_pools.evaluations import Evaluation
from fleetwright.domain.node_pools.rollouts import (
    NodeEvent,
    NodeEventKind,
    NodeRolloutSettings,
    NodeRolloutState,
    PoolState,
    PoolUpgrade,
)


def started(rollout_id: str, settings: NodeRolloutSettings, owner: str, now: datetime) -> NodeEvent:
    """A rollout begins."""
    about = {"rollout_id": rollout_id, "settings": write_settings(settings), "owner": owner}
    return NodeEvent(NodeEventKind.STARTED, now, about)


def resumed(owner: str, now: datetime) -> NodeEvent:
    """Another run goes on with it, or the same one again."""
    return NodeEvent(NodeEventKind.RESUMED, now, {"owner": owner})


def planned(plan: Mapping[str, Any], pools: Iterable[PoolUpgrade], now: datetime) -> NodeEvent:
    """Its pools in the order in which they go, those that are left out among them."""
    listed = [write_pool(pool) for pool in pools]
    return NodeEvent(NodeEventKind.PLANNED, now, {"plan": dict(plan), "pools": listed})


def pool_intended(pool: PoolUpgrade, now: datetime) -> NodeEvent:
    """A pool is about to be upgraded: with which image, and what it runs now (R66)."""
    about = {
        "pool": pool.name,
        "way": str(pool.way),
        "from_image": pool.from_image,
        "to_image": pool.to_image,
        "kubernetes_version": pool.kubernetes_version,
        "nodes": pool.nodes,
        "predicted_seconds": pool.predicted_seconds,
        "reason": pool.reason,
    }
    return NodeEvent(NodeEventKind.POOL_INTENDED, now, about)


def pool_sending(pool: str, now: datetime) -> NodeEvent:
    """The call is about to be sent."""
    return NodeEvent(NodeEventKind.POOL_SENDING, now, {"pool": pool})


def pool_accepted(pool: str, url: str, now: datetime) -> NodeEvent:
    """Azure took it.

    :param url: of its operation; empty where the pool was seen at it and the answer was lost
    """
    return NodeEvent(NodeEventKind.POOL_ACCEPTED, now, {"pool": pool, "url": url})


def pool_moved(pool: str, url: str, now: datetime) -> NodeEvent:
    """Its operation is to be asked elsewhere."""
    return NodeEvent(NodeEventKind.POOL_MOVED, now, {"pool": pool, "url": url})


def pool_verified(
    pool: str, verified: Iterable[str], stragglers: Mapping[str, str], now: datetime
) -> NodeEvent:
    """Every machine was looked at.

    :param verified: names of nodes on the new image
    :param stragglers: why others are not, by their names
    """
    about = {"pool": pool, "verified": sorted(verified), "stragglers": dict(stragglers)}
    return NodeEvent(NodeEventKind.POOL_VERIFIED, now, about)


def pool_ended(
    pool: str, state: PoolState, reason: str, now: datetime, stragglers: Mapping[str, str] | None = None
) -> NodeEvent:
    """Nothing more is done to a pool in this rollout."""
    about: dict[str, Any] = {"pool": pool, "state": str(state), "reason": reason}
    if stragglers:
        about["stragglers"] = dict(stragglers)
    return NodeEvent(NodeEventKind.POOL_ENDED, now, about)


def finished(state: NodeRolloutState, reason: str, now: datetime) -> NodeEvent:
    """The rollout is over."""
    return NodeEvent(NodeEventKind.FINISHED, now, {"state": str(state), "reason": reason})


def evaluated(evaluation: Evaluation) -> NodeEvent:
    """A schedule looked at a cluster."""
    return NodeEvent(NodeEventKind.EVALUATED, evaluation.at, evaluation.to_dict())
