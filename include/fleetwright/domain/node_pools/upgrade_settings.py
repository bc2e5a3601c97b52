"""How AKS goes through the nodes of a pool: ``upgradeSettings`` of an agent pool (N32)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class UndrainableNodeBehavior(StrEnum):
    """``undrainableNodeBehavior``: what becomes of a node that cannot be drained."""

    SCHEDULE = "Schedule"  # the operation fails; the node takes pods again
    CORDON = "Cordon"  # it stays cordoned, and the others go on


@dataclass(frozen=True, slots=True)
class UpgradeSettings:
    """``upgradeSettings`` with the defaults that AKS documents.

    :param max_surge: a number of nodes or a percentage of the pool, as text: ``1``, ``33%``
    :param max_unavailable: likewise; with 0, surge must be more than 0
    """

    max_surge: str = "10%"
    max_unavailable: str = "0"
    drain_timeout: timedelta = timedelta(minutes=30)
    node_soak: timedelta = timedelta(0)
    undrainable: UndrainableNodeBehavior = UndrainableNodeBehavior.SCHEDULE

    def surge_of(self, nodes: int) -> int:
        """How many nodes more there are at once: percentages are rounded up, and none beyond the pool's size."""
        return min(share(self.max_surge, nodes), nodes)

    def unavailable_of(self, nodes: int) -> int:
        """How many nodes may be missing at once."""
        return min(share(self.max_unavailable, nodes), nodes)

    def at_once(self, nodes: int) -> int:
        """How many nodes are upgraded at the same time, at least one."""
        return max(1, self.surge_of(nodes) + self.unavailable_of(nodes))


def share(text: str, nodes: int) -> int:
    """A number or a percentage of nodes, rounded up.

    >>> share("33%", 10), share("5", 10), share("", 10)
    (4, 5, 0)
    """
    word = text.strip()
    if word.endswith("%"):
        return math.ceil(nodes * int(word[:-1]) / 100)
    return int(word or 0)
