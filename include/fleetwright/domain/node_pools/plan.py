"""The plan of a rollout of node images: which pools go, when, how, and which do not and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from fleetwright.domain.maintenance import SUNDAY, MaintenanceWindow
from fleetwright.domain.node_pools.channels import NodeOsChannel, UpgradeWay
from fleetwright.domain.node_pools.clusters import Cluster, Machine, NodePool, Workloads
from fleetwright.domain.node_pools.eligibility import Verdict, judge_cluster, target_pools
from fleetwright.domain.node_pools.fit import fits, window_for
from fleetwright.domain.node_pools.forecast import Forecast, forecast_pool, history_of
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.order import left_pools, order_pools, stayed_behind
from fleetwright.domain.node_pools.preflight import (
    Findings,
    judge_budgets,
    judge_surge_quota,
    why_no_node_goes,
)
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.domain.node_pools.upgrades import PoolNeed, is_stopped, need_of
from fleetwright.domain.quotas import Usage
from fleetwright.domain.records import TriggerKind


class Course(StrEnum):
    """What becomes of a pool in a rollout."""

    GOES = "goes"
    UP_TO_DATE = "nothing to do"
    LEFT = "left"  # not in this window; the reason says when
    BLOCKED = "blocked"  # something is in its way that does not pass by itself
    REFUSED = "refused"  # it fits no window that its cluster has


@dataclass(frozen=True, slots=True)
class Sight:
    """What was read besides the cluster; what was not read is not judged.

    :param machines: by the pool's name
    :param usages: None where they were not read
    :param rollouts: of the cluster, newest first
    """

    machines: Mapping[str, Sequence[Machine]] = field(default_factory=dict)
    workloads: Workloads | None = None
    usages: Sequence[Usage] | None = None
    rollouts: Sequence[NodeRollout] = ()


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """One pool.

    :param reason: what it needs, or why it does not go
    :param forecast: None where nothing is to be upgraded
    :param starts_at: predicted; None where it does not go
    """

    name: str
    mode: str
    course: Course
    from_image: str
    to_image: str
    reason: str
    nodes: int = 0
    surge: int = 0
    way: UpgradeWay | None = None
    patched_to: str = ""
    forecast: Forecast | None = None
    starts_at: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def goes(self) -> bool:
        """Whether it is upgraded in this rollout."""
        return self.course is Course.GOES

    @property
    def ends_at(self) -> datetime | None:
        """Predicted; None where it does not go."""
        return self.starts_at + self.forecast.duration if self.starts_at and self.forecast else None


@dataclass(frozen=True, slots=True)
class NodePlan:
    """A cluster's plan.

    :param verdict: whether the rollout may begin at all
    :param window: that it keeps to; None where it may begin at once
    :param pools: in the order in which they go, with those that do not
    :param costs: what it costs besides time
    """

    cluster: Cluster
    trigger: TriggerKind
    at: datetime
    verdict: Verdict
    window: MaintenanceWindow | None
    pools: tuple[PoolPlan, ...]
    costs: tuple[str, ...] = ()

    @property
    def going(self) -> tuple[PoolPlan, ...]:
        """The pools that are upgraded."""
        return tuple(pool for pool in self.pools if pool.goes)

    @property
    def refused(self) -> tuple[PoolPlan, ...]:
        """The pools that fit no window."""
        return tuple(pool for pool in self.pools if pool.course is Course.REFUSED)

    @property
    def left(self) -> tuple[PoolPlan, ...]:
        """The pools that need something and do not go, whatever the reason."""
        return tuple(p for p in self.pools if p.course not in {Course.GOES, Course.UP_TO_DATE})

    @property
    def duration(self) -> timedelta:
        """How long the pools that go take, one after the other."""
        spans = (pool.forecast.duration for pool in self.going if pool.forecast)
        return sum(spans, timedelta())

    @property
    def why_stuck(self) -> tuple[str, ...]:
        """Why not a single pool can be upgraded although some need it; empty where one can."""
        return () if self.going else tuple(f"pool {pool.name}: {pool.reason}" for pool in self.left)


def make_plan(
    cluster: Cluster,
    *,
    trigger: TriggerKind,
    now: datetime,
    manners: Manners,
    pool: str = "",
    sight: Sight | None = None,
    default_window: MaintenanceWindow = SUNDAY,
) -> NodePlan:
    """Plan pool by pool, each from where the one before is predicted to end; what fits after one that does not goes.

    Where the window is closed the plan is that of its next opening; the verdict says that nothing starts now.

    :param pool: the only pool that is meant; empty for all
    """
    seen = sight or Sight()
    verdict = judge_cluster(
        cluster,
        trigger=trigger,
        now=now,
        pool=pool,
        machines=seen.machines,
        workloads=seen.workloads,
        rollouts=seen.rollouts,
        default_window=default_window,
    )
    window = window_for(cluster, trigger, default_window)
    last = seen.rollouts[0] if seen.rollouts else None
    planner = _Planner(cluster, trigger, manners, window, seen)
    starts = (window.next_opening(now) or now) if window else now
    pools = planner.plan(order_pools(target_pools(cluster, pool), left_pools(last)), starts)
    return NodePlan(cluster, trigger, now, verdict, window, pools, _costs(cluster, pools))


@dataclass(frozen=True, slots=True)
class _Planner:
    cluster: Cluster
    trigger: TriggerKind
    manners: Manners
    window: MaintenanceWindow | None
    seen: Sight

    def plan(self, pools: Sequence[NodePool], starts: datetime) -> tuple[PoolPlan, ...]:
        planned: list[PoolPlan] = []
        for pool in pools:
            found = self.plan_pool(pool, starts)
            starts = found.ends_at or starts
            planned.append(found)
        return tuple(planned)

    def plan_pool(self, pool: NodePool, starts: datetime) -> PoolPlan:
        machines = self.seen.machines.get(pool.name)
        nodes = self.seen.workloads.nodes if self.seen.workloads else None
        stayed = stayed_behind(self.seen.rollouts, pool)
        need = need_of(self.cluster, pool, machines, nodes, trigger=self.trigger, stayed=stayed)
        shown = _shown(pool, need)
        if need.way is None:
            return replace(shown, course=Course.BLOCKED) if need.is_barred else shown
        return self._judge(pool, need, need.way, shown, starts)

    def _judge(
        self, pool: NodePool, need: PoolNeed, way: UpgradeWay, shown: PoolPlan, starts: datetime
    ) -> PoolPlan:
        machines = self.seen.machines.get(pool.name)
        found, at_once = self._preflight(pool, way, machines)
        history = history_of(self.seen.rollouts, pool, way)
        behind = _behind(pool, need, machines)
        forecast = forecast_pool(pool, way, self.manners, history, nodes=behind, at_once=at_once)
        shown = replace(shown, forecast=forecast, notes=found.notes)
        if found.problems:
            return replace(shown, course=Course.BLOCKED, reason="; ".join(found.problems))
        fit = fits(starts, forecast, self.window, self.manners.margin)
        if fit.ok:
            notes = (*found.notes, fit.words)
            return replace(shown, course=Course.GOES, starts_at=starts, notes=notes)
        return replace(shown, course=Course.REFUSED if fit.never else Course.LEFT, reason=fit.words)

    def _preflight(
        self, pool: NodePool, way: UpgradeWay, machines: Sequence[Machine] | None
    ) -> tuple[Findings, int | None]:
        """What is in the way of a reimage; patches on running nodes drain nothing and need no surge."""
        seen = self.seen
        if way is UpgradeWay.LIVE:
            return Findings(), None
        nothing_goes = why_no_node_goes(pool)
        if nothing_goes:
            return Findings((nothing_goes,)), None
        budgets = judge_budgets(seen.workloads, pool, machines) if seen.workloads else Findings()
        if seen.usages is None:
            return budgets, None
        room = judge_surge_quota(self.cluster, pool, seen.usages, machines)
        problems = (*budgets.problems, room.problem) if room.problem else budgets.problems
        return Findings(problems, (*budgets.notes, *room.notes)), room.at_once


def _behind(pool: NodePool, need: PoolNeed, machines: Sequence[Machine] | None) -> int | None:
    """How many nodes an operation that is resumed still has before it; None for all of them."""
    if not is_stopped(pool) or not machines:
        return None
    return max(1, sum(machine.image.lower() != need.to_image.lower() for machine in machines))


def _shown(pool: NodePool, need: PoolNeed) -> PoolPlan:
    surge = pool.settings.surge_of(pool.count) if need.way is UpgradeWay.REIMAGE else 0
    return PoolPlan(
        pool.name,
        pool.mode,
        Course.UP_TO_DATE,
        pool.image,
        need.to_image,
        need.reason,
        nodes=pool.count,
        surge=surge,
        way=need.way,
        patched_to=need.patched_to,
    )


def _costs(cluster: Cluster, pools: Sequence[PoolPlan]) -> tuple[str, ...]:
    """What it costs: surge nodes for a time, and the image of security patches (R69)."""
    told = [
        f"pool {pool.name}: its surge of {pool.surge} is paid for while it is upgraded"
        for pool in pools
        if pool.goes and pool.surge
    ]
    if cluster.channel is NodeOsChannel.SECURITY_PATCH:
        group = cluster.node_resource_group or f"of cluster {cluster.name}"
        told.append(
            f"channel SecurityPatch: AKS keeps an extra image (VHD) in node resource group {group}, "
            "whose storage is paid for (R69)"
        )
    return tuple(told)
