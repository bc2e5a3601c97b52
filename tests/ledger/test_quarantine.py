"""A version is put away with the very event that ended its rollout: once, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from fleetwright.domain.errors import LeaseLostError
from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.quarantine import Release
from fleetwright.domain.records import RolloutSettings
from fleetwright.domain.thresholds import UPGRADED
from fleetwright.ledger.store import SqlLedger, open_ledger
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
def story(intend: Callable[..., Event], wall: WallClock) -> list[Event]:
    """One instance is swapped, goes bad, and stops the rollout."""

    def event(kind: EventKind, **payload: object) -> Event:
        return Event(kind, wall(), payload)

    verdict = {
        "instance_id": "0",
        "state": "unhealthy",
        "reason": "health is unhealthy",
        "ready_seconds": None,
        "suffered": {"sign": "health"},
    }
    return [
        intend(0, ["0"]),
        event(EventKind.SENDING, instances=["0"]),
        event(EventKind.ACCEPTED, instances=["0"], operation_url="", state="accepted"),
        event(EventKind.SWAPPED, disks={"0": "new"}, state="swapped"),
        event(EventKind.JUDGED, verdicts=[verdict]),
        event(EventKind.SETTLED, index=0),
        event(EventKind.FINISHED, state="Faulted", code=UPGRADED, message="all bad", outcome={}),
    ]


def test_an_end_told_twice_is_one_entry(ledger: SqlLedger, acquired: Acquired, story: list[Event]) -> None:
    """A finish that is written again, by whoever went on after a crash, puts the version away once (R12)."""
    rollout_id = acquired.view.rollout.rollout_id
    ledger.append(rollout_id, story, lease=acquired.lease)
    ledger.append(rollout_id, story[-1:], lease=acquired.lease)

    (entry,) = ledger.list_quarantined()

    assert (entry.rollout_id, entry.version, entry.reason) == (rollout_id, "1.0.1", "all bad")
    assert ledger.replay() == ()


def test_no_entry_without_its_end(ledger: SqlLedger, acquired: Acquired, story: list[Event]) -> None:
    """Where the end cannot be written there is no entry either: one transaction (R12)."""
    ledger.retake(acquired.view.rollout.rollout_id, owner="run-a", terms=TERMS)

    with pytest.raises(LeaseLostError):
        ledger.append(acquired.view.rollout.rollout_id, story, lease=acquired.lease)

    assert ledger.list_quarantined() == ()


def test_a_release_is_kept(
    shared_url: str, settings: RolloutSettings, wall: WallClock, story: list[Event]
) -> None:
    """Who released it, when and why is read by another process; a second release finds nothing (R12)."""
    ledger = open_ledger(shared_url, wall_clock=wall)
    acquired = ledger.begin(settings, owner="run-a", now=wall(), terms=TERMS)
    ledger.append(acquired.view.rollout.rollout_id, story, lease=acquired.lease)
    (entry,) = ledger.list_quarantined()
    word = Release("on-call", "fixed", wall())

    assert ledger.release_quarantined(entry.image, entry.version, word) == 1
    assert ledger.release_quarantined(entry.image, entry.version, word) == 0
    ledger.close()

    other = open_ledger(shared_url, wall_clock=wall)
    assert [found.release for found in other.list_quarantined()] == [word]
    other.close()
