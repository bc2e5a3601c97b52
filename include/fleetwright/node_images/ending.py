"""What a rollout comes to, from what its pools have come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from fleetwright.domain.node_pools.rollouts import NodeRollout, NodeRolloutState, PoolState, PoolUpgrade

# What a failed pool's reason begins with where no further pool may begin either.
STOPPED_BY_HAND = "somebody stopped its operation"


@dataclass(frozen=True, slots=True)
class Ending:
    """How a rollout ends, and why."""

    state: NodeRolloutState
    reason: str

    def to_dict(self) -> dict[str, str]:
        """As plain JSON."""
        return {"state": str(self.state), "reason": self.reason}

    @classmethod
    def from_dict(cls, body: Mapping[str, str]) -> Ending:
        """From plain JSON, as ``to_dict`` wrote it."""
        return cls(NodeRolloutState(body["state"]), body["reason"])


def fatal_pool(rollout: NodeRollout) -> PoolUpgrade | None:
    """The pool after which no other may begin: its nodes did not come, or somebody stopped it."""
    failed = (pool for pool in rollout.pools if pool.state is PoolState.FAILED)
    return next((p for p in failed if p.blames_image or p.reason.startswith(STOPPED_BY_HAND)), None)


def ending_of(rollout: NodeRollout) -> Ending:
    """The end of a rollout of which no pool waits any more."""
    failed = [pool for pool in rollout.pools if pool.state is PoolState.FAILED]
    left = [pool for pool in rollout.pools if pool.state is PoolState.LEFT]
    told = "; ".join(f"pool {pool.name} {pool.state}: {pool.reason}" for pool in (*failed, *left))
    reason = f"{counts_text(rollout)}; {told}" if told else counts_text(rollout)
    if failed:
        return Ending(NodeRolloutState.FAULTED, reason)
    return Ending(NodeRolloutState.WINDOW_CLOSED if left else NodeRolloutState.COMPLETED, reason)


def counts_text(rollout: NodeRollout) -> str:
    """How many pools came to what: ``2 pools upgraded, 1 left``."""
    counts = Counter(pool.state for pool in rollout.pools)
    told = [f"{counts[state]} {state}" for state in PoolState if counts[state]]
    many = "" if len(rollout.pools) == 1 else "s"
    return f"{len(rollout.pools)} node pool{many}: {', '.join(told)}" if told else "no node pool"
