"""The first step: everything is checked before anything changes, and every reason is told at once."""

from __future__ import annotations

from fleetwright.domain.errors import ConfigurationError, HeldError
from fleetwright.domain.maintenance import SUNDAY, write_maintenance_window
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.ids import Target, parse_target
from fleetwright.domain.node_pools.plan import NodePlan
from fleetwright.domain.node_pools.rollouts import NodeRollout, NodeRolloutSettings
from fleetwright.node_images.heeding import why_held
from fleetwright.node_images.ports import NodeLedger, NodePorts
from fleetwright.node_images.request import NodeRequest, ValidatedNodes
from fleetwright.node_images.session import seconds_of
from fleetwright.node_images.sighting import LOOKED_BACK, look_at


def validate(ports: NodePorts, request: NodeRequest, *, actor: str) -> ValidatedNodes:
    """Check every requirement; a hold, and that there is nothing to do, are written to the ledger with all reasons.

    A rollout that is not over is never held: a pool may be under way, and needs its verification first.

    :raises ConfigurationError: when there is no such cluster or pool
    :raises HeldError: when the cluster may not be upgraded now
    """
    unfinished = find_unfinished(ports.ledger, parse_target(request.fleet_id).cluster.key)
    if unfinished is not None:
        cluster = ports.driver.fetch_cluster(parse_target(request.fleet_id).cluster)
        return ValidatedNodes(cluster, unfinished.settings)
    found = examine(ports, request)
    reasons = why_not(ports, request, found)
    outcome = Outcome.HELD if reasons else Outcome.NOTHING_TO_DO if found.nothing else None
    if outcome is not None:
        told = reasons or found.nothing
        seen = Evaluation(found.settings.fleet_id, found.cluster.channel, outcome, told, ports.clock.now())
        ports.ledger.record_evaluation(seen, actor=actor)
    if reasons:
        raise HeldError(reasons)
    return found


def examine(ports: NodePorts, request: NodeRequest) -> ValidatedNodes:
    """The same reads without a trace, and without a word on whether it may begin.

    :raises ConfigurationError: when there is no such cluster or pool
    """
    target = parse_target(request.fleet_id)
    cluster = ports.driver.fetch_cluster(target.cluster)
    name = _known_pool(cluster, target)
    plan, _ = look_at(
        ports.driver,
        cluster,
        pool=name,
        trigger=request.trigger,
        now=ports.clock.now(),
        manners=request.manners,
        default_window=request.default_window,
        rollouts=ports.ledger.list_node_rollouts(cluster.key, newest=LOOKED_BACK),
    )
    is_due = plan.verdict.holds or not plan.verdict.nothing
    return ValidatedNodes(
        cluster, _settings(request, target, name), plan, () if is_due else plan.verdict.nothing
    )


def why_not(ports: NodePorts, request: NodeRequest, found: ValidatedNodes) -> tuple[str, ...]:
    """Every reason why nothing may begin now: of people, of the cluster, and of its pools where none can go."""
    plan = found.plan
    if plan is None or found.nothing:
        return ()
    held = why_held(ports.ledger.list_holds(), parse_target(request.fleet_id))
    stuck = plan.why_stuck if not plan.verdict.holds else ()
    return (*held, *plan.verdict.holds, *stuck)


def find_unfinished(ledger: NodeLedger, cluster_key: str) -> NodeRollout | None:
    """The cluster's rollout that is not over; whoever begins now goes on with it."""
    rollouts = ledger.list_node_rollouts(cluster_key, newest=1)
    return next((rollout for rollout in rollouts if not rollout.is_ended), None)


def plan_of(found: ValidatedNodes) -> NodePlan:
    """The plan of a validation that made one.

    :raises ConfigurationError: where an unfinished rollout goes on, which has its own
    """
    if found.plan is None:
        raise ConfigurationError(f"cluster {found.cluster.name} has a rollout that goes on with its own plan")
    return found.plan


def _known_pool(cluster: Cluster, target: Target) -> str:
    if not target.pool:
        return ""
    pool = cluster.pool(target.pool)
    if pool is None:
        known = ", ".join(each.name for each in cluster.pools) or "none"
        raise ConfigurationError(f"cluster {cluster.name} has no node pool {target.pool!r}; it has {known}")
    return pool.name


def _settings(request: NodeRequest, target: Target, pool: str) -> NodeRolloutSettings:
    window = request.default_window
    return NodeRolloutSettings(
        fleet_id=target.cluster.resource_id,
        pool=pool,
        trigger=request.trigger,
        manners=seconds_of(request.manners),
        not_before=request.not_before.isoformat() if request.not_before else "",
        default_window={} if window == SUNDAY else write_maintenance_window(window),
    )
