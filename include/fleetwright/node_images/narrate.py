"""A rollout of node images in words: its end, and a line for each pool."""

from __future__ import annotations

from collections.abc import Iterator

from fleetwright.domain.durations import clock_text
from fleetwright.domain.node_pools.rollouts import NodeRollout, PoolState, PoolUpgrade


def summary_lines(rollout: NodeRollout) -> tuple[str, ...]:
    """A line for each pool, then how the rollout ended."""
    return (*map(pool_line, rollout.pools), f"{rollout.state}: {rollout.reason}")


def pool_line(pool: PoolUpgrade) -> str:
    """What became of one pool."""
    return "".join(_parts(pool))


def _parts(pool: PoolUpgrade) -> Iterator[str]:
    yield f"pool {pool.name}: {pool.state}"
    if pool.accepted_at is not None and pool.from_image != pool.to_image:
        yield f", {pool.from_image} -> {pool.to_image} ({pool.way})"
    if pool.accepted_at is not None and pool.ended_at is not None:
        yield f", in {clock_text(pool.ended_at - pool.accepted_at)}"
    if pool.reason:
        yield f": {reason_words(pool.state, pool.reason)}"


def reason_words(state: PoolState, reason: str) -> str:
    """Why a pool is as it is, without saying its state twice."""
    return reason.removeprefix(f"{state}: ")
