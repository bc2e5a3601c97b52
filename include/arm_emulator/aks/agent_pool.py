"""An agent pool, as the state knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_emulator.aks.node import Node
from arm_emulator.aks.node_images import unpatched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.timings import Range


SETTLED = frozenset({"Succeeded", "Failed", "Canceled"})
"""``provisioningState`` of what no operation is in progress on."""


@dataclass(slots=True)
class UpgradeCourse:
    """An upgrade of a pool's nodes under way, or one that stopped and that a later PUT takes up again.

    :param image: the node image that nodes get
    :param operation: the id of the operation that waits for it; empty once that has ended
    :param waiting: names of nodes that are still to be done, in order
    :param surge: how many nodes more there may be, as counted when it began (N32)
    :param unavailable: how many nodes may be missing at once
    :param done: names of nodes that have the image now
    :param drained: how many nodes were drained
    :param left: names of undrainable nodes that stay cordoned on their old image, with the reason
    :param kubernetes_version: what nodes get with it, the pool's own for an upgrade of the image alone (R66)
    :param stopped: why it stands still; empty while it goes on
    :param aborted: somebody called it off: a PUT does not take it up again
    :param hindered: how it is going to end instead of touching a node: ``Failed`` at ``fails_at``, or ``stuck`` for never
    :param kept: names of nodes that a fault lets keep their old image; the operation fails with its code and message
    """

    image: str
    operation: str
    waiting: list[str]
    surge: int
    unavailable: int
    began: datetime
    kubernetes_version: str = ""
    done: list[str] = field(default_factory=list)
    drained: int = 0
    left: dict[str, str] = field(default_factory=dict)
    stopped: str = ""
    aborted: bool = False
    hindered: str = ""
    kept: list[str] = field(default_factory=list)
    kept_code: str = ""
    kept_message: str = ""
    fails_at: datetime | None = None
    ticket: int = 0

    @property
    def goes_on(self) -> bool:
        """Whether it begins with further nodes as room comes."""
        return bool(self.operation) and not self.hindered


@dataclass(slots=True)
class Scaling:
    """Nodes that come to a pool, or that leave it, by a call.

    :param operation: the id of the operation that waits for it
    :param coming: names of nodes that are being created
    :param leaving: names of nodes that are drained and deleted
    """

    operation: str
    coming: list[str] = field(default_factory=list)
    leaving: list[str] = field(default_factory=list)


@dataclass(slots=True)
class AgentPool:
    """A pool of nodes.

    :param properties: as ARM keeps them (``ManagedClusterAgentPoolProfileProperties``), without what is derived from
        the nodes: ``count``, ``nodeImageVersion``, ``provisioningState``, ``currentOrchestratorVersion``
    :param image: the node image that all its nodes had last, which it shows
    :param next_image: what new nodes get once an upgrade has begun; empty where that is ``image``
    :param provisioning_state: ``Succeeded``, ``UpgradingNodeImageVersion``, ``Updating``, ``Scaling``, ``Failed`` ...
    :param quota: how many nodes more than its count the subscription still has cores for; None for as many as it likes
    :param platform_image: the image that AKS itself began with last: it tries each but once
    :param recently_used: node images that it ran before, newest first: version and since when
    """

    name: str
    properties: JsonObject
    image: str
    next_image: str = ""
    nodes: dict[str, Node] = field(default_factory=dict)
    provisioning_state: str = "Succeeded"
    quota: int | None = None
    own_timings: Mapping[str, Range] = field(default_factory=dict)
    course: UpgradeCourse | None = None
    scaling: Scaling | None = None
    next_number: int = 0
    recently_used: list[tuple[str, datetime]] = field(default_factory=list)
    platform_image: str = ""
    etag: int = 1

    @property
    def regular_nodes(self) -> list[Node]:
        """Those that are not an upgrade's own, by number."""
        return sorted((node for node in self.nodes.values() if not node.is_surge), key=lambda n: n.number)

    @property
    def surge_nodes(self) -> list[Node]:
        """Those that exist for an upgrade, by number."""
        return sorted((node for node in self.nodes.values() if node.is_surge), key=lambda n: n.number)

    @property
    def count(self) -> int:
        """How many nodes it is meant to have: without those of an upgrade, and without those that leave."""
        return sum(not node.is_surge and not node.is_leaving for node in self.nodes.values())

    @property
    def image_for_new_nodes(self) -> str:
        """The VHD that the next node is created from."""
        return self.next_image or self.image

    @property
    def is_busy(self) -> bool:
        """Whether an operation on it is in progress."""
        return self.provisioning_state not in SETTLED

    @property
    def shown_image(self) -> str:
        """``nodeImageVersion`` of the pool: its image, with security patches once all of its nodes have them (R69)."""
        shown = {node.shown_image for node in self.regular_nodes}
        only = next(iter(shown)) if len(shown) == 1 else self.image
        return only if unpatched(only) == unpatched(self.image) else self.image

    @property
    def is_system(self) -> bool:
        """Whether it runs the cluster's own pods."""
        return str(self.properties.get("mode", "User")).lower() == "system"
