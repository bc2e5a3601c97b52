"""What every test of the Azure half starts from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetwright.azure import budget
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.domain.fleets import Fleet, parse_fleet_id
from fleetwright.domain.images import ImageReference

sys.path.insert(
    0, str(Path(__file__).parent)
)  # test folders are no packages; the doubles stand beside the tests

from azure_doubles import FLEET_ID, TOKEN, ScriptedServer, VirtualClock


@pytest.fixture
def clock() -> VirtualClock:
    """A clock at 2024-06-01T00:00:00Z."""
    return VirtualClock()


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that answers as it is told."""
    server = ScriptedServer()
    yield server
    server.stop()


@pytest.fixture
def client(server: ScriptedServer, clock: VirtualClock) -> Iterator[ArmClient]:
    """A client of that server."""
    client = connect(AzureEndpoint(server.url, StaticToken(TOKEN)), clock)
    yield client
    client.close()


@pytest.fixture(autouse=True)
def fresh_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test pays for another one's requests."""
    monkeypatch.setattr(budget, "_budgets", {})


@pytest.fixture
def fleet() -> Fleet:
    """A scale set of 15 in three zones."""
    return Fleet(
        fleet_id=parse_fleet_id(FLEET_ID),
        location="westeurope",
        capacity=15,
        image=ImageReference("Canonical", "UbuntuServer", "18.04-LTS", "latest"),
        zones=("1", "2", "3"),
    )
