"""The heartbeat of a lease: it renews, it notices loss, it ends with its ``with``."""

from __future__ import annotations

from datetime import timedelta
from threading import Event, Semaphore
from threading import enumerate as running_threads
from typing import TYPE_CHECKING, NoReturn

import pytest
from sqlalchemy.exc import OperationalError

from fleetwright.domain.errors import HeldError, LeaseLostError
from fleetwright.domain.records import RolloutSettings
from fleetwright.ledger.heartbeat import LeaseHeartbeat
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.ports.leases import LeaseTerms
from fleetwright.rollout.ports.ledger import Acquired

if TYPE_CHECKING:
    from tests.ledger.conftest import WallClock

TERMS = LeaseTerms(timedelta(seconds=30))
PATIENCE = 30.0  # how long a broken thread may keep a test; a working one takes milliseconds


class Beats:
    """Stands in for waiting: the thread beats once for each call of ``beat``, which returns after it."""

    def __init__(self) -> None:
        self._asked = Semaphore(0)
        self._idle = Semaphore(0)
        self._waited: list[float] = []

    def pause(self, ended: Event, seconds: float) -> bool:
        """What the thread calls instead of waiting."""
        self._waited.append(seconds)
        self._idle.release()
        while not self._asked.acquire(timeout=0.001):
            if ended.is_set():
                return True
        return False

    def beat(self) -> None:
        """Let the thread beat once; return when it waits again."""
        assert self._idle.acquire(timeout=PATIENCE)
        self._asked.release()
        assert self._idle.acquire(timeout=PATIENCE)
        self._idle.release()

    @property
    def waited(self) -> list[float]:
        """The seconds of each wait."""
        return self._waited


@pytest.fixture
def acquired(ledger: SqlLedger, settings: RolloutSettings, wall: WallClock) -> Acquired:
    """A rollout that has just begun."""
    return ledger.begin(settings, owner="run-a", now=wall(), terms=TERMS)


def test_beating_lease_outlives_its_expiry(
    ledger: SqlLedger, acquired: Acquired, settings: RolloutSettings, wall: WallClock
) -> None:
    """With a beat every ten seconds a lease of thirty holds for as long as one likes."""
    beats = Beats()
    with LeaseHeartbeat(ledger, acquired.lease, pause=beats.pause) as heartbeat:
        for _ in range(9):
            wall.advance(10)
            beats.beat()
        with pytest.raises(HeldError):
            ledger.begin(settings, owner="run-b", now=wall(), terms=TERMS)
        heartbeat.raise_if_lost()
        assert not heartbeat.lost.is_set()
    assert set(beats.waited) == {10.0}


def test_loss_is_noticed_and_kept(
    ledger: SqlLedger, acquired: Acquired, settings: RolloutSettings, wall: WallClock
) -> None:
    """A beat that finds another owner sets ``lost``, and the rollout's own thread is told who has the fleet."""
    ticks = iter([False])
    wall.advance(30)
    ledger.begin(settings, owner="run-b", now=wall(), terms=TERMS)
    with LeaseHeartbeat(ledger, acquired.lease, pause=lambda *_: next(ticks)) as heartbeat:
        assert heartbeat.lost.wait(PATIENCE)
        with pytest.raises(LeaseLostError, match="'run-b' holds the fleet"):
            heartbeat.raise_if_lost()


def test_thread_ends_with_the_block(ledger: SqlLedger, acquired: Acquired) -> None:
    """No thread is left behind, whatever ended the block."""
    with pytest.raises(ZeroDivisionError), LeaseHeartbeat(ledger, acquired.lease):
        raise ZeroDivisionError
    assert not [thread for thread in running_threads() if thread.name.startswith("heartbeat of")]


def test_ledger_that_is_busy_is_not_a_lost_lease(
    ledger: SqlLedger, acquired: Acquired, wall: WallClock, caplog: pytest.LogCaptureFixture
) -> None:
    """A beat that cannot be written is logged and tried again: only another owner takes the lease away."""
    beats = Beats()
    moved = ledger._database._writer
    with LeaseHeartbeat(ledger, acquired.lease, pause=beats.pause) as heartbeat:
        ledger._database._writer = BrokenEngine()
        beats.beat()
        ledger._database._writer = moved
        wall.advance(10)
        beats.beat()
        assert not heartbeat.lost.is_set()
    assert "was not renewed" in caplog.text
    (lock,) = ledger.list_locks()
    assert lock.heartbeat_at == wall()


class BrokenEngine:
    """An engine whose database is away."""

    def begin(self) -> NoReturn:
        """Raise what SQLAlchemy raises."""
        raise OperationalError("BEGIN", {}, Exception("database is locked"))
