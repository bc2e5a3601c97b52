"""Nodes that end their work before they are swapped: who is idle by now, and who is left as it is (R55).

Whoever is closed and idle is swapped while the others go on draining, each with its own deadline from the moment at
which it was closed.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping

from fleetwright.domain.batches import select_batch
from fleetwright.domain.holdups import (
    find_holdups,
    to_leave,
    to_requeue,
    why_not_drained,
)
from fleetwright.domain.instances import Instance
from fleetwright.domain.situation import Selection, Situation
from fleetwright.domain.states import RolloutState
from fleetwright.domain.thresholds import INTERNAL, StopReason, name_ids
from fleetwright.rollout import facts
from fleetwright.rollout.check import Ending
from fleetwright.rollout.closing import close_nodes
from fleetwright.rollout.opening import open_nodes
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)


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
    drained = tuple(i for i in wanted if i in present and not why_not_drained(present[i], known))
    return _within_cap(session, known, drained)


def _within_cap(session: RolloutSession, situation: Situation, drained: tuple[str, ...]) -> tuple[str, ...]:
    """Those whose swap still fits: others may have fallen ill since they were closed; the rest is opened again (R7)."""
    ill = situation.not_serving
    serving = [node for node in drained if node not in ill]
    too_many = frozenset(serving[max(0, situation.cap - len(ill)) :])
    if too_many:
        log.warning("%s: others fell ill meanwhile, and nothing more fits", name_ids(tuple(sorted(too_many))))
        open_nodes(session, tuple(too_many))
    return tuple(node for node in drained if node not in too_many)


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
