"""What the referee knows about one node pool of an AKS cluster."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_SURGE, DEFAULT_UNAVAILABLE = "10%", "0"
"""``maxSurge`` and ``maxUnavailable`` where a pool says nothing (N32)."""


def nodes_of(said: object, size: int) -> int:
    """How many nodes a setting means: a number, or a percentage of the pool whose fraction is rounded up (N32).

    >>> nodes_of("33%", 5), nodes_of("2", 5), nodes_of("10%", 3)
    (2, 2, 1)
    """
    text = str(said).strip()
    return -(-size * int(text[:-1]) // 100) if text.endswith("%") else int(text)


@dataclass(slots=True)
class Limits:
    """What an upgrade may have: from the pool's settings and size at its start.

    :param size: the pool's own nodes
    """

    size: int
    surge: int
    unavailable: int

    @classmethod
    def of(cls, settings: Mapping[str, Any], size: int) -> Limits:
        """By ``upgradeSettings``."""
        surge = nodes_of(settings.get("maxSurge") or DEFAULT_SURGE, size)
        return cls(size, surge, nodes_of(settings.get("maxUnavailable") or DEFAULT_UNAVAILABLE, size))


@dataclass(slots=True)
class Counts:
    """What is counted of a pool, and never forgotten.

    :param upgrades: accepted calls that give nodes another image; ``resumes`` are those that take up a stopped one
    :param by_platform: what the platform began by itself, which is counted nowhere else
    :param drained: the pool's own nodes that were drained for an upgrade
    """

    upgrades: int = 0
    resumes: int = 0
    by_platform: int = 0
    live_patches: int = 0
    outside_window: int = 0
    drained: int = 0
    drain_timeouts: int = 0
    max_unavailable: int = 0
    max_surge_nodes: int = 0
    per_image: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class NodePoolRecord:
    """The record of one node pool.

    :param images: the node image of each node there is, by name
    :param surge: names of nodes that are there for an upgrade
    :param new: names of nodes that have not taken pods yet
    :param away: names of nodes that take no pods now
    :param quarantined: those that could not be drained and stay on their old image
    :param excused: those that are away and that the upgrade under way did not take
    :param limits: of the upgrade under way; None while none is
    :param goal: the image of the last upgrade
    :param is_by_platform: nobody's call began that one
    :param completed: images that an upgrade brought to every node, without any left behind
    """

    id: str
    images: dict[str, str]
    surge: set[str] = field(default_factory=set)
    new: set[str] = field(default_factory=set)
    away: set[str] = field(default_factory=set)
    quarantined: set[str] = field(default_factory=set)
    excused: set[str] = field(default_factory=set)
    limits: Limits | None = None
    goal: str = ""
    is_by_platform: bool = False
    completed: set[str] = field(default_factory=set)
    counts: Counts = field(default_factory=Counts)

    @property
    def cluster(self) -> str:
        """The id of its cluster."""
        return self.id[: self.id.lower().rindex("/agentpools/")]

    @property
    def size(self) -> int:
        """How many nodes of its own it has."""
        return sum(name not in self.surge for name in self.images)

    def begin(self, settings: Mapping[str, Any], image: str, *, by_platform: bool = False) -> None:
        """An upgrade is under way from here on."""
        self.is_by_platform = by_platform
        self.limits, self.goal = Limits.of(settings, self.size), image
        self.excused = self.away - self.surge

    def end(self, *, succeeded: bool) -> None:
        """It is over."""
        self.limits = None
        if succeeded and all(image == self.goal for image in self.images.values()):
            self.completed.add(self.goal)

    def clear(self) -> None:
        """The pool is gone; what was counted stays."""
        self.images.clear()
        for names in (self.surge, self.new, self.away, self.quarantined, self.excused):
            names.clear()
        self.limits = None

    def forget(self, node: str) -> None:
        """A node is gone."""
        self.images.pop(node, None)
        self.surge.discard(node)
        self.is_back(node)

    def is_back(self, node: str) -> None:
        """A node takes pods: nothing is the matter with it."""
        for names in (self.new, self.away, self.quarantined, self.excused):
            names.discard(node)

    def missing(self) -> int:
        """How many nodes fewer take pods than the pool had at the start of its upgrade; 0 without one."""
        if self.limits is None:
            return 0
        return max(0, self.limits.size - (len(self.images) - len(self.away)))

    def taken_too_many(self) -> int:
        """How many nodes more are missing by the upgrade than its pool allows; quarantined and fallen ones apart."""
        if self.limits is None:
            return 0
        return max(0, self.missing() - len(self.excused | self.quarantined) - self.limits.unavailable)

    def surge_in_use(self) -> int:
        """Surge nodes that come or serve; one that goes is none any more."""
        return sum(name in self.new or name not in self.away for name in self.surge)

    def note(self) -> None:
        """Remember the most nodes missing, and the most surge nodes."""
        self.counts.max_unavailable = max(self.counts.max_unavailable, self.missing())
        self.counts.max_surge_nodes = max(self.counts.max_surge_nodes, len(self.surge))
