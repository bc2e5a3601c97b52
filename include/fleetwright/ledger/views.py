"""Folded views, kept so that a long rollout is not folded from its beginning at every append."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from sqlalchemy import Connection

from fleetwright.domain.errors import FleetwrightError, LedgerError
from fleetwright.domain.events import Event
from fleetwright.domain.journal import fold
from fleetwright.domain.records import RolloutView
from fleetwright.ledger.event_log import read_newer

KEPT_VIEWS = 64


class Views:
    """The rollouts last looked at, each with the sequence it was folded to.

    Events are only ever appended, so a kept view is never wrong, at most old: what came since is folded on.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[int, RolloutView]] = OrderedDict()

    def read(self, connection: Connection, rollout_id: str) -> RolloutView | None:
        """The rollout as the ledger has it now, or None where it has no such rollout."""
        known, view = self._kept.get(rollout_id, (0, None))
        sequence, newer = read_newer(connection, rollout_id, known)
        if newer:
            view = fold_onto(view, newer, rollout_id)
        if view is not None:
            self.keep(sequence, view)
        return view

    def keep(self, sequence: int, view: RolloutView) -> None:
        """Remember a view whose events are committed."""
        rollout_id = view.rollout.rollout_id
        self._kept.pop(rollout_id, None)
        self._kept[rollout_id] = (sequence, view)
        while len(self._kept) > KEPT_VIEWS:
            self._kept.popitem(last=False)


def fold_onto(view: RolloutView | None, events: Sequence[Event], rollout_id: str) -> RolloutView:
    """Fold events, and name the rollout when they do not fit it.

    :raises IllegalMoveError: when an event contradicts the tables of states
    :raises LedgerError: when an event speaks of an instance or of facts that are not there
    """
    try:
        return fold(events, view)
    except FleetwrightError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError(f"rollout {rollout_id}: an event does not fit it: {error!r}") from error
