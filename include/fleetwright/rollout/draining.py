"""Waiting for nodes to end their work: who is idle by now, who is left as it is, and the wait itself (R55).

Whoever is closed and idle is swapped while the others go on draining, each with its own deadline from the moment at
which it was closed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from fleetwright.domain.batches import select_batch
from fleetwright.domain.holdups import (
    find_holdups,
    next_moment,
    to_leave,
    to_requeue,
    why_choose_again,
    why_not_drained,
)
from fleetwright.domain.instances import Instance
from fleetwright.domain.situation import Selection, Situation
from fleetwright.domain.states import RolloutState
from fleetwright.domain.thresholds import INTERNAL, StopReason, name_ids
from fleetwright.rollout import facts
from fleetwright.rollout.check import Ending
from fleetwright.rollout.closing import close_nodes
from fleetwright.rollout.effects import KeepLease, Process, ReadInstances, ReadWords, WaitUntil
from fleetwright.rollout.heeding import Words
from fleetwright.rollout.opening import open_nodes
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError, TransientError
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.waiting import SILENCE_LIMIT

log = logging.getLogger(__name__)

# A large pool, where somebody is always about to be idle, is looked at once in so long for each of its nodes.
NODE_PAUSE = timedelta(milliseconds=20)
# Whoever has waited long is looked at less often, and told of again after this long.
LONGEST_LOOK, TOLD_AGAIN = timedelta(minutes=1), timedelta(minutes=5)


def heed_deadlines(session: RolloutSession, instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
    """Do what is due: leave nodes as they are or queue their tasks again, and open what is not to be swapped any more.

    :returns: the set as it is afterwards
    """
    if not session.view.rollout.closed:
        return instances
    done = session.fleet.waits_for_work and _end_drains(session, instances)
    strays = _strays(session, instances)
    open_nodes(session, strays)
    return session.list_instances() if done or strays else instances


def _end_drains(session: RolloutSession, instances: tuple[Instance, ...]) -> bool:
    policy, now = session.settings.drain, session.now()
    holdups = find_holdups(session.view.rollout.closed, instances, policy)
    left, requeued = to_leave(holdups, policy, now), to_requeue(holdups, policy, now)
    for node, reason in left.items():
        log.warning("%s is left as it is: it %s (deadline %s)", node, reason, policy.deadline)
    if left:
        session.write(facts.left_busy(left, now))
    for node in requeued:
        _requeue(session, node)
    return bool(left or requeued)


def _requeue(session: RolloutSession, node: str) -> None:
    log.warning("%s: its tasks are ended and queued again: its deadline and the grace are over", node)
    try:
        session.ports.driver.disable_scheduling(session.fleet, node, session.guard, requeue=True)
    except (CallRefusedError, AnswerLostError) as error:
        log.warning("%s: its tasks were not queued again yet: %s", node, error)


def _strays(session: RolloutSession, instances: tuple[Instance, ...]) -> tuple[str, ...]:
    """Closed nodes that this rollout is not going to swap any more, or that are gone."""
    pending = frozenset(select_batch(session.situation(instances)).pending_ids)
    keeps = pending | session.view.in_flight_ids
    return tuple(node for node in session.view.rollout.closed if node not in keeps)


def take_idle(
    session: RolloutSession, selection: Selection, situation: Situation
) -> tuple[str, ...] | Ending:
    """Close what was chosen, and take those that are idle now; the others go on draining.

    :returns: the batch, empty where everybody is at work still; an ending where Azure lets no node be closed
    """
    wanted = selection.chosen_ids
    instances = situation.instances
    takes_work = tuple(i.instance_id for i in instances if i.instance_id in wanted and i.takes_work)
    if takes_work:
        refused = close_nodes(session, takes_work)
        if refused:
            ending = _leave_refused(session, refused, frozenset(wanted))
            if ending is not None:
                return ending
        instances = session.list_instances()
    known = session.situation(instances)
    present = {i.instance_id: i for i in instances}
    return tuple(i for i in wanted if i in present and not why_not_drained(present[i], known))


def _leave_refused(
    session: RolloutSession, refused: Mapping[str, str], wanted: frozenset[str]
) -> Ending | None:
    """Leave nodes that Azure lets nobody close; where that is all of them, and nothing was swapped, a person has to look."""
    first, why = next(iter(refused.items()))
    if len(refused) == len(wanted) and (len(wanted) > 1 or not session.view.swapped_ids):
        message = f"Azure refused to disable the scheduling of {name_ids(tuple(refused))}; {first}: {why}"
        session.write(facts.nodes_opened(tuple(refused), session.now()))
        return Ending(RolloutState.FAULTED, StopReason(INTERNAL, message))
    reasons = {node: f"Azure refused to disable its scheduling: {why}" for node, why in refused.items()}
    for node, reason in reasons.items():
        log.warning("%s is left as it is: %s", node, reason)
    session.write(facts.left_busy(reasons, session.now()), facts.nodes_opened(tuple(refused), session.now()))
    return None


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
        return (
            True  # all that were chosen are somebody else's by now, which a list that lags may not show yet
        )
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
        if said == self._said and self._said_at is not None and now < self._said_at + TOLD_AGAIN:
            return
        self._said, self._said_at = said, now
        log.info("waiting for nodes that are at work (%d):", len(holdups))
        for holdup in holdups:
            log.info("  %s", holdup.text(policy, now))
