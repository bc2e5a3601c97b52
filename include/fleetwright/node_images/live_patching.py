"""Waiting for security patches on running nodes (R69): each shows the date, says that it needs a restart, or is late."""

from __future__ import annotations

import logging
from collections.abc import Generator
from datetime import timedelta
from typing import Any

from fleetwright.domain.errors import ProviderError
from fleetwright.domain.node_pools.clusters import Machine, Workloads
from fleetwright.domain.node_pools.images import same_image
from fleetwright.domain.node_pools.rollouts import PoolUpgrade
from fleetwright.node_images.effects import Effect, Process, ReadMachines, ReadWorkloads
from fleetwright.node_images.session import NodeSession
from fleetwright.rollout.processes import KeepLease, WaitUntil
from fleetwright.rollout.provider_errors import TransientError

log = logging.getLogger(__name__)

# So long a node has to show the date; after it, it gets the node image.
PATCH_LIMIT = timedelta(minutes=10)
# The cluster itself is asked by a command, which starts a pod: no more often than this.
ASK_PAUSE = timedelta(minutes=2)


def wait_for_patches(session: NodeSession, pool: PoolUpgrade) -> Process:
    """Wait until no node of the pool is expected to take its patches any more; which did, the machines show."""
    limit = (pool.accepted_at or session.now()) + PATCH_LIMIT
    next_question = session.now()
    while True:
        yield KeepLease()
        waiting = yield from _unpatched(pool)
        now = session.now()
        if waiting and now >= next_question:
            next_question = now + ASK_PAUSE
            waiting -= yield from _needing_restart(pool)
        if not waiting or now >= limit:
            return
        yield WaitUntil(min(now + session.manners.poll, limit))


def _unpatched(pool: PoolUpgrade) -> Generator[Effect, Any, set[str]]:
    try:
        machines: tuple[Machine, ...] = yield ReadMachines(pool.name)
    except TransientError as error:
        log.warning("pool %s: its machines could not be read (%s); looking again", pool.name, error)
        return {"?"}
    return {machine.name for machine in machines if not same_image(machine.image, pool.to_image)}


def _needing_restart(pool: PoolUpgrade) -> Generator[Effect, Any, set[str]]:
    try:
        workloads: Workloads = yield ReadWorkloads()
    except ProviderError as error:
        log.warning("pool %s: the cluster did not answer (%s); looking again", pool.name, error)
        return set()
    return {
        node.name for node in workloads.nodes if node.needs_reboot and node.pool.lower() == pool.name.lower()
    }
