"""Whether every machine of a pool has what was asked for, and has it still after the soak (R66)."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.clusters import Machine, NodePool
from fleetwright.domain.node_pools.rollouts import BLAMED, PoolState, PoolUpgrade
from fleetwright.domain.node_pools.verification import Verification, judge_machines
from fleetwright.node_images.effects import Effect, Process, ReadMachines, ReadPool, Write
from fleetwright.node_images.session import NodeSession
from fleetwright.node_images.waiting import wait_for_pool
from fleetwright.rollout.processes import KeepLease, WaitUntil
from fleetwright.rollout.provider_errors import TransientError

log = logging.getLogger(__name__)

# Lists may lag behind: so long nothing that they show speaks against the image.
GRACE = timedelta(minutes=5)


def verify_pool(session: NodeSession, name: str) -> Process:
    """Verify the pool machine by machine, watch it through its soak, look again, and end it.

    Running nodes that did not take their patches get the node image: the pool is intended again, and its turn comes
    anew (R69).
    """
    yield from wait_for_pool(session, name)
    pool = session.rollout.pool(name)
    if pool is not None and pool.state is PoolState.UPGRADING:
        yield from _verify(session, pool)
    pool = session.rollout.pool(name)
    if pool is not None and pool.state is PoolState.SOAKING:
        yield from _soak(session, pool)


def _verify(session: NodeSession, pool: PoolUpgrade) -> Process:
    seen = yield from _judge(session, pool)
    if pool.way is UpgradeWay.LIVE and not seen.is_whole:
        yield from _reimage_instead(session, pool, seen)
        return
    if seen.speaks_against_image:
        yield from _fail(session, pool, f"{BLAMED}: {seen}", seen)
        return
    if not seen.verified and seen.stragglers:
        yield from _fail(session, pool, f"no node could be drained: {seen}", seen)
        return
    for name, why in seen.stragglers.items():
        log.warning("pool %s: node %s stays behind: %s", pool.name, name, why)
    log.info("pool %s: %s", pool.name, seen)
    yield Write((facts.pool_verified(pool.name, seen.verified, seen.stragglers, session.now()),))


def _soak(session: NodeSession, pool: PoolUpgrade) -> Process:
    until = (pool.verified_at or session.now()) + session.manners.soak
    while session.now() < until:
        yield KeepLease()
        yield WaitUntil(until)
    seen = yield from _judge(session, pool)
    if seen.speaks_against_image:
        yield from _fail(session, pool, f"{BLAMED}, seen after its soak: {seen}", seen)
        return
    total = len(seen.verified) + len(seen.stragglers)
    stay = "".join(f"; {name} stays behind: {why}" for name, why in sorted(seen.stragglers.items()))
    reason = f"{len(seen.verified)} of {total} nodes are on {pool.to_image}{stay}"
    log.info("pool %s is upgraded: %s", pool.name, reason)
    ended = facts.pool_ended(pool.name, PoolState.UPGRADED, reason, session.now(), seen.stragglers)
    yield Write((ended,))


def _judge(session: NodeSession, pool: PoolUpgrade) -> Generator[Effect, Any, Verification]:
    """The machines as they are, looked at again for a while where they speak against the image."""
    limit = session.now() + GRACE
    while True:
        yield KeepLease()
        try:
            seen = yield from _look(pool)
        except TransientError as error:
            if session.now() >= limit:
                raise
            log.warning("pool %s: its machines could not be read (%s); looking again", pool.name, error)
        else:
            if not seen.speaks_against_image or session.now() >= limit or pool.way is UpgradeWay.LIVE:
                return seen
        yield WaitUntil(min(limit, session.now() + max(session.manners.poll, timedelta(seconds=30))))


def _look(pool: PoolUpgrade) -> Generator[Effect, Any, Verification]:
    now: NodePool = yield ReadPool(pool.name)
    machines: tuple[Machine, ...] = yield ReadMachines(pool.name)
    # An autoscaler may have changed the pool meanwhile, so it is the pool itself that says how many there should be.
    seen = judge_machines(machines, pool.to_image, pool.kubernetes_version, now.count)
    before, after = pool.kubernetes_version, now.kubernetes_version
    if before and after and before != after:
        other = {"the pool": f"Kubernetes {after}, and it was {before} before (R66)"}
        return replace(seen, stragglers={**seen.stragglers, **other})
    return seen


def _reimage_instead(session: NodeSession, pool: PoolUpgrade, seen: Verification) -> Process:
    names = ", ".join(sorted(seen.stragglers))
    reason = f"running nodes did not take the patches: {names or seen.missing}; reimage within window and surge (R69)"
    log.warning("pool %s: %s", pool.name, reason)
    again = replace(pool, way=UpgradeWay.REIMAGE, reason=reason)
    yield Write((facts.pool_intended(again, session.now()),))


def _fail(session: NodeSession, pool: PoolUpgrade, reason: str, seen: Verification) -> Process:
    log.error("pool %s has failed: %s", pool.name, reason)
    ended = facts.pool_ended(pool.name, PoolState.FAILED, reason, session.now(), seen.stragglers)
    yield Write((ended,))
