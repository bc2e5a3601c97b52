"""A node of a pool: its work, and whether it is given more of it. Its machine is an instance of a scale set."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from arm_emulator.compute.instance import Fate

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.batch.shown_node import ShownNode

RECENT_TASKS = 5
"""As many tasks that have ended does a node tell of."""


class AfterTasks(StrEnum):
    """What a node does once its tasks are done, because a call asked for it with ``taskcompletion``."""

    REIMAGE = "reimage"
    REBOOT = "reboot"
    DEALLOCATE = "deallocate"


@dataclass(slots=True)
class Task:
    """A task.

    :param seconds: how long it takes; -1 for one that never ends.
    :param began: when it began last; while it waits, since when it is there to be done.
    :param ends: None for one that never ends.
    :param requeues: how many times it was stopped and queued again.
    """

    job: str
    id: str
    seconds: float
    began: datetime
    ends: datetime | None
    requeues: int = 0


@dataclass(frozen=True, slots=True)
class EndedTask:
    """A task that is over.

    :param succeeded: it came to its own end; one that was terminated did not.
    """

    job: str
    id: str
    began: datetime
    ended: datetime
    succeeded: bool
    requeues: int = 0


@dataclass(slots=True)
class Node:
    """The Batch side of a node.

    :param instance: of the pool's machines, by its id.
    :param scheduling_enabled: whether new tasks are given to it.
    :param tasks: at work on it.
    :param after_tasks: what it waits to do.
    :param after_version: the image version of a reimage that waits; None where none does, or to the newest.
    :param after_fate: what a fault makes of that.
    :param ended: the last tasks that ended on it, oldest first.
    :param changed_at: when its work or its scheduling changed last.
    :param revision: grows with every such change.
    :param shown: its JSON until the next change.
    """

    instance: str
    scheduling_enabled: bool = True
    tasks: list[Task] = field(default_factory=list)
    after_tasks: AfterTasks | None = None
    after_version: str | None = None
    after_fate: Fate = Fate.APPLY
    total_tasks_run: int = 0
    total_tasks_succeeded: int = 0
    ended: deque[EndedTask] = field(default_factory=lambda: deque(maxlen=RECENT_TASKS))
    changed_at: datetime | None = None
    revision: int = 0
    shown: ShownNode | None = None

    @property
    def id(self) -> str:
        """``tvm-3`` for the machine of number 3."""
        return node_id(self.instance)

    def as_it_is(self) -> Node:
        """A copy that stays as it is, whatever happens to the node from now on."""
        return replace(
            self, tasks=[replace(task) for task in self.tasks], ended=deque(self.ended, maxlen=RECENT_TASKS)
        )

    @property
    def is_working(self) -> bool:
        """Whether a task is at work on it."""
        return bool(self.tasks)

    @property
    def takes_work(self) -> bool:
        """Whether a task may be given to it, as far as Batch knows without its machine."""
        return self.scheduling_enabled and not self.tasks and self.after_tasks is None

    def end(self, task: Task, now: datetime, *, succeeded: bool) -> None:
        """A task is over, done or terminated."""
        self.tasks.remove(task)
        self.total_tasks_run += 1
        self.total_tasks_succeeded += succeeded
        self.ended.append(EndedTask(task.job, task.id, task.began, now, succeeded, task.requeues))

    def changed(self, now: datetime) -> None:
        """Its work or its scheduling is another one from now on."""
        self.changed_at = now
        self.revision += 1


def node_id(instance: str) -> str:
    """The id of the node on a machine."""
    return f"tvm-{instance}"


def instance_of(node: str) -> str:
    """The number of a node's machine, by the node's id or by that number itself."""
    return node.lower().removeprefix("tvm-")
