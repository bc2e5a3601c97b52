"""Choosing the next pool: over a fresh reading, in the window, with nothing said against it; what does not fit is left."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from fleetwright.domain.errors import ProviderError
from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.plan import Course, NodePlan, PoolPlan
from fleetwright.domain.node_pools.rollouts import NodeRolloutState, PoolState, PoolUpgrade
from fleetwright.node_images.effects import Process, ReadWords
from fleetwright.node_images.ending import Ending, ending_of, fatal_pool
from fleetwright.node_images.heeding import Words, read_words, tell_halts
from fleetwright.node_images.narrate import reason_words
from fleetwright.node_images.planning import as_intended, plan_now
from fleetwright.node_images.session import NodeSession
from fleetwright.rollout.processes import KeepLease, WaitUntil
from fleetwright.rollout.provider_errors import TransientError

log = logging.getLogger(__name__)

# A cluster that is at another operation is looked at again after this; what then is still in the way leaves the pools.
BUSY_PAUSE = timedelta(minutes=10)
SHORTEST_LOOK = timedelta(seconds=5)
_BUSY = "another operation is under way"


class Wait(StrEnum):
    """What a rollout waits for before its next pool."""

    START = "start"  # its place inside the window (N31)
    RELEASE = "release"  # somebody holds the cluster
    BUSY = "busy"  # the cluster is at another operation


@dataclass(frozen=True, slots=True)
class Selected:
    """What is next: a pool, the end, or a wait; exactly one of them.

    :param pool: intended, and written so
    """

    pool: str = ""
    ending: Ending | None = None
    wait: Wait | None = None


def select_pool(session: NodeSession, *, is_patient: bool = True) -> Selected:
    """Choose the next pool and write it down as intended; one that is under way is chosen again.

    :param is_patient: whether a cluster at another operation is waited for, or its pools are left
    """
    under_way = session.rollout.open_pool
    if under_way is not None and under_way.state is not PoolState.INTENDED:
        return Selected(under_way.name)
    words = read_words(session)
    ending = _ending_by_words(session, words)
    if ending is not None:
        return Selected(ending=ending)
    waiting = _waiting(session)
    if not waiting:
        return Selected(ending=ending_of(session.rollout))
    tell_halts(session, words.holds)
    if words.holds:
        return Selected(wait=Wait.RELEASE)
    if _starts_later(session):
        return Selected(wait=Wait.START)
    session.refresh_cluster()
    return _choose(session, waiting, words, is_patient=is_patient)


def wait_to_select(session: NodeSession, wait: Wait) -> Process:
    """Wait until it is worth while to choose again; a cancel is seen at once."""
    until = session.now() + BUSY_PAUSE if wait is Wait.BUSY else _start_of(session)
    if wait is not Wait.RELEASE:
        log.info("no pool begins before %s: %s", f"{until:%Y-%m-%d %H:%M:%S} UTC", _WHY[wait])
    while True:
        yield KeepLease()
        words: Words = yield ReadWords()
        tell_halts(session, words.holds)
        is_over = session.now() >= until if wait is not Wait.RELEASE else not words.holds
        if words.cancel is not None or is_over:
            return
        next_look = session.now() + max(session.manners.poll, SHORTEST_LOOK)
        yield WaitUntil(next_look if wait is Wait.RELEASE else min(until, next_look))


_WHY = {
    Wait.START: "starts are spread inside the window (N31)",
    Wait.BUSY: f"{_BUSY}, and AKS carries out one at a time",
}


def _waiting(session: NodeSession) -> tuple[PoolUpgrade, ...]:
    pools = session.rollout.pools
    return (
        *(pool for pool in pools if pool.state is PoolState.INTENDED),
        *(pool for pool in pools if pool.state is PoolState.WAITING),
    )


def _ending_by_words(session: NodeSession, words: Words) -> Ending | None:
    fatal = fatal_pool(session.rollout)
    if fatal is not None:
        return Ending(NodeRolloutState.FAULTED, f"pool {fatal.name}: {fatal.reason}")
    if words.cancel is None:
        return None
    said = words.cancel
    return Ending(NodeRolloutState.CANCELLED, f"cancelled by {said.actor}: {said.reason}")


def _start_of(session: NodeSession) -> datetime:
    text = session.settings.not_before
    return datetime.fromisoformat(text) if text else session.now()


def _starts_later(session: NodeSession) -> bool:
    if not session.settings.not_before:
        return False
    has_begun = any(pool.intended_at for pool in session.rollout.pools)
    return not has_begun and session.now() < _start_of(session)


def _choose(
    session: NodeSession, waiting: tuple[PoolUpgrade, ...], words: Words, *, is_patient: bool
) -> Selected:
    for pool in waiting:
        hold = words.of_pool(pool.name)
        if hold:
            _end(session, pool, PoolState.LEFT, hold)
            continue
        try:
            plan = plan_now(session, pool)
        except TransientError:
            raise
        except ProviderError as error:
            # What cannot be asked is no yes, and says nothing about the other pools.
            _end(session, pool, PoolState.LEFT, f"it could not be judged: {error}")
            continue
        if is_patient and any(_BUSY in reason for reason in plan.verdict.holds):
            return Selected(wait=Wait.BUSY)
        planned = next(iter(plan.pools), None)
        if planned is not None and planned.goes and plan.verdict.may_begin:
            _intend(session, pool, planned)
            return Selected(pool.name)
        _pass_over(session, pool, plan, planned)
    return Selected(ending=ending_of(session.rollout))


def _intend(session: NodeSession, pool: PoolUpgrade, planned: PoolPlan) -> None:
    found = session.cluster.pool(pool.name)
    version = found.kubernetes_version if found else ""
    intended = as_intended(pool, planned, version)
    log.info("pool %s: %s -> %s: %s", pool.name, intended.from_image, intended.to_image, planned.reason)
    for note in planned.notes:
        log.info("pool %s: %s", pool.name, note)
    session.write(facts.pool_intended(intended, session.now()))


def _pass_over(session: NodeSession, pool: PoolUpgrade, plan: NodePlan, planned: PoolPlan | None) -> None:
    verdict = plan.verdict
    if planned is None:
        _end(session, pool, PoolState.LEFT, "; ".join(verdict.holds) or "it is gone")
    elif verdict.holds:
        _end(session, pool, PoolState.LEFT, "; ".join(verdict.holds))
    elif planned.course is Course.UP_TO_DATE:
        _end(session, pool, PoolState.UP_TO_DATE, planned.reason)
    else:
        _end(session, pool, PoolState.LEFT, "; ".join(verdict.nothing) or planned.reason)


def _end(session: NodeSession, pool: PoolUpgrade, state: PoolState, reason: str) -> None:
    level = logging.INFO if state is PoolState.UP_TO_DATE else logging.WARNING
    log.log(level, "pool %s is %s: %s", pool.name, state, reason_words(state, reason))
    session.write(facts.pool_ended(pool.name, state, reason, session.now()))
