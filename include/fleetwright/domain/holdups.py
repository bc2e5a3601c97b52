"""Who holds up a rollout by its work: which nodes may be swapped now, and what becomes of those that never get idle (R55)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from math import floor

from fleetwright.domain.drains import DrainPolicy, RunningTask, WhenBusy
from fleetwright.domain.durations import clock_text
from fleetwright.domain.health import is_ready
from fleetwright.domain.instances import Instance
from fleetwright.domain.situation import Situation

# Tasks that were to be queued again and are still there are told so once more after this long.
REQUEUE_AGAIN = timedelta(minutes=5)


class Grade(IntEnum):
    """In which order the nodes of one domain go."""

    NOT_READY = 0
    CLOSED_IDLE = 1
    IDLE = 2
    CLOSED_BUSY = 3
    BUSY = 4


def grade(instance: Instance, situation: Situation) -> Grade:
    """Idle nodes go first, and those that are closed already before others (R55)."""
    if not is_ready(instance, situation.health_source):
        return Grade.NOT_READY
    is_closed = instance.instance_id in situation.closed_ids
    if instance.is_idle:
        return Grade.CLOSED_IDLE if is_closed else Grade.IDLE
    return Grade.CLOSED_BUSY if is_closed else Grade.BUSY


def why_not_drained(instance: Instance, situation: Situation) -> str:
    """Why a node may not be swapped now; empty where it may, and always where nobody waits for work (R55)."""
    if not situation.waits_for_work:
        return ""
    if instance.instance_id not in situation.closed_ids:
        return "its scheduling is not disabled by this rollout"
    if instance.takes_work:
        return "somebody enabled its scheduling again"
    return "" if instance.is_idle else what_it_runs(instance)


def what_it_runs(instance: Instance) -> str:
    """The work on a node, in a few words."""
    oldest, *others = instance.running_tasks
    return f"it runs {oldest.name}" + (f" and {len(others)} more" if others else "")


@dataclass(frozen=True, slots=True)
class Holdup:
    """A closed node that is still at work.

    :param since: when it was closed
    :param deadline: until when it is waited for, None where that has no end
    """

    instance_id: str
    tasks: tuple[RunningTask, ...]
    since: datetime
    deadline: datetime | None

    def text(self, policy: DrainPolicy, now: datetime) -> str:
        """Node, tasks and their ages, until when it is waited for, and what then."""
        work = ", ".join(f"{task.name}{_age(task, now)}" for task in self.tasks)
        return f"{self.instance_id} runs {work}; {self.what_then(policy, now)}"

    def reason(self, now: datetime) -> str:
        """Why it is left as it is."""
        waited = clock_text(now - self.since)
        task, *others = self.tasks
        more = f" and {len(others)} more" if others else ""
        return f"still ran {task.name}{more}{_age(task, now)}, {waited} after its scheduling was disabled"

    def what_then(self, policy: DrainPolicy, now: datetime) -> str:
        """Until when it is waited for, and what becomes of it then."""
        if self.deadline is None:
            return "waited for without a deadline"
        until = _time_text(self.deadline)
        if policy.when_busy is WhenBusy.SKIP:
            return f"waited for until {until}, then left as it is"
        end = _time_text(self.deadline + policy.grace)
        if now < self.deadline:
            return f"waited for until {until}, then its tasks are ended and queued again at {end}"
        return f"its deadline passed at {until}: its tasks are ended and queued again at {end}"


def find_holdups(
    closed: Mapping[str, datetime], instances: Iterable[Instance], policy: DrainPolicy
) -> tuple[Holdup, ...]:
    """The closed nodes that are still at work, whoever was closed first going first.

    :param closed: since when nodes have their scheduling disabled by the rollout
    """
    busy = [i for i in instances if i.instance_id in closed and not i.is_idle]
    busy.sort(key=lambda i: (closed[i.instance_id], i.order))
    waits = policy.when_busy is WhenBusy.WAIT
    return tuple(
        Holdup(i.instance_id, i.running_tasks, since, None if waits else since + policy.deadline)
        for i in busy
        for since in (closed[i.instance_id],)
    )


def to_leave(holdups: Iterable[Holdup], policy: DrainPolicy, now: datetime) -> dict[str, str]:
    """Why nodes are left as they are from now on, by their ids."""
    if policy.when_busy is not WhenBusy.SKIP:
        return {}
    return {h.instance_id: h.reason(now) for h in holdups if h.deadline is not None and now >= h.deadline}


def to_requeue(holdups: Iterable[Holdup], policy: DrainPolicy, now: datetime) -> tuple[str, ...]:
    """The nodes whose tasks are ended and queued again by now: their deadline and its grace are over."""
    if policy.when_busy is not WhenBusy.REQUEUE:
        return ()
    return tuple(
        h.instance_id for h in holdups if h.deadline is not None and now >= h.deadline + policy.grace
    )


def next_moment(holdups: Iterable[Holdup], policy: DrainPolicy, after: datetime) -> datetime | None:
    """When something becomes due next, after an instant; None where nothing does by itself."""
    return min((m for h in holdups for m in _moments(h, policy, after) if m > after), default=None)


def _moments(holdup: Holdup, policy: DrainPolicy, after: datetime) -> tuple[datetime, ...]:
    if holdup.deadline is None:
        return ()
    if policy.when_busy is WhenBusy.SKIP:
        return (holdup.deadline,)
    end = holdup.deadline + policy.grace
    again = max(0, floor((after - end).total_seconds() / REQUEUE_AGAIN.total_seconds()) + 1)
    return (holdup.deadline, end + again * REQUEUE_AGAIN)


def why_choose_again(
    situation: Situation, closed: Mapping[str, datetime], policy: DrainPolicy, since: datetime, now: datetime
) -> str:
    """Why a wait for idle nodes is over; empty where it goes on.

    :param closed: since when nodes have their scheduling disabled by the rollout
    :param since: when the wait began: what was due by then has been done
    """
    present = {instance.instance_id: instance for instance in situation.instances}
    for node in closed:
        if node not in present:
            return f"{node} does not exist any more"
        if present[node].takes_work:
            return f"{node} takes work again"
        if present[node].is_idle:
            return f"{node} is idle"
    holdups = find_holdups(closed, situation.instances, policy)
    if to_leave(holdups, policy, now):
        return "a deadline has passed"
    moment = next_moment(holdups, policy, since)
    return "a deadline has passed" if moment is not None and moment <= now else ""


def _age(task: RunningTask, now: datetime) -> str:
    return f" for {clock_text(now - task.since)}" if task.since is not None else ""


def _time_text(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%SZ}"
