"""A rollout in the shape of Azure's ``rollingUpgrades/latest`` and ``osUpgradeHistory``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from fleetwright.domain.policy import RollingUpgradePolicy
from fleetwright.domain.policy_body import rolling_policy_body
from fleetwright.domain.progress import azure_time, count_by_ledger, recent_history
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import AWAITING_ROLLBACK, RolloutState
from fleetwright.rollout.ports.controls import Control

TYPE = "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades"
ROLLING_BACK = "RollingBack"


def history_body(views: Iterable[RolloutView]) -> dict[str, Any]:
    """``osUpgradeHistory``: the last five attempts within two months (R39, R40)."""
    return {"value": list(recent_history(views))}


def find_latest(views: Iterable[RolloutView]) -> RolloutView | None:
    """The newest rollout that is a rolling upgrade in Azure's sense: one that was held never became one.

    :param views: newest first
    """
    return next((view for view in views if view.rollout.state is not RolloutState.HELD), None)


def latest_body(view: RolloutView, cancels: Sequence[Control]) -> dict[str, Any]:
    """``rollingUpgrades/latest``; it has no end time and no version, Azure's own has none either.

    :param cancels: what people said to end the rollout, oldest first
    """
    rollout = view.rollout
    properties: dict[str, Any] = {
        "policy": dict(rollout.plan.get("policy") or rolling_policy_body(RollingUpgradePolicy())),
        "runningStatus": _running_status(view, cancels),
        "progress": dict(rollout.outcome.get("progress") or count_by_ledger(view).to_dict()),
    }
    if rollout.state in {RolloutState.FAULTED, RolloutState.CANCELLED}:
        properties["error"] = {"code": rollout.reason_code, "message": rollout.reason_message}
    return {"type": TYPE, "location": rollout.settings.location, "properties": properties}


def _running_status(view: RolloutView, cancels: Sequence[Control]) -> dict[str, Any]:
    rollout = view.rollout
    return {
        "code": ROLLING_BACK if _rolls_back(view) else str(rollout.state),
        "startTime": azure_time(rollout.started_at),
        "lastAction": "Cancel" if cancels else "Start",
        "lastActionTime": azure_time(cancels[-1].at if cancels else rollout.started_at),
    }


def _rolls_back(view: RolloutView) -> bool:
    is_under_way = view.rollout.state is RolloutState.ROLLING_FORWARD
    return is_under_way and any(swap.state in AWAITING_ROLLBACK for swap in view.swaps.values())
