"""The counts of a rollout, and its history entry in Azure's own shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pendulum

from fleetwright.domain.fleets import kind_of
from fleetwright.domain.health import is_ready, why_not_ready
from fleetwright.domain.images import is_older, target_reference
from fleetwright.domain.instances import HealthSource, Instance
from fleetwright.domain.records import RolloutView, SwapRecord, TriggerKind
from fleetwright.domain.states import AWAITING_ROLLBACK, FAILED_SWAPS, RolloutState, SwapState

# History keeps the last five attempts of the last two months (R39).
HISTORY_ENTRIES = 5
HISTORY_MONTHS = 2

NOTHING_TO_DO = "NothingToDo"


@dataclass(frozen=True, slots=True)
class Progress:
    """Instances by what has become of them (``progress`` of a rolling upgrade)."""

    successful: int = 0
    failed: int = 0
    in_progress: int = 0
    pending: int = 0

    def to_dict(self) -> dict[str, int]:
        """As Azure writes it."""
        return {
            "successfulInstanceCount": self.successful,
            "failedInstanceCount": self.failed,
            "inProgressInstanceCount": self.in_progress,
            "pendingInstanceCount": self.pending,
        }


@dataclass(frozen=True, slots=True)
class RollbackInfo:
    """How the rollbacks went (``rollbackInfo`` of a history entry)."""

    successful: int = 0
    failed: int = 0
    error: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As Azure writes it; the error only where there is one."""
        body: dict[str, Any] = {
            "successfullyRolledbackInstanceCount": self.successful,
            "failedRolledbackInstanceCount": self.failed,
        }
        if self.error:
            body["rollbackError"] = {"code": "RollbackFailed", "message": self.error}
        return body


def failed_ids(view: RolloutView, instances: Iterable[Instance], source: HealthSource) -> tuple[str, ...]:
    """Swapped instances that are not ready or were rolled back: what R12 counts, in order of their swap.

    An instance that was found healthy and fell ill later counts as well; one still in flight does not.
    """
    present = {instance.instance_id: instance for instance in instances}
    return tuple(
        swap.instance_id
        for swap in view.swaps.values()
        if _is_failed(swap, present.get(serving_id(swap)), source)
    )


def fell_ill(view: RolloutView, instances: Iterable[Instance], source: HealthSource) -> dict[str, Instance]:
    """Swapped instances that were found healthy and are not any more, as they are read now."""
    present = {instance.instance_id: instance for instance in instances}
    healthy = (swap for swap in view.swaps.values() if swap.state is SwapState.HEALTHY)
    serving = ((swap.instance_id, present.get(serving_id(swap))) for swap in healthy)
    return {i: instance for i, instance in serving if instance and not is_ready(instance, source)}


def serving_id(swap: SwapRecord) -> str:
    """The instance that serves in a swap's place: after a surge it is another one (N15)."""
    return (
        swap.replacement_id if swap.state is SwapState.HEALTHY and swap.replacement_id else swap.instance_id
    )


def list_failed(
    view: RolloutView, instances: Iterable[Instance], source: HealthSource
) -> list[dict[str, str]]:
    """Who counts as failed, as plain JSON: ``instance``, ``state`` and ``reason``, in order of their swap."""
    found = tuple(instances)
    ill = fell_ill(view, found, source)
    return [
        {"instance": i, "state": "fell ill later", "reason": why_not_ready(ill[i], source)}
        if i in ill
        else {"instance": i, "state": str(view.swaps[i].state), "reason": view.swaps[i].verdict_reason}
        for i in failed_ids(view, found, source)
    ]


def swapped_count(view: RolloutView) -> int:
    """How many instances this rollout has swapped: the denominator of R12 (C20)."""
    return sum(swap.state is not SwapState.REFUSED for swap in view.swaps.values())


def count_progress(
    view: RolloutView, instances: Iterable[Instance], source: HealthSource, pending: int
) -> Progress:
    """Count what has become of the instances, by the provider's truth."""
    failed = failed_ids(view, instances, source)
    flying = len(view.in_flight_ids - set(failed))
    return Progress(swapped_count(view) - len(failed) - flying, len(failed), flying, pending)


def count_by_ledger(view: RolloutView) -> Progress:
    """Count by what was written down, for a rollout whose provider does not answer any more."""
    states = [swap.state for swap in view.swaps.values()]
    failed = sum(state in FAILED_SWAPS for state in states)
    flying = len(view.in_flight_ids) - sum(state in AWAITING_ROLLBACK for state in states)
    planned = {i for batch in view.rollout.plan.get("batches", ()) for i in batch["instances"]}
    return Progress(states.count(SwapState.HEALTHY), failed, flying, len(planned - view.swapped_ids))


def count_rollbacks(view: RolloutView) -> RollbackInfo:
    """Count the rollbacks and name the first one that failed."""
    states = [swap.state for swap in view.swaps.values()]
    member = kind_of(view.rollout.settings.fleet_id).member
    error = next(
        (
            f"{member} {swap.instance_id}: {swap.verdict_reason}"
            for swap in view.swaps.values()
            if swap.state is SwapState.ROLLBACK_FAILED
        ),
        "",
    )
    return RollbackInfo(states.count(SwapState.ROLLED_BACK), states.count(SwapState.ROLLBACK_FAILED), error)


def is_history(view: RolloutView) -> bool:
    """Whether the rollout is an attempt that history shows: it ended, and it had something to do."""
    ended = view.rollout.state not in {RolloutState.ROLLING_FORWARD, RolloutState.HELD}
    return ended and view.rollout.reason_code != NOTHING_TO_DO


def history_entry(view: RolloutView) -> dict[str, Any]:
    """One entry of ``osUpgradeHistory`` (R40); ``endTime``, never ``completedTime`` (C6)."""
    rollout = view.rollout
    outcome = rollout.outcome
    properties: dict[str, Any] = {
        "runningStatus": {
            "code": str(rollout.state),
            "startTime": azure_time(rollout.started_at),
            "endTime": azure_time(rollout.ended_at),
        },
        "progress": dict(outcome.get("progress") or Progress().to_dict()),
        "startedBy": "Platform" if rollout.settings.trigger is TriggerKind.AUTOMATIC else "User",
        "targetImageReference": target_reference(rollout.settings.image, rollout.settings.target_version),
        "rollbackInfo": dict(outcome.get("rollback_info") or RollbackInfo().to_dict()),
    }
    if rollout.state is not RolloutState.COMPLETED:
        properties["error"] = {"code": rollout.reason_code, "message": rollout.reason_message}
    return {
        "properties": properties,
        "type": f"{kind_of(rollout.settings.fleet_id).resource_type}/rollingUpgrades",
        "location": rollout.settings.location,
        # Not Azure's words, and only there where a phase of ours started it, and where nodes never became idle.
        **({"phase": rollout.settings.phase} if rollout.settings.phase else {}),
        **({"leftBusy": dict(rollout.left_busy)} if rollout.left_busy else {}),
    }


def ended_at(running_status: Mapping[str, Any]) -> str:
    """When an attempt of the history ended, by either of the names that Azure's pages give it (C6).

    Our entries have ``endTime``; the times of Azure's own entries are read nowhere.
    """
    return str(running_status.get("endTime") or running_status.get("completedTime") or "")


def recent_history(views: Iterable[RolloutView]) -> tuple[dict[str, Any], ...]:
    """The last five attempts within two months before the newest one, newest first (R39)."""
    attempts = sorted(
        (view for view in views if is_history(view)),
        key=lambda view: view.rollout.started_at or _BEGINNING,
        reverse=True,
    )
    if not attempts:
        return ()
    newest = attempts[0].rollout.started_at or _BEGINNING
    since = pendulum.instance(newest).subtract(months=HISTORY_MONTHS)
    kept = [view for view in attempts if (view.rollout.started_at or _BEGINNING) >= since]
    return tuple(history_entry(view) for view in kept[:HISTORY_ENTRIES])


_BEGINNING = pendulum.datetime(1970, 1, 1)


def azure_time(instant: datetime | None) -> str | None:
    """A time as the compute provider writes it: seven fractional digits and an offset."""
    if instant is None:
        return None
    instant = instant.astimezone(UTC)
    return instant.strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond:06d}0+00:00"


def _is_failed(swap: SwapRecord, instance: Instance | None, source: HealthSource) -> bool:
    if instance is None and swap.state is SwapState.HEALTHY:
        return False  # scaled in after it was found healthy: gone, not ill
    serves = (
        instance is not None
        and not is_older(instance.version, swap.new_version)
        and is_ready(instance, source)
    )
    if swap.state in {SwapState.HEALTHY, SwapState.UNHEALTHY}:
        # Without a rollback an instance may come after its verdict, or fall ill after it: the present counts.
        return not serves
    return swap.state in FAILED_SWAPS
