"""A managed cluster, as the state knows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.aks.agent_pool import AgentPool
    from arm_emulator.aks.ids import ClusterId
    from arm_emulator.aks.workloads import Workload
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.timings import Range


@dataclass(frozen=True, slots=True)
class NodeImageRelease:
    """A node image that was published.

    :param version: with its build, ``AKSUbuntu-2204gen2containerd-202402.12.0``; a security-only image has the date of
        its patches besides, ``…-202402.12.0-2024.02.20``
    :param is_security: it is one of the ``SecurityPatch`` channel
    :param needs_reimage: its patches cannot be applied to a running node
    :param regions: where it is (N35); None for everywhere
    """

    version: str
    published_at: datetime
    is_security: bool = False
    needs_reimage: bool = False
    regions: frozenset[str] | None = None


@dataclass(slots=True)
class ManagedCluster:
    """A cluster with its pools.

    :param resource: as ARM keeps it, without ``agentPoolProfiles``, which are made from ``pools``
    :param pools: by name in lower case
    :param maintenance: ``properties`` of its maintenance configurations, by their fixed names
    :param releases: node images that only this cluster knows (``nodeImages`` of its world document)
    :param channel_due: when the channel that ``resource`` says begins to hold (R65); None where it holds
    :param channel_before: the channel that holds until then; empty once the change has come through
    :param channel_since: since when the present one holds; None for one that always has
    :param wakes: when the timeline comes back to it; ``pod_wakes`` is when it does for pods that start or leave
    :param live_patches: when nodes have the security patches that they are applying, by name
    :param to_reimage: keys of pools whose nodes a change of the channel is going to reimage (N30)
    """

    id: ClusterId
    location: str
    resource: JsonObject
    pools: dict[str, AgentPool] = field(default_factory=dict)
    maintenance: dict[str, JsonObject] = field(default_factory=dict)
    releases: list[NodeImageRelease] = field(default_factory=list)
    workloads: list[Workload] = field(default_factory=list)
    own_timings: Mapping[str, Range] = field(default_factory=dict)
    channel_due: datetime | None = None
    channel_before: str = ""
    channel_since: datetime | None = None
    provisioning_state: str = "Succeeded"
    commands: dict[str, JsonObject] = field(default_factory=dict)
    wakes: set[datetime] = field(default_factory=set)
    pod_wakes: set[datetime] = field(default_factory=set)
    live_patches: dict[str, datetime] = field(default_factory=dict)
    to_reimage: list[str] = field(default_factory=list)
    etag: int = 1

    @property
    def key(self) -> str:
        """Its id in lower case."""
        return self.id.key
