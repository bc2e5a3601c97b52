"""What is said between batches: a cancel ends the rollout, a hold or a closed window lets no further batch begin.

A rollout that may not begin its next batch waits, with nothing of it in flight and without its turns, and says who
holds it, why, since when, and what releases it.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.holds import find_holds, hold_text, holdable
from fleetwright.domain.records import RolloutSettings, TriggerKind
from fleetwright.domain.windows import window_of
from fleetwright.rollout.cancelling import EVER, find_meant
from fleetwright.rollout.ports.controls import Control
from fleetwright.rollout.ports.holds import Holds
from fleetwright.rollout.session import RolloutSession

log = logging.getLogger(__name__)

# In a wait, which may be long, the ledger is asked what people said no more often than this.
SHORTEST_LOOK = timedelta(seconds=5)
# A closed window opens at a known time; a cancel is seen within a minute.
WINDOW_LOOK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Words:
    """What a rollout heeds between batches, as of one look.

    :param cancel: None where nobody cancelled it
    :param holds: one line for each hold that concerns it
    :param closed: why its fleet's window is closed; empty where it is open, or where it does not count
    :param opens: when that window opens
    """

    cancel: Control | None = None
    holds: tuple[str, ...] = ()
    closed: str = ""
    opens: datetime | None = None

    @property
    def halts(self) -> tuple[str, ...]:
        """Why no batch may begin now; empty where one may."""
        return (*self.holds, self.closed) if self.closed else self.holds


def read_words(session: RolloutSession) -> Words:
    """One look at what people said about the rollout, and at its fleet's window."""
    settings, now = session.settings, session.now()
    controls, holds = session.ports.ledger.read_words(session.fleet.key, since=EVER)
    cancel = next(iter(find_meant(controls, session.view.rollout)), None)
    held = tuple(hold_text(hold) for hold in find_holds(holds, holdable(settings)))
    windows = window_of(session.fleet) if settings.trigger is TriggerKind.AUTOMATIC else None
    if windows is None:
        return Words(cancel, held)
    return Words(cancel, held, windows.why_closed(now), windows.next_opening(now))


def next_look(session: RolloutSession, words: Words) -> datetime:
    """When a rollout that may not go on looks again; a window that opens is seen at once."""
    now = session.now()
    if words.holds:
        return now + max(session.poll, SHORTEST_LOOK)
    return min(now + max(session.poll, WINDOW_LOOK), words.opens or now + WINDOW_LOOK)


def tell_halts(session: RolloutSession, halts: tuple[str, ...]) -> None:
    """Say why no further batch begins, once for each change."""
    told, session.halts_told = session.halts_told, halts
    tell_change(told, halts, "batch")


def tell_change(told: tuple[str, ...], halts: tuple[str, ...], what: str) -> None:
    """Say what came and what went of the reasons why nothing begins.

    :param told: those of the last time
    :param what: that does not begin: ``batch``, ``pool``
    """
    for line in halts:
        if line not in told:
            log.warning("no further %s begins: %s", what, line)
    for line in told:
        if line not in halts:
            log.info("no longer in the way: %s", line)


def why_held(ledger: Holds, settings: RolloutSettings) -> tuple[str, ...]:
    """Why people let no rollout like this begin: one line for each hold."""
    return tuple(hold_text(hold) for hold in find_holds(ledger.list_holds(), holdable(settings)))


def about_window(
    fleet: Fleet, trigger: TriggerKind, now: datetime
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a fleet's window means for a rollout that is about to begin: why it is held, and what is warned of (N6).

    An automatic one waits for its window, and is held where that cannot be read: it would wait for ever. A manual one
    goes by the word of the person who started it.
    """
    windows = window_of(fleet)
    closed = windows.why_closed(now) if windows else ""
    if windows is None or not closed:
        return (), ()
    if trigger is TriggerKind.MANUAL:
        return (), (f"{closed}; a rollout by hand does not wait for it",)
    return ((closed,), ()) if windows.problem else ((), (f"{closed}: no batch begins before",))
