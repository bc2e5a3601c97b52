"""How upgrades of node images are timed: what a site may set, and what holds where it sets nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Manners:
    """The site's settings.

    :param margin: how long after its window's end a pool's upgrade may still be predicted to end (N31)
    :param spread: over how much of a window's beginning starts are spread (N31)
    :param per_node: how long one node is predicted to take where no earlier upgrade of its pool tells: created or
        drained, reimaged, started
    :param live_patch: how long security patches are predicted to take on running nodes, however many there are (R69)
    :param soak: how long nodes are watched after a pool has its new image, before the next pool
    :param poll: time between two looks at an operation
    """

    margin: timedelta = timedelta(0)
    spread: timedelta = timedelta(minutes=30)
    per_node: timedelta = timedelta(minutes=5)
    live_patch: timedelta = timedelta(minutes=5)
    soak: timedelta = timedelta(minutes=2)
    poll: timedelta = timedelta(seconds=5)
