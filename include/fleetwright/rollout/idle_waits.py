"""The wait for nodes to end their work, where nobody that is chosen is idle: when it is over, and what is told meanwhile (R55)."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from fleetwright.domain.batches import select_batch
from fleetwright.domain.holdups import find_holdups, next_moment, why_choose_again
from fleetwright.domain.instances import Instance
from fleetwright.domain.situation import Situation
from fleetwright.rollout.effects import Process, ReadInstances, ReadWords
from fleetwright.rollout.heeding import Words
from fleetwright.rollout.processes import KeepLease, WaitUntil
from fleetwright.rollout.provider_errors import TransientError
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.waiting import SILENCE_LIMIT

log = logging.getLogger(__name__)

# A large pool, where somebody is always about to be idle, is looked at once in so long for each of its nodes.
NODE_PAUSE = timedelta(milliseconds=20)
# Whoever has waited long is looked at less often, and told of again after this long.
LONGEST_LOOK, TOLD_AGAIN = timedelta(minutes=1), timedelta(minutes=5)


def wait_for_idle(session: RolloutSession, since: datetime) -> Process:
    """Wait until a closed node is idle, gone or opened, something is due, or somebody says so.

    :param since: when the wait began
    """
    teller = _Teller(session)
    silent_since: datetime | None = None
    while True:
        yield KeepLease()
        words: Words = yield ReadWords()
        if words.cancel is not None or words.halts:
            return
        try:
            instances: tuple[Instance, ...] = yield ReadInstances()
        except TransientError as error:
            silent_since = silent_since or session.now()
            if session.now() - silent_since > SILENCE_LIMIT:
                raise
            log.warning("Azure did not answer (%s); looking again", error)
            yield WaitUntil(session.now() + max(session.poll, error.retry_after))
            continue
        silent_since, now = None, session.now()
        # The set was read a moment before the wait began: what it showed then is no news.
        if now > since and _is_over(session, instances, since, now):
            return
        teller.tell(instances, now)
        yield WaitUntil(_next_look(session, instances, since, now))


def _is_over(
    session: RolloutSession, instances: tuple[Instance, ...], since: datetime, now: datetime
) -> bool:
    situation, closed = session.situation(instances), session.view.rollout.closed
    if not closed:
        # All that were chosen are somebody else's by now, which a list that lags may not show yet.
        return True
    why = why_choose_again(situation, closed, session.settings.drain, since, now)
    why = why or _who_is_idle(situation)
    if why:
        log.info("choosing again: %s", why)
    return bool(why)


def _who_is_idle(situation: Situation) -> str:
    """Who is not closed yet, has become idle meanwhile, and fits; empty where nobody does."""
    chosen = frozenset(select_batch(situation).chosen_ids) - situation.closed_ids
    idle = (i.instance_id for i in situation.instances if i.instance_id in chosen and i.is_idle)
    return next((f"{node} is idle, and fits" for node in idle), "")


def _next_look(
    session: RolloutSession, instances: tuple[Instance, ...], since: datetime, now: datetime
) -> datetime:
    """Often at first; a large set, and one that has been waited for long, less often; deadlines are met exactly."""
    policy = session.settings.drain
    waited = timedelta(seconds=(now - since).total_seconds() / 10)
    pause = max(session.poll, NODE_PAUSE * len(instances), min(waited, LONGEST_LOOK))
    due = next_moment(find_holdups(session.view.rollout.closed, instances, policy), policy, now)
    return min(now + pause, due) if due is not None else now + pause


class _Teller:
    """Tells who holds up the finish: at the beginning, whenever that changes, and every few minutes."""

    def __init__(self, session: RolloutSession) -> None:
        self._session = session
        self._said: tuple[object, ...] = ()
        self._said_at: datetime | None = None

    def tell(self, instances: tuple[Instance, ...], now: datetime) -> None:
        """Say it, where it is news or was said long ago."""
        session, policy = self._session, self._session.settings.drain
        holdups = find_holdups(session.view.rollout.closed, instances, policy)
        said = tuple((h.instance_id, h.tasks, h.deadline is not None and now >= h.deadline) for h in holdups)
        is_known = said == self._said and self._said_at is not None and now < self._said_at + TOLD_AGAIN
        if is_known or not holdups:
            return
        self._said, self._said_at = said, now
        log.info("waiting for nodes that are at work (%d):", len(holdups))
        for holdup in holdups:
            log.info("  %s", holdup.text(policy, now))
