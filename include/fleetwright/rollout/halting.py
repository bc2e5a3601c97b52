"""The wait of a rollout that may not begin its next batch: held by a person, or outside of its fleet's window."""

from __future__ import annotations

import logging
from datetime import timedelta

from fleetwright.rollout.effects import Process, ReadFleet, ReadWords
from fleetwright.rollout.heeding import Words, next_look, tell_halts
from fleetwright.rollout.idle_waits import wait_for_idle
from fleetwright.rollout.processes import KeepLease, WaitUntil
from fleetwright.rollout.provider_errors import TransientError
from fleetwright.rollout.selecting import Chosen, Wait, wait_for_budget
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.turn_waits import wait_for_turn

# The tag of a fleet whose window is closed may be mended; a thousand fleets that wait ask Azure no more often than this.
TAG_LOOK = timedelta(minutes=10)

log = logging.getLogger(__name__)


def wait_to_choose(session: RolloutSession, chosen: Chosen) -> Process:
    """The wait that a choice has come to; ``choose_again`` comes after it."""
    if chosen.wait is Wait.BUDGET:
        return wait_for_budget(session, chosen.since or session.now())
    if chosen.wait is Wait.TURN:
        return wait_for_turn(session, chosen.since or session.now())
    if chosen.wait is Wait.IDLE:
        return wait_for_idle(session, chosen.since or session.now())
    return wait_while_halted(session)


def wait_while_halted(session: RolloutSession) -> Process:
    """Wait until everything that holds the rollout is released and its window is open; a cancel ends the wait."""
    read_at = session.now()
    while True:
        yield KeepLease()
        words: Words = yield ReadWords()
        if words.cancel is not None:
            log.info("the rollout was cancelled: the wait ends here")
            return
        tell_halts(session, words.halts)
        if not words.halts:
            return
        yield WaitUntil(next_look(session, words))
        if words.closed and session.now() >= read_at + TAG_LOOK:
            yield from _read_tag()
            read_at = session.now()


def _read_tag() -> Process:
    """Know another window, or none, soon after somebody has changed the fleet's tag."""
    try:
        yield ReadFleet()
    except TransientError as error:
        log.warning("Azure did not answer (%s); the fleet's tag is read again later", error)
