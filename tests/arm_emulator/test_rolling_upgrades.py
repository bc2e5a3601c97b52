"""rollingUpgrades/latest and osUpgradeHistory."""

from __future__ import annotations

import pytest
from azure.core.exceptions import HttpResponseError
from emulated_worlds import (
    Serve,
    scale_set,
    scale_set_id,
    world,
)


def test_rolling_upgrade_is_somebody_elses_or_none(serve: Serve) -> None:
    """Without a rolling upgrade ``rollingUpgrades/latest`` is 404; the world may have one that is running (O4)."""
    emulator = serve()
    client = emulator.compute().virtual_machine_scale_set_rolling_upgrades
    with pytest.raises(HttpResponseError) as missing:
        client.get_latest("rg", "web")

    emulator.admin(
        "POST", "rollingUpgrades", {"id": scale_set_id(), "rollingUpgrade": {"code": "RollingForward"}}
    )
    latest = client.get_latest("rg", "web")

    assert missing.value.status_code == 404
    assert latest.running_status.code == "RollingForward"
    assert latest.progress.pending_instance_count == 15


def test_rolling_upgrade_of_the_world_document(serve: Serve) -> None:
    """``rollingUpgrade`` under x-emulator says what rollingUpgrades/latest shows."""
    said = {
        "code": "Faulted",
        "startTime": "2024-05-31T00:00:00Z",
        "error": {"code": "InternalExecutionError"},
    }
    emulator = serve(world(scale_set(rollingUpgrade=said)))

    properties = emulator.arm("GET", f"{scale_set_id()}/rollingUpgrades/latest").json()["properties"]

    assert properties["runningStatus"]["startTime"] == "2024-05-31T00:00:00.0000000+00:00"
    assert properties["error"] == {"code": "InternalExecutionError"}


def test_os_upgrade_history_is_empty(serve: Serve) -> None:
    """The platform upgrades nothing here, so its history has no entries."""
    history = serve().compute().virtual_machine_scale_sets.get_os_upgrade_history("rg", "web")

    assert list(history) == []
