"""What a pool's failed operation means: a drain that was blocked says nothing against the image, nodes that do not come do."""

from __future__ import annotations

import logging
import re

from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.clusters import Machine
from fleetwright.domain.node_pools.images import same_image
from fleetwright.domain.node_pools.rollouts import BLAMED, PoolState, PoolUpgrade
from fleetwright.domain.node_pools.verification import Verification, judge_machines
from fleetwright.node_images.effects import Process, ReadMachines, Write
from fleetwright.node_images.ending import STOPPED_BY_HAND
from fleetwright.node_images.session import NodeSession

log = logging.getLogger(__name__)

# How AKS words a drain that did not end: PodDrainFailure, UnsatisfiablePDB, "Drain node ... failed when evicting pod".
_DRAIN = re.compile(r"drain|evict|disruption budget|\bpdb|undrainable", re.IGNORECASE)
_STOPPED = re.compile(r"cancell?ed|aborted", re.IGNORECASE)


def is_drain(error: str) -> bool:
    """Whether an operation's error tells of a drain."""
    return bool(_DRAIN.search(error))


def conclude_failed(session: NodeSession, pool: PoolUpgrade, error: str) -> Process:
    """End the pool with Azure's words, and with which of its nodes have which image."""
    machines: tuple[Machine, ...] = yield ReadMachines(pool.name)
    seen = judge_machines(machines, pool.to_image, pool.kubernetes_version, pool.nodes)
    reason = f"{_why(pool, error, machines, seen)}; {len(seen.verified)} of {len(machines)} nodes are on {pool.to_image}"
    log.error("pool %s has failed: %s", pool.name, reason)
    yield Write((facts.pool_ended(pool.name, PoolState.FAILED, reason, session.now(), seen.stragglers),))


def _why(pool: PoolUpgrade, error: str, machines: tuple[Machine, ...], seen: Verification) -> str:
    if _STOPPED.search(error):
        return f"{STOPPED_BY_HAND}: {error}"
    if is_drain(error):
        return f"a drain is blocked: {error}; the next operation on the pool resumes it"
    ill = [m.name for m in machines if m.name in seen.stragglers and same_image(m.image, pool.to_image)]
    return f"{BLAMED} ({', '.join(ill)}): {error}" if ill else error
