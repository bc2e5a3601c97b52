"""A rollout of node images as one JSON object: what ``fleetwright run --json`` prints and other tools may rely on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fleetwright.domain.errors import FleetwrightError, LeaseLostError
from fleetwright.domain.node_pools.evaluations import Evaluation
from fleetwright.domain.node_pools.rollouts import NodeRollout, PoolUpgrade


def report(rollout: NodeRollout) -> dict[str, Any]:
    """The rollout as it stands, or as it ended."""
    return {
        "rolloutId": rollout.rollout_id,
        "status": str(rollout.state),
        "reason": {"code": str(rollout.state), "message": rollout.reason},
        "reasons": [],
        "fleet": rollout.settings.fleet_id,
        "pool": rollout.settings.pool,
        "trigger": str(rollout.settings.trigger),
        "owner": rollout.owner,
        "startedAt": _iso(rollout.started_at),
        "endedAt": _iso(rollout.ended_at),
        "pools": [_pool(pool) for pool in rollout.pools],
    }


def held_report(fleet_id: str, reasons: tuple[str, ...]) -> dict[str, Any]:
    """A cluster that may not be upgraded now: every reason, and that nothing was touched."""
    return _untouched(fleet_id, "Held", reasons)


def nothing_report(fleet_id: str, reasons: tuple[str, ...]) -> dict[str, Any]:
    """A cluster of which nothing has to be upgraded."""
    return _untouched(fleet_id, "UpToDate", reasons)


def interrupted_report(rollout: NodeRollout, error: FleetwrightError) -> dict[str, Any]:
    """A rollout that could not go on: it stays open in the ledger, and the next run resumes it."""
    what_now = "the rollout stays open, and the next run on this cluster resumes it"
    if isinstance(error, LeaseLostError):
        what_now = "another run has the cluster now: look there"
    return {**report(rollout), "reason": {"code": error.kind, "message": f"{error}; {what_now}"}}


def evaluation_report(evaluation: Evaluation) -> dict[str, Any]:
    """A schedule's look at a cluster."""
    body = evaluation.to_dict()
    return {**{key: body[key] for key in body if key != "not_before"}, "notBefore": body["not_before"]}


def _untouched(fleet_id: str, status: str, reasons: tuple[str, ...]) -> dict[str, Any]:
    return {
        "rolloutId": "",
        "status": status,
        "reason": {"code": status, "message": reasons[0] if reasons else ""},
        "reasons": list(reasons),
        "fleet": fleet_id,
        "pools": [],
    }


def _pool(pool: PoolUpgrade) -> dict[str, Any]:
    return {
        "name": pool.name,
        "status": str(pool.state),
        "way": str(pool.way),
        "fromImage": pool.from_image,
        "toImage": pool.to_image,
        "kubernetesVersion": pool.kubernetes_version,
        "nodes": pool.nodes,
        "predictedSeconds": pool.predicted_seconds,
        "reason": pool.reason,
        "intendedAt": _iso(pool.intended_at),
        "acceptedAt": _iso(pool.accepted_at),
        "verifiedAt": _iso(pool.verified_at),
        "endedAt": _iso(pool.ended_at),
        "verified": list(pool.verified),
        "stragglers": dict(pool.stragglers),
    }


def _iso(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""
