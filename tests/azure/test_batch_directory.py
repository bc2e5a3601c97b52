"""What pools there are: accounts of a subscription and the pools of each, over HTTP."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import urlsplit

import pytest
from arm_bodies import scale_set
from azure_doubles import SUBSCRIPTION, Reply, ScriptedServer, Seen, arm_error_body
from batch_bodies import ACCOUNT_ID, POOL_ID, account, pool

from fleetwright.azure.client import ArmClient
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.domain.errors import ProviderError

ACCOUNTS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Batch/batchAccounts"
SETS = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute/virtualMachineScaleSets"
FEATURE = (
    f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Features/providers/Microsoft.Compute"
    "/features/RollingUpgradeDeferral"
)


class Estate:
    """Answers each path as it is told, and an empty list where it is not."""

    def __init__(self, server: ScriptedServer, answers: dict[str, Reply]) -> None:
        self.calls: list[str] = []
        self._answers = answers
        server.script(self._answer)

    def _answer(self, seen: Seen) -> Reply:
        path = urlsplit(seen.target).path
        self.calls.append(path)
        return self._answers.get(path, listed())


def listed(*bodies: dict[str, Any]) -> Reply:
    """A page."""
    return Reply(body={"value": list(bodies)})


def named(name: str, **properties: object) -> dict[str, Any]:
    """A pool of another name."""
    return pool(**properties) | {"id": f"{ACCOUNT_ID}/pools/{name}", "name": name}


def test_an_account_costs_one_list(server: ScriptedServer, client: ArmClient) -> None:
    """R54: one list of accounts, one of the pools of each, and the feature once for the whole subscription (R59)."""
    estate = Estate(
        server,
        {
            ACCOUNTS: listed(account("UserSubscription")),
            f"{ACCOUNT_ID}/pools": listed(*(named(f"p{number}") for number in range(20))),
            FEATURE: Reply(body={"properties": {"state": "Registering"}}),
        },
    )

    fleets = AzureFleetDirectory(client, SUBSCRIPTION).list_fleets()

    assert [fleet.name for fleet in fleets] == [f"p{number}" for number in range(20)]
    assert {fleet.pool.deferral_feature for fleet in fleets if fleet.pool} == {"Registering"}
    assert {fleet.location for fleet in fleets} == {"westeurope"}
    assert estate.calls == [SETS, ACCOUNTS, f"{ACCOUNT_ID}/pools", FEATURE]


@pytest.mark.parametrize(
    "refusal",
    [
        Reply(404, arm_error_body("InvalidResourceType")),
        Reply(409, arm_error_body("MissingSubscriptionRegistration")),
    ],
)
def test_a_subscription_without_batch_has_no_pools(
    server: ScriptedServer, client: ArmClient, refusal: Reply
) -> None:
    """R54: whoever does not use Batch has its scale sets listed as before."""
    Estate(server, {SETS: listed(scale_set()), ACCOUNTS: refusal})

    (fleet,) = AzureFleetDirectory(client, SUBSCRIPTION).list_fleets()

    assert fleet.name == "web"


@pytest.mark.parametrize("path", [ACCOUNTS, f"{ACCOUNT_ID}/pools"])
@pytest.mark.parametrize(
    "refusal", [Reply(403, arm_error_body("AuthorizationFailed")), Reply(409, arm_error_body("Conflict"))]
)
def test_a_list_that_is_refused_is_an_error(
    server: ScriptedServer, client: ArmClient, path: str, refusal: Reply
) -> None:
    """R54: an error while asking is no empty list: nobody plans over half of what there is."""
    Estate(server, {ACCOUNTS: listed(account()), path: refusal})

    with pytest.raises(ProviderError):
        AzureFleetDirectory(client, SUBSCRIPTION).list_fleets()


def test_what_cannot_be_understood_is_left_out_and_named(
    server: ScriptedServer, client: ArmClient, caplog: pytest.LogCaptureFixture
) -> None:
    """R61: a broken account or pool keeps no other from being listed."""
    broken = named("broken", upgradePolicy={"rollingUpgradePolicy": {"pauseTimeBetweenBatches": "a while"}})
    strange = account() | {"id": "/subscriptions/nobody"}
    Estate(server, {ACCOUNTS: listed(strange, account()), f"{ACCOUNT_ID}/pools": listed(broken, pool())})

    with caplog.at_level(logging.WARNING):
        fleets = AzureFleetDirectory(client, SUBSCRIPTION).list_fleets()

    assert [fleet.fleet_id.resource_id for fleet in fleets] == [POOL_ID]
    told = [record.getMessage() for record in caplog.records]
    assert "a Batch account is left out: its id is '/subscriptions/nobody'" in told
    assert any(
        "a Batch pool is left out: upgradePolicy of" in line and "pools/broken" in line for line in told
    )


def test_a_scale_set_of_a_pool_is_no_fleet_of_its_own(server: ScriptedServer, client: ArmClient) -> None:
    """R54: Batch marks what it allocates by its tags; such a set is upgraded as its pool."""
    tags = {"BatchAccountName": "renders", "PoolName": "frames"}
    behind = scale_set() | {"tags": tags}
    Estate(server, {SETS: listed(behind), ACCOUNTS: listed(account()), f"{ACCOUNT_ID}/pools": listed(pool())})

    (fleet,) = AzureFleetDirectory(client, SUBSCRIPTION).list_fleets()

    assert fleet.fleet_id.resource_id == POOL_ID
