"""Which nodes of a pool run tasks right now, and what that means for its rollout: the live list (R55)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fleetwright.domain.drains import RunningTask
from fleetwright.domain.holdups import Holdup, find_holdups
from fleetwright.domain.images import is_older
from fleetwright.domain.instances import Instance
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import RolloutState

NOT_UPGRADED = "no rollout is under way"
ON_TARGET = "it is on the version already"
NOT_CLOSED = "it is closed to new tasks in its turn, and waited for from then on"
NOT_WAITED_FOR = "nobody waits for it: it is upgraded in its turn, and its tasks are queued again"
OF_SOMEBODY_ELSE = "somebody else disabled its scheduling: it is left alone"


@dataclass(frozen=True, slots=True)
class BusyNode:
    """A node that runs tasks.

    :param tasks: at least one, the oldest first
    :param closed_since: when the rollout under way disabled its scheduling, None where it did not
    :param deadline: until when it is waited for, None where nobody waits or that has no end
    :param becomes: what that means for the rollout, in words
    """

    node_id: str
    tasks: tuple[RunningTask, ...]
    closed_since: datetime | None
    deadline: datetime | None
    becomes: str

    def to_dict(self, now: datetime) -> dict[str, Any]:
        """As plain JSON, ages in seconds."""
        return {
            "node": self.node_id,
            "tasks": [
                {"task": task.name, "since": _iso(task.since), "ageSeconds": age_of(task, now)}
                for task in self.tasks
            ],
            "closedSince": _iso(self.closed_since),
            "deadline": _iso(self.deadline),
            "becomes": self.becomes,
        }


def list_busy(
    instances: Iterable[Instance], view: RolloutView | None, now: datetime, *, waits: bool
) -> tuple[BusyNode, ...]:
    """Every node that runs a task: those that hold up the rollout first, whoever was closed first going first.

    :param view: the pool's newest rollout, None where it never had one
    :param waits: the pool has its nodes waited for (``osRollingUpgradeDeferral``)
    """
    under_way = rollout_under_way(view)
    busy = [instance for instance in instances if not instance.is_idle]
    if under_way is None:
        return tuple(_busy(instance, NOT_UPGRADED) for instance in sorted(busy, key=lambda i: i.order))
    drain = under_way.rollout.settings.drain
    holdups = find_holdups(under_way.rollout.closed, busy, drain)
    closed = {holdup.instance_id: holdup for holdup in holdups}
    others = (i for i in sorted(busy, key=lambda i: i.order) if i.instance_id not in closed)
    return (
        *(_held_up(holdup, holdup.what_then(drain, now)) for holdup in holdups),
        *(_busy(instance, _becomes(instance, under_way, waits=waits)) for instance in others),
    )


def rollout_under_way(view: RolloutView | None) -> RolloutView | None:
    """The rollout that takes nodes now, None where the newest one does not, or there never was one."""
    return view if view is not None and view.rollout.state is RolloutState.ROLLING_FORWARD else None


def _held_up(holdup: Holdup, becomes: str) -> BusyNode:
    return BusyNode(holdup.instance_id, holdup.tasks, holdup.since, holdup.deadline, becomes)


def _busy(instance: Instance, becomes: str) -> BusyNode:
    return BusyNode(instance.instance_id, instance.running_tasks, None, None, becomes)


def _becomes(instance: Instance, view: RolloutView, *, waits: bool) -> str:
    left = view.rollout.left_busy.get(instance.instance_id, "")
    if left:
        return f"left as it is: {left}"
    if not is_older(instance.version, view.rollout.settings.target_version):
        return ON_TARGET
    if not instance.takes_work:
        return OF_SOMEBODY_ELSE
    return NOT_CLOSED if waits else NOT_WAITED_FOR


def age_of(task: RunningTask, now: datetime) -> float | None:
    """For how many seconds the task has run, None where Batch does not say since when."""
    return None if task.since is None else (now - task.since).total_seconds()


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
