"""Waiting for a pool's operation: polled by its address, narrated node by node, with no end of its own.

An operation that does not end is waited for as long as it takes: nothing else may be done to the pool meanwhile. It is
told at intervals, with what a person can do.
"""

from __future__ import annotations

import logging
from collections.abc import Generator
from datetime import datetime, timedelta
from typing import Any

from fleetwright.domain.durations import clock_text
from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.clusters import Machine, NodePool
from fleetwright.domain.node_pools.images import same_image
from fleetwright.domain.node_pools.rollouts import PoolState, PoolUpgrade
from fleetwright.node_images.effects import Effect, Process, ReadMachines, ReadPool, Write
from fleetwright.node_images.failures import conclude_failed
from fleetwright.node_images.live_patching import wait_for_patches
from fleetwright.node_images.session import NodeSession
from fleetwright.node_images.upgrading import SETTLED_STATES
from fleetwright.rollout.ports.operations import OperationState, OperationStatus
from fleetwright.rollout.processes import KeepLease, ReadOperation, WaitUntil
from fleetwright.rollout.provider_errors import TransientError

log = logging.getLogger(__name__)

# A silent provider is asked again for this long, then the wait itself gives up and the step is retried.
SILENCE_LIMIT = timedelta(minutes=30)
# How often nodes are told, and how often an operation that takes too long is.
NARRATION, LOUDLY = timedelta(minutes=1), timedelta(minutes=15)
# An operation that has taken twice what was predicted, and at least so long, has no end in sight.
SHORTEST_STUCK = timedelta(hours=1)


def wait_for_pool(session: NodeSession, name: str) -> Process:
    """Wait until the pool's operation is over; one that failed ends the pool, one that went well is to be verified."""
    pool = session.rollout.pool(name)
    if pool is None or pool.state is not PoolState.UPGRADING:
        return
    ended = yield from _wait_for_operation(session, pool)
    if ended.state is OperationState.FAILED and pool.way is UpgradeWay.REIMAGE:
        yield from conclude_failed(session, pool, ended.error)
    elif pool.way is UpgradeWay.LIVE:
        if ended.state is OperationState.FAILED:
            log.warning("pool %s: the command failed: %s", name, ended.error)
        yield from wait_for_patches(session, pool)


def _wait_for_operation(session: NodeSession, pool: PoolUpgrade) -> Generator[Effect, Any, OperationStatus]:
    story = _Story(session, pool)
    silent_since: datetime | None = None
    while True:
        yield KeepLease()
        try:
            status = yield from _look(session, pool.name)
            if status.state is not OperationState.RUNNING:
                return status
            if story.is_due(session.now()):
                story.tell((yield ReadMachines(pool.name)), session.now())
            silent_since = None
            next_look = session.now() + session.manners.poll
        except TransientError as error:
            silent_since = silent_since or session.now()
            if session.now() - silent_since > SILENCE_LIMIT:
                raise
            pause = max(session.manners.poll, error.retry_after)
            log.warning("Azure did not answer (%s); looking again in %g s", error, pause.total_seconds())
            next_look = session.now() + pause
        yield WaitUntil(next_look)


def _look(session: NodeSession, name: str) -> Generator[Effect, Any, OperationStatus]:
    """One look at the operation; where its address was lost, or AKS has forgotten it, at the pool itself."""
    pool = session.rollout.pool(name)
    url = pool.operation_url if pool else ""
    if url:
        status: OperationStatus = yield ReadOperation(url)
        if status.url != url:
            yield Write((facts.pool_moved(name, status.url, session.now()),))
        if status.state is not OperationState.FORGOTTEN:
            return status
    if pool is not None and pool.way is UpgradeWay.LIVE:
        return OperationStatus("", OperationState.SUCCEEDED)
    now: NodePool = yield ReadPool(name)
    return OperationStatus("", _state_of(now), f"pool {name} is {now.provisioning_state}")


def _state_of(pool: NodePool) -> OperationState:
    state = pool.provisioning_state.lower()
    if state not in SETTLED_STATES:
        return OperationState.RUNNING
    return OperationState.SUCCEEDED if state == "succeeded" else OperationState.FAILED


class _Story:
    """What is told while an operation runs: each node once, and loudly what takes too long."""

    def __init__(self, session: NodeSession, pool: PoolUpgrade) -> None:
        self._pool = pool
        self._begun = pool.accepted_at or session.now()
        self._patience = max(SHORTEST_STUCK, timedelta(seconds=2 * pool.predicted_seconds))
        self._told: set[str] = set()
        self._next_look = self._begun + NARRATION
        self._next_warning = self._begun + self._patience

    def is_due(self, now: datetime) -> bool:
        """Whether nodes are to be looked at again."""
        return now >= self._next_look

    def tell(self, machines: tuple[Machine, ...], now: datetime) -> None:
        """Tell nodes that have come on the image since the last look."""
        self._next_look = now + NARRATION
        done = [machine.name for machine in machines if same_image(machine.image, self._pool.to_image)]
        for name in (name for name in done if name not in self._told):
            self._told.add(name)
            log.info(
                "pool %s: %s is on %s (%d of %d)",
                self._pool.name,
                name,
                self._pool.to_image,
                len(self._told),
                len(machines),
            )
        if now >= self._next_warning:
            self._next_warning = now + LOUDLY
            self._warn(len(done), now)

    def _warn(self, done: int, now: datetime) -> None:
        log.warning(
            "pool %s: its upgrade has taken %s and has no end in sight, %s were predicted; %d of %d nodes are done; "
            "it is waited for; a person may look at its drains, or stop it: az aks nodepool operation-abort",
            self._pool.name,
            clock_text(now - self._begun),
            clock_text(timedelta(seconds=self._pool.predicted_seconds)),
            done,
            self._pool.nodes,
        )
