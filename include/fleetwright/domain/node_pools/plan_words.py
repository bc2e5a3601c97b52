"""A plan as plain JSON, and as the lines that a person reads before anything happens."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.fit import instant_words, why_closed
from fleetwright.domain.node_pools.forecast import span_words
from fleetwright.domain.node_pools.plan import NodePlan, PoolPlan


def plan_json(plan: NodePlan) -> dict[str, Any]:
    """A plan as plain JSON."""
    return {
        "cluster": plan.cluster.cluster_id.resource_id,
        "channel": str(plan.cluster.channel),
        "trigger": str(plan.trigger),
        "at": plan.at.isoformat(),
        "window": str(plan.window) if plan.window else "",
        "windowState": window_words(plan),
        "held": list(plan.verdict.holds),
        "nothing": list(plan.verdict.nothing),
        "notes": list(plan.verdict.notes),
        "costs": list(plan.costs),
        "seconds": plan.duration.total_seconds(),
        "pools": [_pool_json(pool) for pool in plan.pools],
    }


def _pool_json(pool: PoolPlan) -> dict[str, Any]:
    forecast = pool.forecast
    return {
        "name": pool.name,
        "mode": pool.mode,
        "course": str(pool.course),
        "way": str(pool.way) if pool.way else "",
        "from": pool.from_image,
        "to": pool.to_image,
        "patchedTo": pool.patched_to,
        "nodes": pool.nodes,
        "surge": pool.surge,
        "atOnce": forecast.at_once if forecast else 0,
        "seconds": forecast.duration.total_seconds() if forecast else 0.0,
        "arithmetic": str(forecast) if forecast else "",
        "startsAt": _iso(pool.starts_at),
        "endsAt": _iso(pool.ends_at),
        "reason": pool.reason,
        "notes": list(pool.notes),
    }


def plan_lines(plan: NodePlan) -> tuple[str, ...]:
    """A plan as lines: the cluster, its window, its pools in order, and what stands in the way."""
    return tuple(_lines(plan))


def window_words(plan: NodePlan) -> str:
    """How the window stands."""
    if plan.cluster.window_problem:
        return "there is one that cannot be used"
    if plan.window is None:
        return "none: a run by hand may begin at once"
    closed = why_closed(plan.window, plan.at)
    if closed:
        return closed
    period = plan.window.period_at(plan.at)
    until = f"until {instant_words(period.closes)}" if period else ""
    if plan.window.never_pauses:
        return f"{plan.window}: open"
    return f"{plan.window}: open {until}, {span_words(plan.window.remaining(plan.at))} left"


def _lines(plan: NodePlan) -> Iterator[str]:
    cluster = plan.cluster
    yield f"cluster {cluster.name} in {cluster.location}, channel {cluster.channel}, {plan.trigger}"
    yield f"  maintenance window: {window_words(plan)}"
    yield from (f"  held: {reason}" for reason in plan.verdict.holds)
    yield from (f"  nothing to do: {reason}" for reason in plan.verdict.nothing)
    for number, pool in enumerate(plan.going, start=1):
        yield from _going(number, pool)
    for pool in plan.pools:
        if not pool.goes:
            yield f"  pool {pool.name} ({pool.mode}): {pool.course}: {pool.reason}"
            yield from (f"     note: {note}" for note in pool.notes)
    yield from (f"  cost: {cost}" for cost in plan.costs)
    yield from (f"  note: {note}" for note in plan.verdict.notes)


def _going(number: int, pool: PoolPlan) -> Iterator[str]:
    how = "patches on running nodes" if pool.way is UpgradeWay.LIVE else f"node image, surge {pool.surge}"
    yield f"  {number}. pool {pool.name} ({pool.mode}), {pool.nodes} nodes: {pool.from_image} -> {pool.to_image}, {how}"
    if pool.starts_at and pool.ends_at:
        yield f"     predicted {instant_words(pool.starts_at)} to {instant_words(pool.ends_at)}"
    yield f"     why: {pool.reason}"
    yield from (f"     note: {note}" for note in pool.notes)


def _iso(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""
