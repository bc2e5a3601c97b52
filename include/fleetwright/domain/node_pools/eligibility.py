"""Whether the node images of a cluster may be upgraded now: all reasons at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from fleetwright.domain.maintenance import SUNDAY, MaintenanceWindow
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster, Machine, NodePool, Workloads
from fleetwright.domain.node_pools.fit import why_closed, window_for
from fleetwright.domain.node_pools.guest_updates import guest_report
from fleetwright.domain.node_pools.kubernetes_support import why_unsupported
from fleetwright.domain.node_pools.order import stayed_behind
from fleetwright.domain.node_pools.pool_notes import notes_on_pools
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.domain.node_pools.upgrades import STOPPED_STATES, PoolNeed, need_of
from fleetwright.domain.records import TriggerKind

PROVIDER = "Microsoft.ContainerService"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an upgrade may begin.

    :param holds: what is in its way
    :param nothing: why there is nothing to do
    :param notes: what a person should know, and what stops nothing
    """

    holds: tuple[str, ...] = ()
    nothing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def may_begin(self) -> bool:
        """Whether there is something to do and nothing in its way."""
        return not self.holds and not self.nothing


def judge_cluster(
    cluster: Cluster,
    *,
    trigger: TriggerKind,
    now: datetime,
    pool: str = "",
    machines: Mapping[str, Sequence[Machine]] | None = None,
    workloads: Workloads | None = None,
    rollouts: Sequence[NodeRollout] = (),
    default_window: MaintenanceWindow = SUNDAY,
) -> Verdict:
    """Every reason for and against an upgrade now.

    :param pool: the only pool that is meant; empty for all
    :param machines: by the pool's name, as far as they were read
    :param workloads: what the cluster says itself, None where it was not asked
    :param rollouts: of the cluster, newest first
    :param default_window: for automatic runs where the cluster has none of its own
    """
    if cluster.problem:
        return Verdict((cluster.problem,))
    pools = target_pools(cluster, pool)
    nothing = _why_by_channel(cluster) if trigger is TriggerKind.AUTOMATIC else ()
    if nothing:
        return Verdict(nothing=nothing, notes=(*cluster.warnings, *_report(cluster)))
    holds = (
        *_why_unknown(cluster, pool, pools),
        *_why_window(cluster, trigger, now, default_window),
        *_why_state(cluster),
        *why_unsupported(cluster, pools),
        *_why_features(cluster),
    )
    needs = _needs(cluster, pools, trigger, machines or {}, workloads, rollouts)
    return Verdict(
        holds, _why_nothing(needs), (*cluster.warnings, *_notes(cluster, trigger), *notes_on_pools(pools))
    )


def target_pools(cluster: Cluster, pool: str = "") -> tuple[NodePool, ...]:
    """The pools that are meant: the one of that name, or all."""
    found = cluster.pool(pool) if pool else None
    return ((found,) if found else ()) if pool else cluster.pools


def _why_by_channel(cluster: Cluster) -> tuple[str, ...]:
    if cluster.channel is NodeOsChannel.NONE:
        return ("channel None: no updates (R67)",)
    if cluster.channel is NodeOsChannel.UNMANAGED:
        return ("channel Unmanaged: only guests update themselves (R68)",)
    return ()


def _report(cluster: Cluster) -> tuple[str, ...]:
    return guest_report(cluster) if cluster.channel is NodeOsChannel.UNMANAGED else ()


def _why_unknown(cluster: Cluster, pool: str, pools: tuple[NodePool, ...]) -> Iterator[str]:
    if pools:
        return
    known = ", ".join(each.name for each in cluster.pools) or "none"
    yield (
        f"cluster {cluster.name} has no node pool {pool!r}; it has {known}"
        if pool
        else (f"cluster {cluster.name} shows no node pool")
    )


def _why_window(
    cluster: Cluster, trigger: TriggerKind, now: datetime, default: MaintenanceWindow
) -> Iterator[str]:
    if cluster.window_problem:
        yield f"its maintenance window cannot be used: {cluster.window_problem}; nothing starts before it is put right"
        return
    closed = why_closed(window_for(cluster, trigger, default), now)
    if closed:
        yield f"{closed} (R71)"


def _why_state(cluster: Cluster) -> Iterator[str]:
    """Why its state forbids an operation: AKS carries out one at a time."""
    if cluster.power_state.lower() != "running":
        yield f"cluster {cluster.name} is {cluster.power_state}, not Running: start it first"
    if _is_busy(cluster.provisioning_state):
        yield f"another operation is under way: cluster {cluster.name} is {cluster.provisioning_state}"
    for pool in cluster.pools:
        if _is_busy(pool.provisioning_state):
            yield f"another operation is under way: pool {pool.name} is {pool.provisioning_state}"


def _is_busy(state: str) -> bool:
    return state.lower() not in STOPPED_STATES | {"succeeded", ""}


def _why_features(cluster: Cluster) -> Iterator[str]:
    missing = {name: state for name, state in cluster.features.items() if state.lower() != "registered"}
    for name, state in missing.items():
        yield (
            f"feature {PROVIDER}/{name.rpartition('/')[2]} is {state}, and channel {cluster.channel} needs it (R62): "
            f"1. register it, 2. wait until it is Registered, 3. register {PROVIDER} again (R63); "
            f"fleetwright features register --fleet {cluster.cluster_id.resource_id} does all three"
        )


def _needs(
    cluster: Cluster,
    pools: tuple[NodePool, ...],
    trigger: TriggerKind,
    machines: Mapping[str, Sequence[Machine]],
    workloads: Workloads | None,
    rollouts: Sequence[NodeRollout],
) -> Mapping[str, PoolNeed]:
    nodes = workloads.nodes if workloads else None
    return {
        p.name: need_of(
            cluster, p, machines.get(p.name), nodes, trigger=trigger, stayed=stayed_behind(rollouts, p)
        )
        for p in pools
    }


def _why_nothing(needs: Mapping[str, PoolNeed]) -> tuple[str, ...]:
    """Why no pool needs anything, pool by pool; empty as soon as one does."""
    if not all(need.is_nothing for need in needs.values()):
        return ()
    return tuple(f"pool {name}: {need.reason}" for name, need in needs.items())


def _notes(cluster: Cluster, trigger: TriggerKind) -> Iterator[str]:
    if trigger is TriggerKind.MANUAL and _why_by_channel(cluster):
        yield (
            f"channel {cluster.channel}: nothing is ever started automatically here; "
            "this run was asked for by hand, so it goes on"
        )
        yield from _report(cluster)
    if not cluster.supported_versions and not any("Kubernetes versions" in told for told in cluster.warnings):
        yield f"the Kubernetes versions that {cluster.location} supports could not be read (R66)"
    if cluster.provisioning_state.lower() in STOPPED_STATES:
        yield f"cluster {cluster.name} is {cluster.provisioning_state}: its last operation ended half way"
