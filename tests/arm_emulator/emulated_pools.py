"""Worlds with Batch pools to emulate."""

from __future__ import annotations

from typing import Any

from emulated_worlds import SUBSCRIPTION, V1, Json, world

ACCOUNT = "work"
_BATCH = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Batch/batchAccounts"


def account_id(name: str = ACCOUNT) -> str:
    """The id of an account."""
    return f"{_BATCH}/{name}"


def pool_id(name: str = "p1", account: str = ACCOUNT) -> str:
    """The id of a pool."""
    return f"{account_id(account)}/pools/{name}"


def machines_id(name: str = "p1", account: str = ACCOUNT) -> str:
    """The id of the scale set that is a pool's machines."""
    return (
        f"/subscriptions/{SUBSCRIPTION}/resourceGroups/azurebatch-{account}-{name}"
        f"/providers/Microsoft.Compute/virtualMachineScaleSets/{name}-azurebatch-VMSS"
    )


def batch_pool(
    name: str = "p1",
    *,
    account: str = ACCOUNT,
    nodes: int = 10,
    deferral: bool = True,
    automatic: bool = True,
    zonal: bool = False,
    image: Json | None = None,
    rolling: Json | None = None,
    **extras: object,
) -> Json:
    """A pool of a world document."""
    usual = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS", "version": "latest"}
    machine: Json = {"imageReference": image or usual, "nodeAgentSkuId": "batch.node.ubuntu 18.04"}
    if zonal:
        machine["nodePlacementConfiguration"] = {"policy": "Zonal"}
    upgrade: dict[str, Any] = {
        "mode": "automatic",
        "automaticOSUpgradePolicy": {
            "enableAutomaticOSUpgrade": automatic,
            "osRollingUpgradeDeferral": deferral,
            "useRollingUpgradePolicy": rolling is not None,
        },
    }
    if rolling is not None:
        upgrade["rollingUpgradePolicy"] = rolling
    resource: Json = {
        "id": pool_id(name, account),
        "name": name,
        "properties": {
            "vmSize": "STANDARD_D2S_V3",
            "deploymentConfiguration": {"virtualMachineConfiguration": machine},
            "scaleSettings": {"fixedScale": {"targetDedicatedNodes": nodes}},
            "upgradePolicy": upgrade,
        },
    }
    return {"resource": resource, "x-emulator": {"nodes": nodes, "imageVersion": V1, **extras}}


def batch_account(
    *pools: Json, name: str = ACCOUNT, location: str = "westeurope", mode: str = "BatchService"
) -> Json:
    """An account of a world document, with its pools."""
    return {
        "resource": {
            "id": account_id(name),
            "name": name,
            "location": location,
            "properties": {"poolAllocationMode": mode},
        },
        "pools": list(pools),
    }


def user_account(*pools: Json, name: str = ACCOUNT, location: str = "westeurope") -> Json:
    """An account whose pools' machines stand in the user's subscription."""
    return batch_account(*pools, name=name, location=location, mode="UserSubscription")


def batch_world(*accounts: Json, **sections: Any) -> Json:  # noqa: ANN401 - whatever a world document has
    """A world of Batch accounts; one with one pool of ten nodes unless told otherwise."""
    features = {"Microsoft.Compute/RollingUpgradeDeferral": "Registered"}
    return {
        **world(),
        "subscriptions": [{"id": SUBSCRIPTION, "features": features}],
        "scaleSets": [],
        "batchAccounts": list(accounts or (batch_account(batch_pool()),)),
        **sections,
    }
