"""The Test button as Airflow's UI presses it: its API server asks our hook, through a connection of its own."""

from __future__ import annotations

from typing import Any

import pytest
from staged import Staged

from fleetwright_demo.stage import CONNECTION_ID, TOKEN

pytestmark = pytest.mark.airflow


def press(staged: Staged, **fields: object) -> dict[str, Any]:
    """Press it with what the form shows."""
    body = {"connection_id": CONNECTION_ID, "conn_type": "azure_rm", **fields}
    answer = staged.api._request("POST", "/api/v2/connections/test", body)
    assert answer.status_code == 200, answer.text
    assert TOKEN not in answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_the_stored_connection_is_good(staged: Staged) -> None:
    """The stage's own connection, whose token the UI never sees, reaches the emulator (O2)."""
    url = staged.stage.ports.emulator_url

    told = press(staged, host=url)

    assert told["status"] is True, told
    assert told["message"].startswith(f"reached {url} with a static token: ")


def test_a_form_that_cannot_be_is_told(staged: Staged) -> None:
    """Contradicting fields come back as one line beside the button (O2)."""
    told = press(staged, host=staged.stage.ports.emulator_url, login="client", extra='{"token": "a-word"}')

    assert told["status"] is False
    assert "credential token does not go with client ID" in told["message"]
