"""Whoever edits the ledger behind its back is found: in the chain of events, and in the rows beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.records import RolloutSettings
from fleetwright.ledger import views
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright.rollout.ports.ledger import Acquired

if TYPE_CHECKING:
    from tests.ledger.conftest import WallClock

TERMS = LeaseTerms(timedelta(seconds=30))


@pytest.fixture
def acquired(ledger: SqlLedger, settings: RolloutSettings, wall: WallClock) -> Acquired:
    """A rollout that has just begun."""
    return ledger.begin(settings, owner="run-a", now=wall(), terms=TERMS)


@pytest.fixture
def append(ledger: SqlLedger, acquired: Acquired) -> Callable[..., Any]:
    """Append events to that rollout."""
    return lambda *events: ledger.append(acquired.view.rollout.rollout_id, events, lease=acquired.lease)


def edit(ledger: SqlLedger, statement: str) -> None:
    """Change the database behind the ledger's back."""
    with ledger._database.altering() as connection:
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE events SET payload = '{}' WHERE sequence = 2", 2),
        ("UPDATE events SET actor = 'nobody' WHERE sequence = 3", 3),
        ("UPDATE events SET happened_at = '2020-01-01 00:00:00' WHERE sequence = 1", 1),
        ("UPDATE events SET previous_hash = '' WHERE sequence = 2", 2),
        ("DELETE FROM events WHERE sequence = 2", 2),
        ("DELETE FROM events WHERE sequence = 4", 4),
        ("DELETE FROM events", 1),
        ("UPDATE heads SET hash = 'x'", 4),
    ],
)
def test_tampering_is_found_where_it_happened(
    ledger: SqlLedger, append: Callable[..., Any], wall: WallClock, statement: str, broken: int
) -> None:
    """Whatever is changed or removed behind the ledger's back, the first broken line is named."""
    for number in range(3):
        append(Event(EventKind.NOTED, wall(), {"n": number}))
    assert ledger.verify_chain() is None
    edit(ledger, statement)
    assert ledger.verify_chain() == broken


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE swaps SET state = 'healthy'",
        "DELETE FROM swaps",
        "UPDATE batches SET reason = 'other'",
        "UPDATE rollouts SET owner = 'other'",
        "DELETE FROM events",
    ],
)
def test_rows_that_drifted_from_their_events_are_found(
    ledger: SqlLedger,
    acquired: Acquired,
    append: Callable[..., Any],
    intend: Callable[..., Event],
    statement: str,
) -> None:
    """Replaying names the rollout whose rows somebody edited."""
    append(intend(0, ["0", "1"]))
    assert ledger.replay() == ()
    edit(ledger, statement)
    assert ledger.replay() == (acquired.view.rollout.rollout_id,)


def test_event_of_a_newer_fleetwright_is_told(
    ledger: SqlLedger, acquired: Acquired, settings: RolloutSettings
) -> None:
    """A kind of event that is not known here is named, not guessed at."""
    edit(ledger, "UPDATE events SET kind = 'approved'")
    ledger._views = views.Views()
    with pytest.raises(LedgerError, match="event 1 is of a kind not known here, 'approved'"):
        ledger.load(acquired.view.rollout.rollout_id)
