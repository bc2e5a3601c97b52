"""The scale set behind a pool: Azure's own face of it in a user's subscription, and nowhere else."""

from __future__ import annotations

import json

import pytest
from emulated_nodes import states
from emulated_pools import batch_account, batch_pool, batch_world, machines_id, pool_id, user_account
from emulated_worlds import SUBSCRIPTION, V1, V2, Emulator, Json, Serve, scale_set

COMPUTE = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Compute"
GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/azurebatch-work-p1"


def users(serve: Serve, **options: object) -> Emulator:
    """A pool whose machines stand in the user's subscription."""
    return serve(batch_world(user_account(batch_pool(**options))))  # type: ignore[arg-type] # plain options


def test_scale_set_behind_a_users_pool_is_there_for_all_to_see(serve: Serve) -> None:
    """R54: get and lists show it, tagged with its account and pool, and its instances with their versions and zones."""
    emulator = users(serve, nodes=3, zonal=True)

    got = emulator.arm("GET", machines_id()).json()
    lists = [
        emulator.arm("GET", path).json()["value"]
        for path in (
            f"{COMPUTE}/virtualMachineScaleSets",
            f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets",
            f"{COMPUTE}/locations/westeurope/virtualMachineScaleSets",
        )
    ]
    machines = emulator.arm("GET", f"{machines_id()}/virtualMachines").json()["value"]

    assert got["tags"] == {"BatchAccountName": "work", "PoolName": "p1"}
    assert (got["sku"], got["zones"]) == ({"name": "Standard_D2s_v3", "capacity": 3}, ["1", "2", "3"])
    assert lists == [[got], [got], [got]]
    assert [machine["zones"] for machine in machines] == [["1"], ["2"], ["3"]]
    versions = [m["properties"]["storageProfile"]["imageReference"]["exactVersion"] for m in machines]
    assert versions == [V1, V1, V1]


def test_official_client_reimages_a_machine_of_a_pool(serve: Serve) -> None:
    """R54, R56, C4, O5: Compute's reimage with exactVersion works on a pool's machine; node and record tell of it."""
    emulator = users(serve)
    parts = ("azurebatch-work-p1", "p1-azurebatch-VMSS")
    sets = emulator.compute().virtual_machine_scale_sets

    accepted = sets.begin_reimage(*parts, {"instanceIds": ["3"], "exactVersion": V2}, polling=False)
    emulator.advance(1)
    shown = [
        states(emulator, api_version=version)["tvm-3"] for version in ("2023-05-01.17.0", "2023-11-01.18.0")
    ]
    emulator.advance(300)

    assert accepted is not None
    assert shown == ["rebooting", "upgradingos"]
    told = emulator.admin("GET", "audit")["batchPools"][pool_id()]
    assert (told["swaps"], told["imageVersions"]) == ({"tvm-3": 1}, {V1: 9, V2: 1})
    assert emulator.broken_rules() == []


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        (
            "PUT",
            "",
            {"location": "westeurope", "sku": {"name": "Standard_D2s_v3", "capacity": 1}, "properties": {}},
        ),
        ("PATCH", "", {"sku": {"capacity": 1}}),
        ("POST", "/delete", {"instanceIds": ["0"]}),
    ],
)
def test_model_and_size_of_a_pools_machines_are_the_pools(
    serve: Serve, method: str, path: str, body: Json
) -> None:
    """R54: PUT, PATCH and deletion of a pool's machines past Batch are refused with the pool's id, and change nothing."""
    emulator = users(serve)
    before = emulator.admin("GET", "world")["batchAccounts"]

    refused = emulator.arm(method, f"{machines_id()}{path}", body)

    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "OperationNotAllowed")
    assert pool_id() in refused.json()["error"]["message"]
    assert emulator.admin("GET", "world")["batchAccounts"] == before


def test_upgrade_that_a_person_starts_on_them_leaves_running_nodes_alone(serve: Serve) -> None:
    """R42, R55: osRollingUpgrade of the scale set behind a pool that defers goes around nodes that run tasks."""
    emulator = users(serve, running={"tvm-3": 4000})

    accepted = emulator.arm("POST", f"{machines_id()}/osRollingUpgrade")
    emulator.advance(3999)
    before = emulator.admin("GET", "audit")["batchPools"][pool_id()]["imageVersions"]
    emulator.advance(100)

    told = emulator.admin("GET", "audit")["batchPools"][pool_id()]
    assert (accepted.status_code, before) == (202, {V1: 1, V2: 9})
    assert (told["imageVersions"], told["runningNodesInterrupted"]) == ({V2: 10}, 0)
    assert emulator.broken_rules() == []


def test_machines_of_batch_service_accounts_are_nowhere(serve: Serve) -> None:
    """R54: of a pool in Batch's own subscription ARM shows no scale set, machine, disk, usage, group or operation."""
    account = batch_account(batch_pool(running={"tvm-3": 60}))
    emulator = serve(batch_world(account, scaleSets=[scale_set(capacity=1)]))
    extras = emulator.admin("GET", "world")
    assert len(extras["batchAccounts"][0]["pools"]) == 1
    paths = [
        f"{COMPUTE}/virtualMachineScaleSets",
        f"{COMPUTE}/locations/westeurope/virtualMachineScaleSets",
        f"{COMPUTE}/virtualMachines",
        f"{COMPUTE}/disks",
        f"{COMPUTE}/locations/westeurope/usages",
    ]

    answers = [emulator.arm("GET", path).json()["value"] for path in paths]
    below = [
        emulator.arm("GET", path).status_code
        for path in (
            machines_id(),
            f"{machines_id()}/virtualMachines",
            f"{machines_id()}/virtualMachines/0",
            f"{machines_id()}/instanceView",
            f"{machines_id()}/rollingUpgrades/latest",
            f"{machines_id()}/osUpgradeHistory",
            f"{GROUP}/providers/Microsoft.Compute/virtualMachineScaleSets",
            f"{GROUP}/providers/Microsoft.Compute/disks",
        )
    ]
    reimage = emulator.arm("POST", f"{machines_id()}/reimage", {"instanceIds": ["0"]}).status_code

    assert "azurebatch" not in json.dumps(answers).lower()
    assert [len(answer) for answer in answers[:3]] == [1, 1, 0]
    used = {usage["name"]["value"]: usage["currentValue"] for usage in answers[4]}
    assert (used["cores"], used["virtualMachineScaleSets"], used["virtualMachines"]) == (2, 1, 1)
    assert below == [404] * 8
    assert reimage == 404


def test_user_may_have_a_scale_set_of_that_very_name(serve: Serve) -> None:
    """R54: the machines of Batch's own subscription are in nobody's way."""
    emulator = serve(batch_world())
    body = scale_set(capacity=1)["resource"]

    answer = emulator.arm("PUT", machines_id(), {k: v for k, v in body.items() if k != "id"})

    assert answer.status_code == 201
    assert emulator.admin("GET", "audit")["batchPools"][pool_id()]["nodes"] == 10


def test_usages_count_a_users_pool(serve: Serve) -> None:
    """N16: the vCPUs of a pool in the user's subscription are the user's."""
    emulator = users(serve)

    usages = emulator.arm("GET", f"{COMPUTE}/locations/westeurope/usages").json()["value"]

    used = {usage["name"]["value"]: usage["currentValue"] for usage in usages}
    assert (used["cores"], used["standardDSv3Family"], used["virtualMachines"]) == (20, 20, 10)
