"""Reading what a plan is made of: the machines of the pools, and what the cluster itself says where it matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from fleetwright.domain.maintenance import MaintenanceWindow
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.eligibility import target_pools
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.plan import NodePlan, Sight, make_plan
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.domain.records import TriggerKind
from fleetwright.node_images.ports import ClusterDriver

# How many rollouts of a cluster a prediction learns from, and where the last one's pools are looked up.
LOOKED_BACK = 12


def look_at(
    driver: ClusterDriver,
    cluster: Cluster,
    *,
    pool: str,
    trigger: TriggerKind,
    now: datetime,
    manners: Manners,
    default_window: MaintenanceWindow,
    rollouts: Sequence[NodeRollout] = (),
    restarts: bool = False,
) -> tuple[NodePlan, Sight]:
    """The plan as of now, and what it was made of.

    Machines are read at the provider. The cluster itself is asked by a command, which starts a pod in it: only where a
    pool is to be upgraded and nothing else stands in the way.

    :param pool: the only pool that is meant; empty for all
    :param restarts: its nodes count as ones that need a restart: they were asked to take their patches, and did not
    """

    def plan(sight: Sight) -> NodePlan:
        return make_plan(
            cluster,
            trigger=trigger,
            now=now,
            manners=manners,
            pool=pool,
            sight=sight,
            default_window=default_window,
        )

    first = plan(Sight(rollouts=rollouts))
    if first.verdict.holds or _is_never_due(first):
        return first, Sight(rollouts=rollouts)
    machines = {
        each.name: driver.list_machines(cluster, each.name)
        for each in target_pools(cluster, pool)
        if each.count
    }
    sight = Sight(machines, rollouts=rollouts)
    second = plan(sight)
    if not second.verdict.may_begin:
        return second, sight
    workloads = driver.read_workloads(cluster)
    if restarts:
        workloads = replace(workloads, nodes=tuple(replace(n, needs_reboot=True) for n in workloads.nodes))
    sight = Sight(machines, workloads, driver.list_usages(cluster), rollouts)
    return plan(sight), sight


def _is_never_due(plan: NodePlan) -> bool:
    # By its channel, before any pool was looked at.
    return bool(plan.verdict.nothing) and not any(
        reason.startswith("pool ") for reason in plan.verdict.nothing
    )
