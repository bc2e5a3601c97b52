"""Reading what a plan is made of: the machines of the pools, and what the cluster itself says where it matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from fleetwright.domain.maintenance import MaintenanceWindow
from fleetwright.domain.node_pools.clusters import Cluster, Machine, Workloads
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
    plan = partial(
        make_plan,
        cluster,
        trigger=trigger,
        now=now,
        manners=manners,
        pool=pool,
        default_window=default_window,
    )
    sight = Sight(rollouts=rollouts)
    found = plan(sight=sight)
    if found.verdict.holds or _is_never_due(found):
        return found, sight
    sight = replace(sight, machines=_machines(driver, cluster, pool))
    found = plan(sight=sight)
    if not found.verdict.may_begin:
        return found, sight
    workloads = driver.read_workloads(cluster)
    if restarts:
        workloads = _restarting(workloads)
    sight = replace(sight, workloads=workloads, usages=driver.list_usages(cluster))
    return plan(sight=sight), sight


def _machines(driver: ClusterDriver, cluster: Cluster, pool: str) -> dict[str, tuple[Machine, ...]]:
    """The machines of the pools that are meant, by the pool's name; a pool without nodes is not asked for."""
    meant = (each for each in target_pools(cluster, pool) if each.count)
    return {each.name: driver.list_machines(cluster, each.name) for each in meant}


def _restarting(workloads: Workloads) -> Workloads:
    return replace(workloads, nodes=tuple(replace(node, needs_reboot=True) for node in workloads.nodes))


def _is_never_due(plan: NodePlan) -> bool:
    # By its channel, before any pool was looked at.
    return bool(plan.verdict.nothing) and not any(
        reason.startswith("pool ") for reason in plan.verdict.nothing
    )
