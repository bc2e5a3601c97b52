"""A real Airflow in this process, an emulator, and the connection between them."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(
    0, str(Path(__file__).parent)
)  # test folders are no packages; what they share stands beside them

import airflow_home
from airflow_runs import Ran, run_dag
from small_worlds import Emulated

if TYPE_CHECKING:
    from phase_scene import PhaseScene

from arm_emulator.server_thread import EmulatorServer

airflow_home.prepare()

TOKEN = "a-token-that-nobody-may-read"
CONNECTION = "AIRFLOW_CONN_AZURE_RM_DEFAULT"


@pytest.fixture(scope="session")
def airflow_database() -> Iterator[None]:
    """Airflow's database, made once."""
    from airflow.utils.db import initdb

    initdb()
    yield
    # At exit Airflow closes an asynchronous engine outside of any loop, and SQLAlchemy complains at length.
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL + 1)


@pytest.fixture(scope="session")
def emulator_url() -> Iterator[str]:
    """One emulator for all tests of the folder; each test loads its own world."""
    from small_worlds import world

    with EmulatorServer(world(), clock="real") as server:
        yield server.url


@pytest.fixture
def ledger_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty ledger, named by the environment."""
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    monkeypatch.setenv("FLEETWRIGHT_LEDGER_URL", url)
    return url


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Set the connection ``azure_rm_default``."""

    def make(host: str | None, *, conn_type: str = "azure_rm", **fields: object) -> None:
        monkeypatch.setenv(CONNECTION, json.dumps({"conn_type": conn_type, "host": host, **fields}))

    return make


@pytest.fixture
def emulator(emulator_url: str, connect: Callable[..., None]) -> Emulated:
    """The emulator, and a connection that leads to it."""
    connect(emulator_url, extra={"token": TOKEN})
    return Emulated(emulator_url)


@pytest.fixture
def roll_out(airflow_database: None, ledger_url: str) -> Callable[..., Ran]:
    """Run the DAG in this process against whatever the connection leads to; quick polls unless told otherwise."""

    def run(fleet: str, after: Mapping[str, Callable[[], None]] | None = None, **conf: object) -> Ran:
        quick = {"poll_seconds": 0.1, "health_timeout_seconds": 2}
        return run_dag(after, **{"fleet": fleet, **quick, **conf})

    return run


@pytest.fixture
def scene(
    airflow_database: None, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., PhaseScene]:
    """Lay down a phases file, and run phases by it; see ``phases_text`` for what may be said."""
    from phase_scene import PhaseScene, phases_text

    def make(**more: str) -> PhaseScene:
        file = tmp_path / "phases.yaml"
        file.write_text(phases_text(**more))
        monkeypatch.setenv("FLEETWRIGHT_PHASES", str(file))
        return PhaseScene()

    return make
