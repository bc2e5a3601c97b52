"""An older ledger, made from a new one by taking back what later revisions added, is brought up to date."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection, text

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.records import RolloutSettings
from fleetwright.ledger.database import Database
from fleetwright.ledger.engine import create_ledger_engine
from fleetwright.ledger.store import open_ledger
from fleetwright.rollout.ports.leases import LeaseTerms

_SINCE_0010 = ("lock_queue", "holds", "phase_runs", "seen_versions", "seen_fleets", "node_rollouts")


def take_back(connection: Connection, revision: str) -> None:
    """Make a ledger one of revision 0007, 0008 or 0009."""
    for name in ("closed", "left_busy"):
        connection.execute(text(f"ALTER TABLE rollouts DROP COLUMN {name}"))
    for table in _SINCE_0010:
        connection.execute(text(f"DROP TABLE {table}"))
    connection.execute(text("ALTER TABLE locks DROP COLUMN turn"))
    connection.execute(text("ALTER TABLE rollouts DROP COLUMN waits"))
    if revision < "0009":
        for name in ("suffered", "after_rollback"):
            connection.execute(text(f"ALTER TABLE swaps DROP COLUMN {name}"))
    if revision < "0008":
        connection.execute(text("ALTER TABLE batches DROP COLUMN operation_members"))
    connection.execute(text("UPDATE ledger_version SET version_num = :revision"), {"revision": revision})


def test_operations_of_an_older_ledger_carry_nobody_known(
    file_url: str, wall: Callable[[], datetime], settings: RolloutSettings, intend: Callable[..., Event]
) -> None:
    """A ledger from before operations knew their instances is brought up to what its events say (R2)."""
    old = open_ledger(file_url, wall_clock=wall)
    acquired = old.begin(settings, owner="run-a", now=wall(), terms=LeaseTerms())
    call = {"instances": ["0"], "operation_url": "https://arm/op/1", "state": "accepted"}
    sent = Event(EventKind.SENDING, wall(), {"instances": ["0"]})
    events = [intend(0, ["0"]), sent, Event(EventKind.ACCEPTED, wall(), call)]
    view = old.append(acquired.view.rollout.rollout_id, events, lease=acquired.lease)
    old.close()
    older = Database(create_ledger_engine(file_url), file_url)
    with older.altering() as connection:
        take_back(connection, "0007")
    older.close()

    ledger = open_ledger(file_url, wall_clock=wall)

    assert ledger.replay() == ()
    assert ledger.load(acquired.view.rollout.rollout_id) == view


def test_swaps_of_an_older_ledger_suffered_nothing_known(
    file_url: str, wall: Callable[[], datetime], settings: RolloutSettings, intend: Callable[..., Event]
) -> None:
    """A ledger from before signs were kept is brought up to what its events say, in the words of now (R2, R11)."""

    def one(kind: EventKind, **payload: object) -> Event:
        return Event(kind, wall(), {"instances": ["0"], **payload})

    def verdict(state: str, reason: str) -> Event:
        return one(EventKind.JUDGED, verdicts=[{"instance_id": "0", "state": state, "reason": reason}])

    old = open_ledger(file_url, wall_clock=wall)
    acquired = old.begin(settings, owner="run-a", now=wall(), terms=LeaseTerms())
    events = [
        intend(0, ["0"]),
        one(EventKind.SENDING),
        one(EventKind.ACCEPTED, operation_url="", state="accepted"),
        verdict("unhealthy", "health is unhealthy"),
        one(EventKind.ROLLBACK_INTENDED),
        verdict("rolled back", "ready"),
    ]
    view = old.append(acquired.view.rollout.rollout_id, events, lease=acquired.lease)
    old.close()
    older = Database(create_ledger_engine(file_url), file_url)
    with older.altering() as connection:
        take_back(connection, "0008")
        old_words = "health is unhealthy; rollback: ready"
        connection.execute(text("UPDATE swaps SET verdict_reason = :words"), {"words": old_words})
    older.close()

    ledger = open_ledger(file_url, wall_clock=wall)

    assert ledger.replay() == ()
    assert view.swaps["0"].verdict_reason == "health is unhealthy; rolled back"
    assert ledger.load(acquired.view.rollout.rollout_id) == view
