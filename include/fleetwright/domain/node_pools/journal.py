"""The fold that turns the events of a rollout of node images into where it stands.

A fact that is told twice changes nothing, so a step that was cut off between the act and the record can tell it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.documents import read_pool, read_settings
from fleetwright.domain.node_pools.rollouts import (
    ENDED_NODE_ROLLOUTS,
    POOL_TRANSITIONS,
    NodeEvent,
    NodeEventKind,
    NodeRollout,
    NodeRolloutState,
    PoolState,
    PoolUpgrade,
)
from fleetwright.domain.states import IllegalMoveError

NODE_ROLLOUT_TRANSITIONS: dict[NodeRolloutState, frozenset[NodeRolloutState]] = {
    NodeRolloutState.ROLLING_FORWARD: ENDED_NODE_ROLLOUTS,
}

# What may still be told of a rollout that is over.
_AFTERWARDS = frozenset({NodeEventKind.FINISHED})


def fold_nodes(events: Iterable[NodeEvent], rollout: NodeRollout | None = None) -> NodeRollout:
    """Apply events in order, from nothing or onto a rollout.

    :raises LedgerError: when the first event does not start a rollout
    :raises IllegalMoveError: when an event contradicts the tables, naming the rollout
    """
    for event in events:
        rollout = advance(rollout, event)
    if rollout is None:
        raise LedgerError("there are no events to read a rollout of node images from")
    return rollout


def advance(rollout: NodeRollout | None, event: NodeEvent) -> NodeRollout:
    """The rollout after one event.

    :raises LedgerError: when the first event does not start a rollout, or a later one does
    :raises IllegalMoveError: when the event contradicts the tables, naming the rollout
    """
    if rollout is None:
        return _start(event)
    apply = _too_late if rollout.is_ended and event.kind not in _AFTERWARDS else _APPLY[event.kind]
    try:
        return apply(rollout, event)
    except IllegalMoveError as error:
        raise IllegalMoveError(f"rollout {rollout.rollout_id}: {error} by '{event.kind}'") from None
    except KeyError as error:
        raise LedgerError(
            f"rollout {rollout.rollout_id}: '{event.kind}' does not fit it: {error!r}"
        ) from error


def advance_pool(state: PoolState, to: PoolState) -> PoolState:
    """The pool's next state; staying where it is changes nothing.

    :raises IllegalMoveError: when the table has no such transition
    """
    if to is not state and to not in POOL_TRANSITIONS.get(state, frozenset()):
        raise IllegalMoveError(f"a pool that is '{state}' cannot become '{to}'")
    return to


def _start(event: NodeEvent) -> NodeRollout:
    if event.kind is not NodeEventKind.STARTED:
        raise LedgerError(f"a rollout's events must begin with '{NodeEventKind.STARTED}', not '{event.kind}'")
    body = event.payload
    settings = read_settings(body["settings"])
    return NodeRollout(body["rollout_id"], settings, body["owner"], started_at=event.happened_at)


def _resume(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    return replace(rollout, owner=event.payload["owner"])


def _plan(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    if rollout.pools:
        return rollout  # whoever was first has said in which order they go
    body = event.payload
    return replace(rollout, plan=body["plan"], pools=tuple(read_pool(pool) for pool in body["pools"]))


def _intend(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    body, pool = event.payload, _pool(rollout, event)
    other = rollout.open_pool
    if other is not None and other.name != pool.name:
        raise IllegalMoveError(f"pool {other.name} is '{other.state}', and pools go one after the other")
    intended: dict[str, Any] = {
        "state": advance_pool(pool.state, PoolState.INTENDED),
        "way": UpgradeWay(body["way"]),
        "from_image": pool.from_image if pool.intended_at else body["from_image"],
        "to_image": body["to_image"],
        "kubernetes_version": body["kubernetes_version"],
        "nodes": body["nodes"],
        "predicted_seconds": body["predicted_seconds"],
        "reason": body["reason"],
        "operation_url": "",
        "intended_at": event.happened_at,
    }
    return _with(rollout, replace(pool, **intended))


def _send(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    pool = _pool(rollout, event)
    return _with(rollout, replace(pool, state=advance_pool(pool.state, PoolState.SENDING)))


def _accept(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    pool = _pool(rollout, event)
    if pool.state is PoolState.UPGRADING:
        return _with(rollout, replace(pool, operation_url=event.payload["url"] or pool.operation_url))
    state = advance_pool(pool.state, PoolState.UPGRADING)
    url, at = event.payload["url"], event.happened_at
    return _with(rollout, replace(pool, state=state, operation_url=url, accepted_at=at))


def _move(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    pool = _pool(rollout, event)
    if pool.state is not PoolState.UPGRADING:
        raise IllegalMoveError(f"pool {pool.name} is '{pool.state}' and has no operation under way")
    return _with(rollout, replace(pool, operation_url=event.payload["url"]))


def _verify(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    body, pool = event.payload, _pool(rollout, event)
    seen: dict[str, Any] = {
        "state": advance_pool(pool.state, PoolState.SOAKING),
        "verified": tuple(body["verified"]),
        "stragglers": dict(body["stragglers"]),
        "verified_at": pool.verified_at or event.happened_at,
    }
    return _with(rollout, replace(pool, **seen))


def _end_pool(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    body, pool = event.payload, _pool(rollout, event)
    state = PoolState(body["state"])
    if state is pool.state and pool.is_ended:
        return rollout
    ended: dict[str, Any] = {"state": advance_pool(pool.state, state), "reason": body["reason"]}
    stragglers = dict(body.get("stragglers", pool.stragglers))
    return _with(rollout, replace(pool, **ended, stragglers=stragglers, ended_at=event.happened_at))


def _finish(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    body, to = event.payload, NodeRolloutState(event.payload["state"])
    if to is rollout.state:
        return rollout
    if to not in NODE_ROLLOUT_TRANSITIONS.get(rollout.state, frozenset()):
        raise IllegalMoveError(f"a rollout that is {rollout.state} cannot become {to}")
    return replace(rollout, state=to, reason=body["reason"], ended_at=event.happened_at)


def _refuse(rollout: NodeRollout, event: NodeEvent) -> NodeRollout:
    raise LedgerError(f"rollout {rollout.rollout_id}: '{event.kind}' is no fact of a rollout under way")


def _too_late(rollout: NodeRollout, _event: NodeEvent) -> NodeRollout:
    raise IllegalMoveError(f"it is {rollout.state}, and nothing moves on from there")


def _pool(rollout: NodeRollout, event: NodeEvent) -> PoolUpgrade:
    name = event.payload["pool"]
    pool = rollout.pool(name)
    if pool is None:
        raise IllegalMoveError(f"it has no pool {name!r}")
    return pool


def _with(rollout: NodeRollout, pool: PoolUpgrade) -> NodeRollout:
    pools = tuple(pool if one.name == pool.name else one for one in rollout.pools)
    return replace(rollout, pools=pools)


_APPLY: Mapping[NodeEventKind, Callable[[NodeRollout, NodeEvent], NodeRollout]] = {
    NodeEventKind.STARTED: _refuse,
    NodeEventKind.RESUMED: _resume,
    NodeEventKind.PLANNED: _plan,
    NodeEventKind.POOL_INTENDED: _intend,
    NodeEventKind.POOL_SENDING: _send,
    NodeEventKind.POOL_ACCEPTED: _accept,
    NodeEventKind.POOL_MOVED: _move,
    NodeEventKind.POOL_VERIFIED: _verify,
    NodeEventKind.POOL_ENDED: _end_pool,
    NodeEventKind.FINISHED: _finish,
    NodeEventKind.EVALUATED: _refuse,
}
