"""A schedule looks at a cluster: started, nothing to do, or held, always with reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from fleetwright.domain.maintenance import SUNDAY, MaintenanceWindow
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.fit import why_closed
from fleetwright.domain.node_pools.images import same_image
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.plan import Course, NodePlan, PoolPlan, Sight, make_plan
from fleetwright.domain.node_pools.spread import spread_start
from fleetwright.domain.records import TriggerKind

# Whose clusters a schedule looks at. Those without upgrades of ours belong to the weekly one, so that somebody says
# of each cluster that nothing is done, and what its guests do.
LOOKS_AT = {
    NodeOsChannel.NODE_IMAGE: frozenset(
        {NodeOsChannel.NODE_IMAGE, NodeOsChannel.NONE, NodeOsChannel.UNMANAGED}
    ),
    NodeOsChannel.SECURITY_PATCH: frozenset({NodeOsChannel.SECURITY_PATCH}),
}


def is_evaluated(cluster: Cluster, schedule: NodeOsChannel) -> bool:
    """Whether the schedule of a channel looks at a cluster at all."""
    return cluster.channel in LOOKS_AT.get(schedule, frozenset({schedule}))


def evaluate(
    cluster: Cluster,
    schedule: NodeOsChannel,
    now: datetime,
    *,
    manners: Manners,
    sight: Sight | None = None,
    held: Sequence[str] = (),
    holder: str = "",
    default_window: MaintenanceWindow = SUNDAY,
) -> Evaluation | None:
    """How a schedule's look at a cluster ends; None for a cluster of another schedule's channel.

    :param schedule: the channel that the schedule is for
    :param sight: what was read besides; of its rollouts the newest counts
    :param held: what people said against upgrades of this cluster
    :param holder: the run that has the cluster; empty where nobody has it
    """
    if not is_evaluated(cluster, schedule):
        return None
    seen = sight or Sight()
    plan = make_plan(
        cluster,
        trigger=TriggerKind.AUTOMATIC,
        now=now,
        manners=manners,
        sight=seen,
        default_window=default_window,
    )
    outcome, reasons = _judge(plan, seen, tuple(held), holder)
    starts = _start(plan, manners) if outcome is Outcome.STARTED else None
    return Evaluation(cluster.cluster_id.resource_id, cluster.channel, outcome, reasons, now, starts)


def _judge(
    plan: NodePlan, seen: Sight, held: tuple[str, ...], holder: str
) -> tuple[Outcome, tuple[str, ...]]:
    cluster, verdict = plan.cluster, plan.verdict
    if cluster.channel in {NodeOsChannel.NONE, NodeOsChannel.UNMANAGED}:
        return Outcome.NOTHING_TO_DO, (*verdict.nothing, *verdict.notes)
    closed = "" if cluster.problem or cluster.window_problem else why_closed(plan.window, plan.at)
    if closed:
        return Outcome.NOTHING_TO_DO, (f"it is not its time: {closed}",)
    if holder:
        return Outcome.NOTHING_TO_DO, (f"run {holder} has it already",)
    holds = (*verdict.holds, *held)
    if holds:
        return Outcome.HELD, holds
    if verdict.nothing:
        return Outcome.NOTHING_TO_DO, verdict.nothing
    return _judge_pools(plan, seen)


def _judge_pools(plan: NodePlan, seen: Sight) -> tuple[Outcome, tuple[str, ...]]:
    failed = _why_not_again(plan, seen)
    if failed:
        return Outcome.HELD, failed
    if not plan.going:
        return _without_pools(plan)
    return Outcome.STARTED, (*map(_tell, plan.going), *(_tell_left(pool) for pool in plan.left))


def _without_pools(plan: NodePlan) -> tuple[Outcome, tuple[str, ...]]:
    """No pool can go: held, unless time alone helps."""
    waits = all(pool.course is Course.LEFT for pool in plan.left)
    return (Outcome.NOTHING_TO_DO if waits else Outcome.HELD), plan.why_stuck


def _why_not_again(plan: NodePlan, seen: Sight) -> tuple[str, ...]:
    """An image on which the nodes of one pool did not come is not given to others automatically."""
    if not seen.rollouts:
        return ()
    last = seen.rollouts[0]
    wanted = {pool.to_image for pool in plan.going}
    return tuple(
        f"rollout {last.rollout_id} stopped at pool {pool.name} on {pool.to_image}: {pool.reason}; "
        "a newer image goes on, or a run by hand"
        for pool in last.pools
        if pool.blames_image and any(same_image(pool.to_image, image) for image in wanted)
    )


def _start(plan: NodePlan, manners: Manners) -> datetime:
    period = plan.window.period_at(plan.at) if plan.window else None
    if plan.window is None or period is None:
        return plan.at
    remaining = plan.window.remaining(plan.at)
    return spread_start(plan.cluster.key, period.opens, plan.at, manners, remaining, plan.duration)


def _tell(pool: PoolPlan) -> str:
    return f"pool {pool.name}: {pool.from_image} -> {pool.to_image} ({pool.way}; {pool.forecast})"


def _tell_left(pool: PoolPlan) -> str:
    return f"pool {pool.name} {pool.course}: {pool.reason}"
