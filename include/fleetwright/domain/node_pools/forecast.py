"""How long the upgrade of a pool is expected to take, with the arithmetic in words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from statistics import median

from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.clusters import NodePool
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.rollouts import NodeRollout, PoolState, PoolUpgrade


@dataclass(frozen=True, slots=True)
class PoolHistory:
    """What earlier upgrades of a pool tell.

    :param each: how long one round took: the median
    :param samples: of how many upgrades
    """

    each: timedelta
    samples: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """How long a pool will take.

    :param at_once: how many nodes are upgraded at the same time
    :param each: how long one round of them takes; all of it for patches on running nodes
    :param soak: ours, after the pool
    :param samples: upgrades that ``each`` was learned from; 0 where it is the site's setting
    """

    way: UpgradeWay
    nodes: int
    at_once: int
    each: timedelta
    soak: timedelta
    samples: int = 0

    @property
    def rounds(self) -> int:
        """How often nodes are upgraded one after the other."""
        return 1 if self.way is UpgradeWay.LIVE else math.ceil(self.nodes / self.at_once)

    @property
    def duration(self) -> timedelta:
        """From its start to the end of the soak."""
        return self.rounds * self.each + self.soak

    def __str__(self) -> str:
        tail = f" + soak {span_words(self.soak)}" if self.soak else ""
        learned = f" (median of {_count(self.samples, 'earlier upgrade')})" if self.samples else ""
        total = f" = {span_words(self.duration)}"
        if self.way is UpgradeWay.LIVE:
            return f"{_count(self.nodes, 'node')}, patched while running: {span_words(self.each)}{learned}{tail}{total}"
        rounds = f"{_count(self.rounds, 'round')} x {span_words(self.each)}{learned}"
        return f"{_count(self.nodes, 'node')}, {self.at_once} at once: {rounds}{tail}{total}"


def forecast_pool(
    pool: NodePool,
    way: UpgradeWay,
    manners: Manners,
    history: PoolHistory | None = None,
    *,
    nodes: int | None = None,
    at_once: int | None = None,
) -> Forecast:
    """Predict by the pool's size and settings, by what earlier upgrades took where there were any (N31, N32).

    One round makes the surge nodes or drains old ones, soaks as the pool's settings say, and reimages.

    :param nodes: how many are to be upgraded, where it is not all of them
    :param at_once: how many at the same time, where it is not what the pool's settings say
    """
    usual = manners.live_patch if way is UpgradeWay.LIVE else manners.per_node + pool.settings.node_soak
    return Forecast(
        way,
        pool.count if nodes is None else nodes,
        at_once or pool.settings.at_once(pool.count),
        history.each if history else usual,
        manners.soak,
        history.samples if history else 0,
    )


def history_of(rollouts: Iterable[NodeRollout], pool: NodePool, way: UpgradeWay) -> PoolHistory | None:
    """What the earlier upgrades of a pool by the same way took; None where there was none."""
    times = [
        seconds
        for rollout in rollouts
        for upgrade in rollout.pools
        if upgrade.name == pool.name and upgrade.way is way
        for seconds in _seconds_per_round(upgrade, pool)
    ]
    return PoolHistory(timedelta(seconds=math.ceil(median(times))), len(times)) if times else None


def _seconds_per_round(upgrade: PoolUpgrade, pool: NodePool) -> Iterator[float]:
    done = upgrade.state is PoolState.UPGRADED and upgrade.nodes > 0
    if done and upgrade.accepted_at is not None and upgrade.verified_at is not None:
        taken = (upgrade.verified_at - upgrade.accepted_at).total_seconds()
        is_live = upgrade.way is UpgradeWay.LIVE
        yield taken / (1 if is_live else math.ceil(upgrade.nodes / pool.settings.at_once(upgrade.nodes)))


def span_words(span: timedelta) -> str:
    """A length of time as a person says it, to the second.

    >>> span_words(timedelta(hours=1, minutes=2)), span_words(timedelta())
    ('1 h 2 min', '0 min')
    """
    minutes, seconds = divmod(round(span.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    told = [f"{amount} {unit}" for amount, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if amount]
    return " ".join(told) or "0 min"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
