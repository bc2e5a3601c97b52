"""Beginning a pool's upgrade: the intent first, then the word that it is sent, then the call, then its address.

Whoever comes here again after a crash re-attaches. A call whose answer was lost is never sent again before the pool
itself was read: AKS shows ``UpgradingNodeImageVersion``, or machines that have the image already.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.fit import why_closed, window_for
from fleetwright.domain.node_pools.forecast import span_words
from fleetwright.domain.node_pools.images import parse_node_image, same_image
from fleetwright.domain.node_pools.rollouts import PoolState, PoolUpgrade
from fleetwright.node_images.session import NodeSession
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

log = logging.getLogger(__name__)

SETTLED_STATES = frozenset({"succeeded", "failed", "canceled", "cancelled"})
# How often a call is sent whose answer was lost and of which the pool shows nothing.
CALL_ATTEMPTS = 3


def upgrade_pool(session: NodeSession, name: str) -> None:
    """Send what the pool was intended to get; what was sent already is only attached to.

    A pool that Azure refuses is left, with Azure's words, and the others may go on.

    :raises LeaseLostError: when the cluster is somebody else's by now
    """
    pool = session.rollout.pool(name)
    if pool is None or pool.state not in {PoolState.INTENDED, PoolState.SENDING}:
        return
    if pool.state is PoolState.SENDING and _is_under_way(session, pool):
        log.info("pool %s: it was sent before, and is under way", name)
        session.write(facts.pool_accepted(name, "", session.now()))
        return
    late = _why_too_late(session, pool)
    if late:
        _leave(session, pool, late)
        return
    session.write(facts.pool_sending(name, session.now()))
    _send(session, pool)


def _why_too_late(session: NodeSession, pool: PoolUpgrade) -> str:
    """Why nothing may start any more; time has passed since the pool was chosen, more of it after a crash (R71)."""
    window, now = window_for(session.cluster, session.settings.trigger, session.default_window), session.now()
    closed = why_closed(window, now)
    if closed or window is None:
        return closed
    left = window.remaining(now) + session.manners.margin
    predicted = timedelta(seconds=pool.predicted_seconds)
    if predicted <= left:
        return ""
    return f"{span_words(predicted)} are predicted, and {span_words(left)} are left of its window: left for the next one"


def _send(session: NodeSession, pool: PoolUpgrade) -> None:
    for attempt in range(CALL_ATTEMPTS):
        try:
            url = _call(session, pool)
        except CallRefusedError as error:
            _leave(session, pool, f"Azure refused it: {error}")
            return
        except AnswerLostError as error:
            log.warning("pool %s: the answer was lost (%s); looking at the pool", pool.name, error)
            if _is_under_way(session, pool):
                session.write(facts.pool_accepted(pool.name, "", session.now()))
                return
            if attempt + 1 == CALL_ATTEMPTS:
                raise
        else:
            session.write(facts.pool_accepted(pool.name, url, session.now()))
            log.info(
                "pool %s: upgrade to %s accepted, %s", pool.name, pool.to_image, _way_words(session, pool)
            )
            return


def _call(session: NodeSession, pool: PoolUpgrade) -> str:
    driver = session.ports.driver
    if pool.way is UpgradeWay.REIMAGE:
        return driver.begin_upgrade(session.cluster, pool.name, session.guard)
    nodes = [
        machine.name
        for machine in driver.list_machines(session.cluster, pool.name)
        if not same_image(machine.image, pool.to_image)
    ]
    if not nodes:
        return ""
    patched_to = parse_node_image(pool.to_image).patched_to
    return driver.begin_live_patch(session.cluster, nodes, patched_to, session.guard)


def _is_under_way(session: NodeSession, pool: PoolUpgrade) -> bool:
    """Whether the pool shows that it is at it, or that it is done; patches on running nodes may be sent again."""
    if pool.way is UpgradeWay.LIVE:
        return False
    now = session.ports.driver.fetch_pool(session.cluster, pool.name)
    state = now.provisioning_state.lower()
    if state not in SETTLED_STATES:
        return True
    # One that ended half way shows its new nodes as well; sent again, it is resumed.
    machines = session.ports.driver.list_machines(session.cluster, pool.name)
    return state == "succeeded" and all(same_image(machine.image, pool.to_image) for machine in machines)


def _leave(session: NodeSession, pool: PoolUpgrade, reason: str) -> None:
    log.warning("pool %s is left: %s", pool.name, reason)
    session.write(facts.pool_ended(pool.name, PoolState.LEFT, reason, session.now()))


def _way_words(session: NodeSession, pool: PoolUpgrade) -> str:
    if pool.way is UpgradeWay.LIVE:
        return "its running nodes take the patches"
    found = session.cluster.pool(pool.name)
    at_once = found.settings.at_once(pool.nodes) if found else 1
    return f"{pool.nodes} nodes, {at_once} at once"
