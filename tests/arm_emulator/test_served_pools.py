"""Pools that are created and deleted on the data plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from azure.batch import models
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from emulated_nodes import batch_client, data_plane, states
from emulated_pools import batch_account, batch_pool, batch_world, pool_id
from emulated_worlds import V2

if TYPE_CHECKING:
    from emulated_worlds import Json, Serve

IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS", "version": "latest"}


def _options(**more: object) -> models.BatchPoolCreateOptions:
    machine = models.VirtualMachineConfiguration(
        image_reference=models.BatchVmImageReference(IMAGE),
        node_agent_sku_id="batch.node.ubuntu 18.04",
        node_placement_configuration=models.BatchNodePlacementConfiguration(policy="zonal"),
    )
    usual = {"id": "fresh", "vm_size": "Standard_D2s_v3", "virtual_machine_configuration": machine}
    return models.BatchPoolCreateOptions(**{**usual, "target_dedicated_nodes": 2, **more})


def test_official_client_creates_and_deletes_a_pool(serve: Serve) -> None:
    """R61: a pool of the data plane's spelling is a pool like any other: with nodes that come up, a policy, and an end."""
    emulator = serve(batch_world(batch_account(batch_pool())))
    client = batch_client(emulator)
    automatic = models.AutomaticOsUpgradePolicy(
        enable_automatic_os_upgrade=True, os_rolling_upgrade_deferral=True
    )
    policy = models.UpgradePolicy(mode="automatic", automatic_os_upgrade_policy=automatic)

    client.create_pool(_options(upgrade_policy=policy))
    emulator.advance(300)

    shown = emulator.arm("GET", pool_id("fresh"), api_version="2024-02-01").json()["properties"]
    machine = shown["deploymentConfiguration"]["virtualMachineConfiguration"]
    node = client.get_node("fresh", "tvm-0")
    assert states(emulator, pool="fresh") == {"tvm-0": "idle", "tvm-1": "idle"}
    assert machine["imageReference"] == IMAGE
    assert machine["nodePlacementConfiguration"] == {"policy": "Zonal"}
    assert shown["upgradePolicy"]["automaticOSUpgradePolicy"]["osRollingUpgradeDeferral"] is True
    assert node.virtual_machine_info is not None
    assert node.virtual_machine_info.image_reference is not None
    assert node.virtual_machine_info.image_reference.exact_version == V2

    with pytest.raises(ResourceExistsError):
        client.create_pool(_options())
    assert data_plane(emulator, "DELETE", "/pools/fresh").status_code == 202
    with pytest.raises(ResourceNotFoundError):
        client.get_pool("fresh")


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"vmSize": "Standard_D2s_v3"}, "id"),
        ({"id": "fresh"}, "vmSize"),
        (
            {"id": "fresh", "vmSize": "Standard_D2s_v3", "virtualMachineConfiguration": "none"},
            "virtualMachine",
        ),
        ({"id": "fresh", "vmSize": "Standard_D2s_v3", "upgradePolicy": {}}, "virtualMachineConfiguration"),
    ],
)
def test_pool_that_cannot_be_is_refused_in_the_data_planes_words(
    serve: Serve, body: Json, named: str
) -> None:
    """R61: what the management plane refuses is refused here, without an ``error`` around it, and there is no pool."""
    emulator = serve(batch_world(batch_account(batch_pool())))

    answer = data_plane(emulator, "POST", "/pools", body)

    assert answer.status_code == 400
    assert named in str(answer.json()["values"])
    assert [pool["id"] for pool in data_plane(emulator, "GET", "/pools").json()["value"]] == ["p1"]
