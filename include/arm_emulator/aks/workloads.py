"""What runs on a cluster's nodes: pods that drains evict, and the disruption budgets that hold evictions back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class DisruptionBudget:
    """A PodDisruptionBudget; one of the two is given, a number or a percentage.

    :param min_available: pods that must be up
    :param max_unavailable: pods that may be missing
    """

    name: str
    min_available: str = ""
    max_unavailable: str = ""


@dataclass(slots=True)
class Pod:
    """One replica.

    :param node: where it runs; empty while there is no node for it
    :param ready_at: when it is ready; None where it is
    :param leaves_at: when its eviction ends; None where it is not evicted
    """

    name: str
    node: str = ""
    ready_at: datetime | None = None
    leaves_at: datetime | None = None


@dataclass(slots=True)
class Workload:
    """A deployment on some pools.

    :param pools: names of the pools on whose nodes its pods run; empty for all of them
    :param grace_seconds: how long a pod takes to go once it is evicted
    :param start_seconds: how long it takes to be ready on another node
    """

    namespace: str
    name: str
    replicas: int
    pools: tuple[str, ...] = ()
    budget: DisruptionBudget | None = None
    grace_seconds: float = 5
    start_seconds: float = 5
    pods: list[Pod] = field(default_factory=list)
