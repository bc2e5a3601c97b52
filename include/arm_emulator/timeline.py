"""What is due when: a heap of (instant, ticket, resource, member), run in the order of time and then of scheduling.

An instance, or a node, holds the ticket of the one entry it waits for; an entry whose ticket it no longer holds is void. So nothing
is ever searched for in the heap, and a world document need only write each one's step and when it is due.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime


class Entry(NamedTuple):
    """The next step of an instance or a node: its scale set or cluster, and which one of it it is."""

    instant: datetime
    ticket: int
    resource: str
    member: str


class Timeline:
    """The entries of a world, soonest first."""

    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._tickets = 0

    def schedule(self, instant: datetime, *, resource: str, member: str) -> int:
        """Enter a step and return its ticket."""
        self._tickets += 1
        heapq.heappush(self._heap, Entry(instant, self._tickets, resource, member))
        return self._tickets

    def next_due(self, now: datetime) -> datetime | None:
        """When the soonest entry is due, if that is by now."""
        return self._heap[0].instant if self._heap and self._heap[0].instant <= now else None

    def pop_due(self, now: datetime) -> Entry | None:
        """The soonest entry that is due by now, taken out; None when there is none."""
        if self._heap and self._heap[0].instant <= now:
            return heapq.heappop(self._heap)
        return None
