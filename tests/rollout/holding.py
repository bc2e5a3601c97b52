"""People who hold and release things in mid-rollout, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from rehearsals import Admin, Rehearsal, eventful
from worlds import FLEET_ID, NEW, START

from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.records import RolloutView
from fleetwright.ledger.store import open_ledger

Rehearse = Callable[..., Rehearsal]
Deed = Callable[[Admin], object]

BEGAN = datetime.fromisoformat(START)
PHASE = "phase_1_europe"
IMAGE = "canonical:ubuntuserver:18.04-lts"
KINDS = [
    (HoldSubject.FLEET, FLEET_ID.lower()),
    (HoldSubject.VERSION, NEW),
    (HoldSubject.VERSION, f"{IMAGE}|{NEW}"),
    (HoldSubject.PHASE, PHASE),
    (HoldSubject.PHASE, "europe"),
]
FLEET = KINDS[0]
QUICK = {"swap": 4, "boot": 2, "extension": 2, "health": 2}


class Desk:
    """Where a person holds and releases, with a connection to the ledger of their own."""

    def __init__(self) -> None:
        self.url = ""

    def hold(self, subject: HoldSubject, name: str) -> Deed:
        """Hold something."""
        return lambda _admin: self._say(lambda ledger: ledger.add_hold(_hold(subject, name)))

    def release(self, subject: HoldSubject, name: str) -> Deed:
        """Release it."""
        word: dict[str, Any] = {"actor": "bob", "reason": "the fair is over", "at": BEGAN}
        return lambda _admin: self._say(lambda ledger: ledger.release_holds(subject, name, **word))

    def _say(self, deed: Callable[[Any], object]) -> None:
        with self.open() as ledger:
            deed(ledger)

    @contextmanager
    def open(self) -> Iterator[Any]:
        """The ledger, in a process of the person's own."""
        ledger = open_ledger(self.url)
        yield ledger
        ledger.close()


def _hold(subject: HoldSubject, name: str) -> Hold:
    return Hold(subject, name, "ann", "a trade fair", BEGAN.astimezone(UTC))


def staged(rehearse: Rehearse, desk: Desk, document: dict[str, Any], *happenings: Any) -> Rehearsal:  # noqa: ANN401 - as ``eventful`` takes them
    """A rehearsal in which people say things at instants of its clock."""
    rehearsal = rehearse(document, clock=eventful(*happenings))
    desk.url = rehearsal.ledger_url
    return rehearsal


def batches_begun_between(view: RolloutView, since: float, until: float) -> list[int]:
    """Which batches began in a span of seconds after the world's start."""
    span = (BEGAN + timedelta(seconds=since), BEGAN + timedelta(seconds=until))
    return [b.index for b in view.batches if b.began_at and span[0] <= b.began_at < span[1]]
