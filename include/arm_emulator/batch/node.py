"""A node of a pool: its work, and whether it is given more of it. Its machine is an instance of a scale set."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class AfterTasks(StrEnum):
    """What a node does once its tasks are done, because a call asked for it with ``taskcompletion``."""

    REIMAGE = "reimage"
    REBOOT = "reboot"


@dataclass(slots=True)
class Task:
    """A task.

    :param seconds: how long it takes; -1 for one that never ends.
    :param ends: None for one that never ends.
    """

    job: str
    id: str
    seconds: float
    began: datetime
    ends: datetime | None


@dataclass(slots=True)
class Node:
    """The Batch side of a node.

    :param instance: of the pool's machines, by its id.
    :param scheduling_enabled: whether new tasks are given to it.
    :param tasks: at work on it.
    :param after_tasks: what it waits to do.
    :param after_version: the image version of a reimage that waits; None where none does, or to the newest.
    :param is_rebooting: its machine restarts because a call asked Batch for it.
    """

    instance: str
    scheduling_enabled: bool = True
    tasks: list[Task] = field(default_factory=list)
    after_tasks: AfterTasks | None = None
    after_version: str | None = None
    is_rebooting: bool = False
    total_tasks_run: int = 0

    @property
    def id(self) -> str:
        """``tvm-3`` for the machine of number 3."""
        return node_id(self.instance)

    def as_it_is(self) -> Node:
        """A copy that stays as it is, whatever happens to the node from now on."""
        return replace(self, tasks=[replace(task) for task in self.tasks])

    @property
    def is_working(self) -> bool:
        """Whether a task is at work on it."""
        return bool(self.tasks)


def node_id(instance: str) -> str:
    """The id of the node on a machine."""
    return f"tvm-{instance}"


def instance_of(node: str) -> str:
    """The number of a node's machine, by the node's id or by that number itself."""
    return node.lower().removeprefix("tvm-")
