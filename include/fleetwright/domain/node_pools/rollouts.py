"""What the ledger remembers about an upgrade of a cluster's node images: frozen records and their events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.records import TriggerKind


class NodeRolloutState(StrEnum):
    """How a rollout of node images stands."""

    ROLLING_FORWARD = "RollingForward"
    COMPLETED = "Completed"
    WINDOW_CLOSED = "WindowClosed"  # the rest resumes in the next window
    FAULTED = "Faulted"
    CANCELLED = "Cancelled"


ENDED_NODE_ROLLOUTS = frozenset(NodeRolloutState) - {NodeRolloutState.ROLLING_FORWARD}


class PoolState(StrEnum):
    """How far one pool has come."""

    WAITING = "waiting"  # its turn has not come
    INTENDED = "intended"  # written before anything is sent
    SENDING = "sending"  # written right before the call: from here on it may have been sent
    UPGRADING = "upgrading"  # Azure said 202, or was seen doing it
    SOAKING = "soaking"  # every machine was verified once
    UPGRADED = "upgraded"
    UP_TO_DATE = "up to date"  # nothing had to be done
    LEFT = "left"  # not in this window; the reason says when, or what would have to change
    FAILED = "failed"


ENDED_POOLS = frozenset({PoolState.UPGRADED, PoolState.UP_TO_DATE, PoolState.LEFT, PoolState.FAILED})

POOL_TRANSITIONS: dict[PoolState, frozenset[PoolState]] = {
    PoolState.WAITING: frozenset(
        {PoolState.INTENDED, PoolState.UP_TO_DATE, PoolState.LEFT, PoolState.FAILED}
    ),
    PoolState.INTENDED: frozenset(
        {PoolState.SENDING, PoolState.LEFT, PoolState.FAILED, PoolState.UP_TO_DATE}
    ),
    PoolState.SENDING: frozenset({PoolState.UPGRADING, PoolState.LEFT, PoolState.FAILED}),
    # Live patches that a node cannot take: the pool is intended again, with its node image.
    PoolState.UPGRADING: frozenset({PoolState.SOAKING, PoolState.INTENDED, PoolState.LEFT, PoolState.FAILED}),
    PoolState.SOAKING: frozenset({PoolState.UPGRADED, PoolState.FAILED}),
}


# What a failed pool's reason begins with where its nodes did not come: no other pool gets the same image automatically.
BLAMED = "nodes do not come on the new image"


@dataclass(frozen=True, slots=True)
class NodeRolloutSettings:
    """What a rollout was asked to do, fixed for its whole life.

    :param fleet_id: ARM id of the cluster
    :param pool: the only pool to be upgraded; empty for all
    :param trigger: an automatic one keeps to the default window where the cluster has none
    :param manners: seconds by the names of ``Manners``
    :param not_before: when its first pool may begin, ISO 8601; empty for at once
    :param default_window: what an automatic one keeps to where the cluster has no window, as ARM writes it; empty for
        the weekly Sunday window
    """

    fleet_id: str
    pool: str = ""
    trigger: TriggerKind = TriggerKind.MANUAL
    manners: Mapping[str, float] = field(default_factory=dict)
    not_before: str = ""
    default_window: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PoolUpgrade:
    """One pool in a rollout.

    :param way: by what it gets its image
    :param from_image: of the pool before
    :param to_image: fixed when it is intended
    :param kubernetes_version: of the pool before: the same afterwards (R66)
    :param nodes: how many it has when it is intended
    :param predicted_seconds: how long it was expected to take
    :param operation_url: as last seen in a header, byte for byte
    :param verified: names of nodes seen on the new image
    :param stragglers: why nodes are not on the image although the operation is over, by their names
    """

    name: str
    state: PoolState = PoolState.WAITING
    way: UpgradeWay = UpgradeWay.REIMAGE
    from_image: str = ""
    to_image: str = ""
    kubernetes_version: str = ""
    nodes: int = 0
    predicted_seconds: float = 0.0
    reason: str = ""
    operation_url: str = ""
    intended_at: datetime | None = None
    accepted_at: datetime | None = None
    verified_at: datetime | None = None
    ended_at: datetime | None = None
    verified: tuple[str, ...] = ()
    stragglers: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ended(self) -> bool:
        """Whether nothing of it is left to do in this rollout."""
        return self.state in ENDED_POOLS

    @property
    def blames_image(self) -> bool:
        """Whether it failed because its nodes did not come; a blocked drain says nothing against the image."""
        return self.state is PoolState.FAILED and self.reason.startswith(BLAMED)


@dataclass(frozen=True, slots=True)
class NodeRollout:
    """An upgrade of the node images of one cluster.

    :param pools: in the order in which they go
    :param plan: as it was shown, plain JSON
    """

    rollout_id: str
    settings: NodeRolloutSettings
    owner: str = ""
    state: NodeRolloutState = NodeRolloutState.ROLLING_FORWARD
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""
    plan: Mapping[str, Any] = field(default_factory=dict)
    pools: tuple[PoolUpgrade, ...] = ()

    @property
    def is_ended(self) -> bool:
        """Whether it is over."""
        return self.state in ENDED_NODE_ROLLOUTS

    @property
    def open_pool(self) -> PoolUpgrade | None:
        """The pool that is under way; there is at most one."""
        begun = (p for p in self.pools if p.state is not PoolState.WAITING and not p.is_ended)
        return next(begun, None)

    def pool(self, name: str) -> PoolUpgrade | None:
        """One pool by its name."""
        return next((pool for pool in self.pools if pool.name == name), None)


class NodeEventKind(StrEnum):
    """Everything that is ever written down about an upgrade of node images."""

    STARTED = "node rollout started"
    RESUMED = "node rollout resumed"
    PLANNED = "node rollout planned"  # its pools in order, those that are left out among them
    POOL_INTENDED = "pool intended"
    POOL_SENDING = "pool call about to be sent"
    POOL_ACCEPTED = "pool call accepted"
    POOL_MOVED = "pool operation moved"
    POOL_VERIFIED = "pool verified"  # machine by machine; its soak begins
    POOL_ENDED = "pool ended"  # upgraded, up to date, left or failed, with the reason
    FINISHED = "node rollout finished"
    EVALUATED = "cluster evaluated"  # by a schedule: started, nothing to do or held; belongs to the cluster


@dataclass(frozen=True, slots=True)
class NodeEvent:
    """One fact.

    :param happened_at: on the rollout's clock, aware, UTC
    :param payload: plain JSON
    """

    kind: NodeEventKind
    happened_at: datetime
    payload: Mapping[str, Any] = field(default_factory=dict)
