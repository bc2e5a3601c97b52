"""The last step: what was not begun is left with the reason, and the rollout's end is written."""

from __future__ import annotations

import logging

from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.rollouts import NodeRolloutState, PoolState
from fleetwright.node_images.ending import Ending
from fleetwright.node_images.session import NodeSession

log = logging.getLogger(__name__)

_UNTOUCHED = frozenset({PoolState.WAITING, PoolState.INTENDED})


def finish(session: NodeSession, ending: Ending) -> None:
    """Write the end; a rollout that is over stays as it is."""
    if session.rollout.is_ended:
        return
    now = session.now()
    left = [pool for pool in session.rollout.pools if pool.state in _UNTOUCHED]
    events = [facts.pool_ended(pool.name, PoolState.LEFT, _why_left(ending), now) for pool in left]
    session.write(*events, facts.finished(ending.state, ending.reason, now))
    good = ending.state in {NodeRolloutState.COMPLETED, NodeRolloutState.WINDOW_CLOSED}
    log.log(logging.INFO if good else logging.ERROR, "%s: %s", ending.state, ending.reason)


def _why_left(ending: Ending) -> str:
    return f"not begun, because the rollout is {ending.state}: {ending.reason}"
