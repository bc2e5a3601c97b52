"""A rollout as one JSON object: what `fleetwright run --json` prints and what other tools may rely on."""

from __future__ import annotations

from typing import Any

from fleetwright.domain.errors import FleetwrightError, LeaseLostError
from fleetwright.domain.progress import Progress, RollbackInfo, count_by_ledger, count_rollbacks
from fleetwright.domain.records import BatchRecord, RolloutView
from fleetwright.domain.states import RolloutState, SwapState
from fleetwright.domain.thresholds import INTERNAL


def report(view: RolloutView) -> dict[str, Any]:
    """The rollout as it stands, or as it ended."""
    rollout = view.rollout
    return {
        "rolloutId": rollout.rollout_id,
        "status": str(rollout.state),
        "reason": {"code": rollout.reason_code, "message": rollout.reason_message},
        "reasons": [rollout.reason_message] if rollout.state is RolloutState.HELD else [],
        "targetVersion": rollout.settings.target_version,
        "progress": dict(rollout.outcome.get("progress") or Progress().to_dict()),
        "rollbackInfo": dict(rollout.outcome.get("rollback_info") or RollbackInfo().to_dict()),
        "versions": list(rollout.outcome.get("versions", ())),
        "byThemselves": list(rollout.outcome.get("by_themselves", ())),
        "newerVersion": rollout.outcome.get("newer_version", ""),
        "failed": list(rollout.outcome.get("failed", ())),
        "batches": [_batch(batch, sent) for batch in view.batches if (sent := _sent(view, batch))],
        **_waits(view),
        **_left_busy(view),
        **_kept_disks(view),
        **({"phase": rollout.settings.phase} if rollout.settings.phase else {}),
    }


def _waits(view: RolloutView) -> dict[str, Any]:
    """Only a rollout that others were in the way of has waited (R46, R48)."""
    waits = view.rollout.waits
    return {"waits": [dict(wait) for wait in waits]} if waits else {}


def _left_busy(view: RolloutView) -> dict[str, Any]:
    """Only a rollout that waits for work leaves nodes as they are because they never got idle (R55)."""
    left = view.rollout.left_busy
    return {"leftBusy": [{"node": node, "reason": why} for node, why in left.items()]} if left else {}


def _kept_disks(view: RolloutView) -> dict[str, Any]:
    """Only a rollout of a Flexible set may leave disks behind."""
    kept = view.rollout.outcome.get("kept_disks")
    return {"keptDisks": list(kept)} if kept else {}


def held_report(reasons: tuple[str, ...], target_version: str = "") -> dict[str, Any]:
    """A fleet that may not be upgraded now: every reason, and that nothing was touched."""
    return {
        "rolloutId": "",
        "status": str(RolloutState.HELD),
        "reason": {"code": "Held", "message": reasons[0] if reasons else ""},
        "reasons": list(reasons),
        "targetVersion": target_version,
        "progress": Progress().to_dict(),
        "rollbackInfo": RollbackInfo().to_dict(),
        "versions": [],
        "byThemselves": [],
        "newerVersion": "",
        "failed": [],
        "batches": [],
    }


def interrupted_report(view: RolloutView, error: FleetwrightError) -> dict[str, Any]:
    """A rollout that could not go on: it stays open in the ledger, and the next run resumes it."""
    counted = {"progress": count_by_ledger(view).to_dict(), "rollbackInfo": count_rollbacks(view).to_dict()}
    body = {**report(view), **counted}
    what_now = "another run has the fleet now: look there"
    if not isinstance(error, LeaseLostError):
        what_now = "the rollout stays open, and the next run on this fleet resumes it"
    message = f"{error}; {what_now}"
    return {**body, "status": str(RolloutState.FAULTED), "reason": {"code": INTERNAL, "message": message}}


def _batch(batch: BatchRecord, sent: list[str]) -> dict[str, Any]:
    return {
        "index": batch.index,
        "zone": batch.zone,
        "updateDomain": batch.update_domain,
        "instances": sent,
        "reason": batch.reason,
    }


def _sent(view: RolloutView, batch: BatchRecord) -> list[str]:
    """Whom the batch swapped: a call that was refused changed nothing, and its instance may be in a later batch."""
    return [
        swap.instance_id
        for swap in view.swaps_of(batch)
        if swap.batch_index == batch.index and swap.state is not SwapState.REFUSED
    ]
