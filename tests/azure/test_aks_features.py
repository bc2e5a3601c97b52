"""Preview features against the emulator: three kinds of calls, in one order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from aks_bodies import the_cluster
from azure_doubles import SUBSCRIPTION, TOKEN, Reply, ScriptedServer, VirtualClock, unguarded
from test_against_emulator import EmulatorClock

from arm_emulator.server_thread import EmulatorServer
from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.domain.errors import LeaseLostError
from fleetwright.rollout.provider_errors import OperationFailedError

FEATURE = "Microsoft.ContainerService/NodeOsUpgradeChannelPreview"
PATH = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features/providers/Microsoft.ContainerService"
    "/features/NodeOsUpgradeChannelPreview"
)
PROVIDER = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ContainerService/register"


@pytest.fixture
def emulator() -> Iterator[EmulatorServer]:
    """A subscription in which nobody has asked for the feature."""
    with EmulatorServer({"subscriptions": [{"id": SUBSCRIPTION}]}, clock="manual") as server:
        yield server


def _calls(server: EmulatorServer) -> list[dict[str, Any]]:
    calls = requests.get(f"{server.url}/_emulator/requests", timeout=10).json()["log"]
    return [call for call in calls if call["path"].startswith("/subscriptions/")]


@pytest.mark.parametrize("name", [FEATURE, "NodeOsUpgradeChannelPreview"])
def test_features_are_registered_by_three_calls_in_order(emulator: EmulatorServer, name: str) -> None:
    """R63: register, look until it is Registered, and only then register the resource provider anew."""
    clock = EmulatorClock(emulator.url)
    client = connect(AzureEndpoint(emulator.url, StaticToken(TOKEN)), clock)

    AksDriver(client).register_features(the_cluster(), [name], unguarded, clock)
    client.close()

    calls = [f"{call['method']} {call['path']}" for call in _calls(emulator)]
    looks = calls[1:-1]
    assert (calls[0], calls[-1]) == (f"POST {PATH}/register", f"POST {PROVIDER}")
    assert looks == [f"GET {PATH}"] * len(looks)
    assert len(looks) > 1


def test_the_guard_is_asked_before_each_change(server: ScriptedServer, client: ArmClient) -> None:
    """R63: both POSTs are guarded; a cluster that was lost meanwhile has its provider left as it is."""
    registered = Reply(body={"properties": {"state": "Registered"}})
    server.script(registered)
    asked: list[str] = []

    def guard() -> None:
        asked.append("asked")
        if len(asked) == 2:
            raise LeaseLostError("another run has the cluster")

    with pytest.raises(LeaseLostError):
        AksDriver(client).register_features(the_cluster(), [FEATURE], guard, client.clock)

    assert [seen.method for seen in server.seen] == ["POST", "GET"]


def test_a_feature_that_waits_for_approval_has_an_end(
    server: ScriptedServer, client: ArmClient, clock: VirtualClock
) -> None:
    """R63: a feature that is still Pending after half an hour is named with its state, and the provider is left as it is."""
    server.script(Reply(body={"properties": {"state": "Pending"}}))

    with pytest.raises(
        OperationFailedError, match=r"NodeOsUpgradeChannelPreview .* is Pending after 30 minutes"
    ):
        AksDriver(client).register_features(the_cluster(), [FEATURE], unguarded, clock)

    assert clock.passed == timedelta(minutes=30)
    assert [seen.method for seen in server.seen].count("POST") == 1
