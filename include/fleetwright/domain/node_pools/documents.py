"""A rollout of node images as plain JSON: what the ledger keeps of it, and what other tools read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.rollouts import (
    NodeRollout,
    NodeRolloutSettings,
    NodeRolloutState,
    PoolState,
    PoolUpgrade,
)
from fleetwright.domain.records import TriggerKind

_POOL_INSTANTS = ("intended_at", "accepted_at", "verified_at", "ended_at")


def write_settings(settings: NodeRolloutSettings) -> dict[str, Any]:
    """What a rollout was asked to do, as plain JSON."""
    mappings = {"manners": dict(settings.manners), "default_window": dict(settings.default_window)}
    return {**_fields_of(settings), "trigger": str(settings.trigger), **mappings}


def read_settings(body: Mapping[str, Any]) -> NodeRolloutSettings:
    """As ``write_settings`` wrote it."""
    return NodeRolloutSettings(**{**body, "trigger": TriggerKind(body["trigger"])})


def write_pool(pool: PoolUpgrade) -> dict[str, Any]:
    """A pool in a rollout, as plain JSON."""
    instants = {name: _told(getattr(pool, name)) for name in _POOL_INSTANTS}
    words = {"state": str(pool.state), "way": str(pool.way), "stragglers": dict(pool.stragglers)}
    return {**_fields_of(pool), **instants, **words, "verified": list(pool.verified)}


def read_pool(body: Mapping[str, Any]) -> PoolUpgrade:
    """As ``write_pool`` wrote it."""
    read = {
        **{name: _instant(body.get(name)) for name in _POOL_INSTANTS},
        "state": PoolState(body["state"]),
        "way": UpgradeWay(body["way"]),
        "verified": tuple(body["verified"]),
    }
    return PoolUpgrade(**{**body, **read})


def write_rollout(rollout: NodeRollout) -> dict[str, Any]:
    """Everything that is known of a rollout, as plain JSON."""
    return {
        "rollout_id": rollout.rollout_id,
        "settings": write_settings(rollout.settings),
        "owner": rollout.owner,
        "state": str(rollout.state),
        "started_at": _told(rollout.started_at),
        "ended_at": _told(rollout.ended_at),
        "reason": rollout.reason,
        "plan": dict(rollout.plan),
        "pools": [write_pool(pool) for pool in rollout.pools],
    }


def read_rollout(body: Mapping[str, Any]) -> NodeRollout:
    """As ``write_rollout`` wrote it."""
    return NodeRollout(
        rollout_id=body["rollout_id"],
        settings=read_settings(body["settings"]),
        owner=body["owner"],
        state=NodeRolloutState(body["state"]),
        started_at=_instant(body["started_at"]),
        ended_at=_instant(body["ended_at"]),
        reason=body["reason"],
        plan=dict(body["plan"]),
        pools=tuple(read_pool(pool) for pool in body["pools"]),
    )


def _told(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _fields_of(record: NodeRolloutSettings | PoolUpgrade) -> dict[str, Any]:
    """Its fields as they are; whoever writes one copies what can change."""
    return {field.name: getattr(record, field.name) for field in fields(record)}
