"""Ledgers on every database that is at hand, a wall clock that stands still, and the events of a rollout.

PostgreSQL takes part when ``FLEETWRIGHT_TEST_POSTGRESQL`` holds the URL of a database that may be emptied.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from fleetwright.domain.events import Event, EventKind
from fleetwright.domain.records import RolloutSettings
from fleetwright.ledger.engine import create_ledger_engine
from fleetwright.ledger.store import SqlLedger, open_ledger

POSTGRESQL = os.environ.get("FLEETWRIGHT_TEST_POSTGRESQL", "")
START = datetime(2024, 6, 1, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"


class WallClock:
    """Wall time that moves only when a test says so."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def wall() -> WallClock:
    """The wall clock of every ledger in a test."""
    return WallClock()


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    """A ledger file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'ledger.db'}"


@pytest.fixture(params=["memory", "file", *(["postgresql"] if POSTGRESQL else [])])
def url(request: pytest.FixtureRequest, file_url: str) -> str:
    """A new ledger's URL, on each database that is at hand."""
    if request.param == "postgresql":
        empty_postgresql()
    return {"memory": "sqlite://", "file": file_url, "postgresql": POSTGRESQL}[request.param]


@pytest.fixture(params=["file", *(["postgresql"] if POSTGRESQL else [])])
def shared_url(request: pytest.FixtureRequest, file_url: str) -> str:
    """A new ledger's URL that several processes can open."""
    if request.param == "postgresql":
        empty_postgresql()
    return {"file": file_url, "postgresql": POSTGRESQL}[request.param]


@pytest.fixture
def ledger(url: str, wall: WallClock) -> Iterator[SqlLedger]:
    """An open, empty ledger."""
    opened = open_ledger(url, wall_clock=wall)
    yield opened
    opened.close()


@pytest.fixture
def fleet_id() -> Callable[[str], str]:
    """A scale set's id, from its name."""
    return lambda name: (
        f"{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
    )


@pytest.fixture
def settings(fleet_id: Callable[[str], str]) -> RolloutSettings:
    """What a rollout of the fleet ``Web`` was asked to do."""
    return RolloutSettings(fleet_id("Web"), "1.0.1", image={"publisher": "Canonical"}, location="westeurope")


@pytest.fixture
def intend() -> Callable[..., Event]:
    """The event of a batch that is about to be swapped."""

    def make(index: int, instance_ids: list[str], at: datetime = START) -> Event:
        swaps = [
            {
                "instance_id": instance_id,
                "old_version": "1.0.0",
                "old_disk_id": f"disk-{instance_id}",
                "new_version": "1.0.1",
                "zone": "1",
                "update_domain": 0,
                "reason": "not on 1.0.1",
                "data_disk_ids": [f"data-{instance_id}"],
            }
            for instance_id in instance_ids
        ]
        payload = {"index": index, "zone": "1", "update_domain": 0, "reason": "zone 1", "swaps": swaps}
        return Event(EventKind.INTENDED, at, payload)

    return make


def empty_postgresql() -> None:
    """Leave nothing of an earlier test behind."""
    with create_ledger_engine(POSTGRESQL).begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
