"""What would stop AKS half way, told before anything is touched: disruption budgets, and quota for surge nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fleetwright.domain.node_pools.clusters import Cluster, Machine, NodeBudget, NodePool, Workloads
from fleetwright.domain.node_pools.kubernetes_support import at_least
from fleetwright.domain.node_pools.upgrade_settings import UndrainableNodeBehavior
from fleetwright.domain.quotas import Usage, why_no_room

MOST_NODES = 1000  # a pool with its surge: AKS refuses more up front
FALLS_BACK_SINCE = (
    1,
    35,
)  # from this version of Kubernetes on AKS goes on with one surge node where quota is short


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found about a pool.

    :param problems: why it is left, before anything is touched
    :param notes: what stops nothing
    """

    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SurgeRoom:
    """Whether a pool's surge nodes fit the quota of its region.

    :param at_once: how many nodes AKS will upgrade at the same time
    """

    at_once: int
    problem: str = ""
    notes: tuple[str, ...] = ()


def judge_budgets(
    workloads: Workloads, pool: NodePool, machines: Sequence[Machine] | None = None
) -> Findings:
    """Disruption budgets of pods on the pool's nodes that will never let a node be drained, and those that do not now.

    With ``Schedule`` the operation would fail when the drain times out, so the pool is left; with ``Cordon`` the node
    stays behind and the others go on, so it is told.
    """
    own = {node.name.lower() for node in workloads.nodes if node.pool.lower() == pool.name.lower()}
    own |= {machine.name.lower() for machine in machines or ()}
    here = [(budget, _nodes_of(budget, own)) for budget in workloads.budgets]
    never = tuple(_tell_never(b, on) for b, on in here if on and b.can_never_be_met)
    not_now = tuple(_tell_now(b, on, pool) for b, on in here if on and _waits(b))
    if pool.settings.undrainable is UndrainableNodeBehavior.CORDON:
        stays = tuple(
            f"{told}; undrainableNodeBehavior Cordon: such a node stays, the others go on" for told in never
        )
        return Findings(notes=(*stays, *not_now))
    return Findings(never, not_now)


def _nodes_of(budget: NodeBudget, own: set[str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in budget.nodes if name.lower() in own))


def _waits(budget: NodeBudget) -> bool:
    return not budget.can_never_be_met and budget.expected > 0 and budget.allowed <= 0


def _tell_never(budget: NodeBudget, nodes: tuple[str, ...]) -> str:
    return (
        f"disruption budget {budget.namespace}/{budget.name} can never be met: it needs {budget.desired} healthy pods "
        f"of {budget.expected}, so none may ever be evicted from {_names(nodes)}; minAvailable {budget.expected - 1} "
        f"or less, maxUnavailable 1 or more, or {budget.desired + 1} replicas would be right"
    )


def _tell_now(budget: NodeBudget, nodes: tuple[str, ...], pool: NodePool) -> str:
    minutes = round(pool.settings.drain_timeout.total_seconds() / 60)
    return (
        f"disruption budget {budget.namespace}/{budget.name} allows no eviction from {_names(nodes)} at present: "
        f"{budget.healthy} of {budget.expected} pods are healthy, it needs {budget.desired}; "
        f"each drain waits for it, up to {minutes} min"
    )


def why_no_node_goes(pool: NodePool) -> str:
    """Why settings let AKS replace no node at all: one of both has to be more than zero; empty where they let it (N32)."""
    settings = pool.settings
    if settings.surge_of(pool.count) or settings.unavailable_of(pool.count):
        return ""
    return (
        f"upgradeSettings.maxSurge is {settings.max_surge} and upgradeSettings.maxUnavailable is "
        f"{settings.max_unavailable}, so no node can ever be replaced: one of them must be more than 0, such as maxSurge 1"
    )


def judge_surge_quota(
    cluster: Cluster, pool: NodePool, usages: Sequence[Usage], machines: Sequence[Machine] | None = None
) -> SurgeRoom:
    """Whether the quota has room for the pool's surge nodes (N32): AKS fails where it has not, or falls back.

    :param machines: of the pool; those beyond its count are surge nodes that an earlier operation left
    """
    surge, unavailable = pool.settings.surge_of(pool.count), pool.settings.unavailable_of(pool.count)
    at_once = pool.settings.at_once(pool.count)
    if pool.count + surge > MOST_NODES:
        return SurgeRoom(
            at_once,
            f"{pool.count} nodes and a surge of {surge} are more than {MOST_NODES}: lower its maxSurge",
        )
    more = max(0, surge - max(0, len(machines or ()) - pool.count))
    untold = why_no_room(pool.vm_size, 0, usages)
    if not more or untold:
        return SurgeRoom(at_once, notes=(f"{untold}: AKS finds out itself",) if more else ())
    short = why_no_room(pool.vm_size, more, usages)
    if not short:
        return SurgeRoom(at_once)
    return _fall_back(cluster, pool, usages, short, unavailable)


def _fall_back(
    cluster: Cluster, pool: NodePool, usages: Sequence[Usage], short: str, unavailable: int
) -> SurgeRoom:
    version = pool.kubernetes_version or cluster.kubernetes_version
    if at_least(version, FALLS_BACK_SINCE) and not why_no_room(pool.vm_size, 1, usages):
        told = f"{short}; with Kubernetes {version} AKS goes on with one surge node"
        return SurgeRoom(1 + unavailable, notes=(told,))
    if unavailable:
        told = f"{short}; AKS goes on without surge, {unavailable} at once (maxUnavailable)"
        return SurgeRoom(unavailable, notes=(told,))
    surge = pool.settings.surge_of(pool.count)
    return SurgeRoom(
        pool.settings.at_once(pool.count),
        f"no room for its surge of {surge}: {short}; raise the quota, lower maxSurge, or set maxUnavailable",
    )


def _names(names: Sequence[str], shown: int = 3) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
