"""The demo's Airflow lets everyone in as admin: nobody outside of the machine may reach any part of it."""

from __future__ import annotations

import psutil
import pytest
from staged import Staged

pytestmark = pytest.mark.airflow


def test_every_process_listens_on_this_machine_only(staged: Staged) -> None:
    """Of all processes of the stage none listens on an address but 127.0.0.1, and both ports are among them."""
    heard = {
        connection.laddr
        for process in staged.processes()
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }

    assert {address.ip for address in heard} == {"127.0.0.1"}
    ports = staged.stage.ports
    assert {ports.airflow, ports.emulator} <= {address.port for address in heard}


def test_the_stage_has_every_component(staged: Staged) -> None:
    """Scheduler, triggerer and DAG processor say of themselves that they are healthy."""
    health = staged.api.health()

    assert {name: health[name]["status"] for name in ("scheduler", "triggerer", "dag_processor")} == {
        "scheduler": "healthy",
        "triggerer": "healthy",
        "dag_processor": "healthy",
    }
