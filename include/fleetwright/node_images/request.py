"""What a rollout of node images is asked to do, and what its validation found: the values around the first step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from fleetwright.domain.maintenance import SUNDAY, MaintenanceWindow
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.plan import NodePlan
from fleetwright.domain.node_pools.rollouts import NodeRolloutSettings
from fleetwright.domain.records import TriggerKind


@dataclass(frozen=True, slots=True)
class NodeRequest:
    """What a person or a schedule asks for.

    :param fleet_id: ARM id of the cluster, or of one of its node pools
    :param not_before: when its first pool may begin, spread inside the window (N31); None for at once
    :param default_window: what an automatic rollout keeps to where the cluster has no window of its own
    """

    fleet_id: str
    trigger: TriggerKind = TriggerKind.MANUAL
    manners: Manners = field(default_factory=Manners)
    not_before: datetime | None = None
    default_window: MaintenanceWindow = SUNDAY


@dataclass(frozen=True, slots=True)
class ValidatedNodes:
    """What the validation found.

    :param settings: of the rollout that begins, or of the unfinished one that goes on
    :param plan: None where an unfinished rollout goes on
    :param nothing: why there is nothing to do; empty where there is
    """

    cluster: Cluster
    settings: NodeRolloutSettings
    plan: NodePlan | None = None
    nothing: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know."""
        return self.plan.verdict.notes if self.plan else self.cluster.warnings
