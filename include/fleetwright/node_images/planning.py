"""The plan of a rollout: its pools in order, written to the ledger before the first of them is touched."""

from __future__ import annotations

import logging

from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.plan import NodePlan, PoolPlan
from fleetwright.domain.node_pools.plan_words import plan_json, plan_lines
from fleetwright.domain.node_pools.rollouts import PoolUpgrade
from fleetwright.node_images.session import NodeSession
from fleetwright.node_images.sighting import LOOKED_BACK, look_at

log = logging.getLogger(__name__)


def make_plan(session: NodeSession) -> None:
    """Plan all pools and write the plan down, once in a rollout's life.

    Whether a pool goes is judged again when its turn comes; what is known not to need anything is told then as well.
    """
    if session.rollout.pools:
        log.info("going on with %s: %s", session.rollout_id, progress_words(session))
        return
    plan = session.seen_plan or plan_now(session)
    for line in plan_lines(plan):
        log.info("%s", line)
    session.write(facts.planned(plan_json(plan), map(_as_upgrade, plan.pools), session.now()))


def plan_now(session: NodeSession, pool: PoolUpgrade | None = None) -> NodePlan:
    """The plan as of now.

    :param pool: the one pool that is meant; None for all that the rollout is for
    """
    before = session.ports.ledger.list_node_rollouts(session.cluster.key, newest=LOOKED_BACK + 1)
    plan, _ = look_at(
        session.ports.driver,
        session.cluster,
        pool=pool.name if pool else session.settings.pool,
        trigger=session.settings.trigger,
        now=session.now(),
        manners=session.manners,
        default_window=session.default_window,
        rollouts=[rollout for rollout in before if rollout.rollout_id != session.rollout_id],
        restarts=pool is not None and _was_asked_to_patch(pool),
    )
    return plan


def as_intended(pool: PoolUpgrade, planned: PoolPlan, kubernetes_version: str) -> PoolUpgrade:
    """The pool as it is intended now: its image, its way and its size are fixed from here on."""
    return PoolUpgrade(
        name=pool.name,
        way=planned.way or UpgradeWay.REIMAGE,
        from_image=planned.from_image,
        to_image=planned.to_image,
        kubernetes_version=kubernetes_version,
        nodes=planned.nodes,
        predicted_seconds=planned.forecast.duration.total_seconds() if planned.forecast else 0.0,
        reason=planned.reason,
    )


def progress_words(session: NodeSession) -> str:
    """How far each pool has come, in one line."""
    return (
        ", ".join(f"{pool.name} {pool.state}" for pool in session.rollout.pools) or "nothing is planned yet"
    )


def _was_asked_to_patch(pool: PoolUpgrade) -> bool:
    """Whether its running nodes were asked to take their patches before, in this rollout."""
    return pool.way is UpgradeWay.REIMAGE and pool.accepted_at is not None


def _as_upgrade(planned: PoolPlan) -> PoolUpgrade:
    return PoolUpgrade(
        name=planned.name,
        way=planned.way or UpgradeWay.REIMAGE,
        from_image=planned.from_image,
        to_image=planned.to_image,
        nodes=planned.nodes,
        predicted_seconds=planned.forecast.duration.total_seconds() if planned.forecast else 0.0,
        reason=planned.reason,
    )
