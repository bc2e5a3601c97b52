"""The wait for a rollout's turn: for a zone of its region, and for the regions that its own is paired with (R46, R48)."""

from __future__ import annotations

import logging
from collections.abc import Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from fleetwright.domain.durations import clock_text
from fleetwright.rollout import facts
from fleetwright.rollout.effects import (
    ClaimTurns,
    Effect,
    Process,
    ReadFlights,
    ReadInstances,
    ReadWords,
    Write,
)
from fleetwright.rollout.heeding import SHORTEST_LOOK, Words
from fleetwright.rollout.lining_up import wants_of
from fleetwright.rollout.ports.turns import TurnAnswer, TurnHolder, Want
from fleetwright.rollout.processes import KeepLease, WaitUntil
from fleetwright.rollout.provider_errors import TransientError
from fleetwright.rollout.session import RolloutSession
from fleetwright.rollout.turn_words import holder_text, told

log = logging.getLogger(__name__)

# A dead run's instances are looked at no more often than this.
FLIGHTS_LOOK = timedelta(seconds=30)


def wait_for_turn(session: RolloutSession, since: datetime) -> Process:
    """Wait until all that the next batch needs is granted, or somebody says so; there is no deadline.

    Whoever holds it ends some day or dies. A dead run's place is taken once nothing of it is in flight any more.

    :param since: when the wait began
    """
    line = _Line(session)
    wants = yield from _wanted(session)
    while wants:
        yield KeepLease()
        if (yield from _is_stopped()):
            break
        if (yield from line.claim(wants)):
            waited = clock_text(session.now() - since)
            log.info("it is this %s's turn, after %s", session.fleet.kind.noun, waited)
            break
        yield WaitUntil(session.now() + max(session.poll, SHORTEST_LOOK))
    if line.behind:
        yield Write((facts.waited(since, tuple(line.behind.values()), session.now()),))


def _is_stopped() -> Generator[Effect, Any, bool]:
    words: Words = yield ReadWords()
    if words.cancel is not None:
        log.info("the rollout was cancelled: the wait for its turn ends here")
    return words.cancel is not None or bool(words.halts)


def _wanted(session: RolloutSession) -> Generator[Effect, Any, tuple[Want, ...]]:
    """What the next batch needs, by a reading of the set: it is read again, and chosen from, after the wait."""
    while True:
        try:
            return wants_of(session, session.situation((yield ReadInstances())))
        except TransientError as error:
            log.warning("Azure did not answer (%s); looking again", error)
        yield KeepLease()
        if (yield from _is_stopped()):
            return ()
        yield WaitUntil(session.now() + session.poll)


@dataclass(slots=True)
class _Dead:
    """A dead run, as far as it was looked at.

    :param reason: why something of it may be in flight; empty where nothing is
    """

    found_at: datetime
    next_look: datetime
    reason: str = ""


class _Line:
    """Those who go first.

    :ivar behind: everybody who ever did in this wait
    """

    def __init__(self, session: RolloutSession) -> None:
        self.behind: dict[tuple[str, str, str], dict[str, str]] = {}
        self._session = session
        self._said: tuple[str, ...] = ()
        self._dead: dict[str, _Dead] = {}

    def claim(self, wants: tuple[Want, ...]) -> Generator[Effect, Any, bool]:
        """Whether all of it is granted, over those too of whom nothing is left in flight."""
        answer: TurnAnswer = yield ClaimTurns(wants)
        over = yield from self._look_at_dead(answer)
        if over and not answer.is_granted:
            answer = yield ClaimTurns(wants, over)
            if answer.is_granted:
                log.info("nothing of %s is in flight any more: going on in its place", ", ".join(over))
        self._tell(answer.in_the_way)
        return answer.is_granted

    def _look_at_dead(self, answer: TurnAnswer) -> Generator[Effect, Any, tuple[str, ...]]:
        """Those in the way whose runs are dead and of whom nothing is in flight."""
        keys = {holder.fleet_key for holder in answer.in_the_way if not holder.is_alive}
        self._dead = {key: dead for key, dead in self._dead.items() if key in keys}
        for key in sorted(keys):
            now = self._session.now()
            dead = self._dead.setdefault(key, _Dead(found_at=now, next_look=now))
            if dead.next_look <= now:
                dead.reason = yield ReadFlights(key, dead.found_at)
                dead.next_look = now + FLIGHTS_LOOK
        return tuple(key for key in sorted(keys) if not self._dead[key].reason)

    def _tell(self, in_the_way: tuple[TurnHolder, ...]) -> None:
        """Say who goes first, once for each change."""
        for holder in in_the_way:
            self.behind.setdefault((holder.fleet_key, holder.key, holder.mode), told(holder))
        said = tuple(self._text_of(holder) for holder in in_the_way)
        if said != self._said:
            self._said = said
            for line in said:
                log.info("waiting for its turn: %s", line)

    def _text_of(self, holder: TurnHolder) -> str:
        dead = self._dead.get(holder.fleet_key)
        if dead is None or not dead.reason:
            return holder_text(holder)
        return f"{holder_text(holder)}; {dead.reason}; waiting for that, or run its rollout again"
