"""The tasks of a pool that wait for a node: what began first, or waits since longest, comes first."""

from __future__ import annotations

from bisect import insort
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arm_emulator.batch.node import Task
    from arm_emulator.batch.pool import BatchPool


def enqueue(pool: BatchPool, task: Task) -> None:
    """Have a task wait, in the place of its age."""
    waiting = list(pool.queue)
    insort(waiting, task, key=lambda other: other.began)
    pool.queue = deque(waiting)
