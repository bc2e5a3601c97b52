"""Nodes are closed before they are upgraded, and opened again whatever happens (R55).

A node is closed when its provider gives it no new work because this rollout asked for that. The ledger has its name
before the call, and loses it after the call that opens it: whoever has the rollout last opens what is left, or the
fleet's next rollout does. Nobody else's node is ever opened.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta

from fleetwright.domain.thresholds import name_ids
from fleetwright.rollout import facts
from fleetwright.rollout.dispatch import LOST_CALL_LIFETIME
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

CALL_ATTEMPTS = 3
# What Azure refuses now it may take a little later: the node has to come to an end of something first.
REFUSAL_PAUSE = timedelta(seconds=30)


def close_nodes(session: RolloutSession, node_ids: Sequence[str]) -> Mapping[str, str]:
    """Close nodes that take work; what runs on them runs to its end.

    :returns: why Azure refused, by the ids of those that are not closed and may not be swapped
    """
    known = session.view.rollout.closed
    fresh = tuple(node for node in node_ids if node not in known)
    if fresh:
        session.write(facts.nodes_closed(fresh, session.now()))
    refused: dict[str, str] = dict.fromkeys(node_ids, "")
    for attempt in range(CALL_ATTEMPTS):
        if attempt:
            session.ports.clock.wait_until(session.now() + REFUSAL_PAUSE)
        refused = {
            node: why for node in refused if (why := _close(session, node, is_in_doubt=node not in fresh))
        }
        if not refused:
            break
    closed = tuple(node for node in node_ids if node in session.view.rollout.closed and node not in refused)
    if closed:
        log.info("scheduling is disabled, what runs ends by itself: %s", name_ids(closed))
    return refused


def _close(session: RolloutSession, node: str, *, is_in_doubt: bool) -> str:
    """Close one node; why it was refused, empty where it is closed or not to be closed any more.

    :param is_in_doubt: a call of ours may have reached it before
    """
    driver = session.ports.driver
    for _attempt in range(CALL_ATTEMPTS):
        try:
            driver.disable_scheduling(session.fleet, node, session.guard)
        except CallRefusedError as error:
            return _judge_refusal(session, node, str(error), is_in_doubt=is_in_doubt)
        except AnswerLostError as error:
            log.warning("the answer about the scheduling of %s was lost (%s): reading it", node, error)
            is_in_doubt = True
            if _shows(session, node, takes_work=False):
                return ""
        else:
            return ""
    # It counts as closed, so that whoever ends the rollout opens it; nothing is swapped before it is seen closed.
    log.warning("%s: none of %d calls to disable its scheduling was answered", node, CALL_ATTEMPTS)
    return ""


def _judge_refusal(session: RolloutSession, node: str, why: str, *, is_in_doubt: bool) -> str:
    found = session.ports.driver.fetch_instance(session.fleet, node)
    if found is not None and not found.takes_work and is_in_doubt:
        return ""  # by the call of ours whose answer nobody heard
    if found is not None and found.takes_work:
        return why
    said = "does not exist any more" if found is None else "was closed by somebody else meanwhile: left alone"
    log.warning("%s %s", node, said)
    session.write(facts.nodes_opened((node,), session.now()))
    return ""


def _shows(session: RolloutSession, node: str, *, takes_work: bool) -> bool:
    """Whether a node whose call was not answered shows what was asked for, or is gone, before the call is dead."""
    deadline = session.now() + LOST_CALL_LIFETIME
    while True:
        found = session.ports.driver.fetch_instance(session.fleet, node)
        if found is None or found.takes_work is takes_work:
            return True
        if session.now() >= deadline:
            return False
        session.ports.clock.wait_until(min(deadline, session.now() + session.poll))
