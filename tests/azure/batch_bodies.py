"""Batch accounts, pools and nodes as Azure writes them, with what a test asks for changed."""

from __future__ import annotations

from typing import Any

from azure_doubles import SUBSCRIPTION

OLD, NEW = "18.04.202401010", "18.04.202402010"
ACCOUNT_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Batch/batchAccounts/renders"
)
POOL_ID = f"{ACCOUNT_ID}/pools/frames"
BEHIND = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/azurebatch-renders"
    "/providers/Microsoft.Compute/virtualMachineScaleSets/frames-VMSS"
)
IMAGE = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS", "version": "latest"}
DEFERRED = {
    "mode": "automatic",
    "automaticOSUpgradePolicy": {"enableAutomaticOSUpgrade": True, "osRollingUpgradeDeferral": True},
}


def account(mode: str = "BatchService", **properties: object) -> dict[str, Any]:
    """An account."""
    return {
        "id": ACCOUNT_ID,
        "name": "renders",
        "type": "Microsoft.Batch/batchAccounts",
        "location": "West Europe",
        "properties": {"poolAllocationMode": mode, **properties},
    }


def pool(*, machine: dict[str, Any] | None = None, nodes: int = 6, **properties: object) -> dict[str, Any]:
    """A pool.

    :param machine: what its ``virtualMachineConfiguration`` has beside the image
    """
    configuration = {"imageReference": IMAGE, "nodeAgentSkuId": "batch.node.ubuntu 18.04", **(machine or {})}
    return {
        "id": POOL_ID,
        "name": "frames",
        "type": "Microsoft.Batch/batchAccounts/pools",
        "properties": {
            "vmSize": "STANDARD_D2S_V3",
            "deploymentConfiguration": {"virtualMachineConfiguration": configuration},
            "scaleSettings": {"fixedScale": {"targetDedicatedNodes": nodes}},
            "upgradePolicy": DEFERRED,
            **properties,
        },
    }


def node(name: str = "tvm-1", state: str = "idle", **more: object) -> dict[str, Any]:
    """A node."""
    return {
        "id": name,
        "state": state,
        "schedulingState": "enabled",
        "lastBootTime": "2024-06-01T00:00:00.1234567Z",
        "runningTasksCount": 0,
        "virtualMachineInfo": {"imageReference": {**IMAGE, "exactVersion": OLD}},
        **more,
    }


def task(job: str, name: str, state: str = "running", since: str = "2024-06-01T00:05:00Z") -> dict[str, Any]:
    """One of a node's ``recentTasks``."""
    return {"jobId": job, "taskId": name, "taskState": state, "executionInfo": {"startTime": since}}


def world(
    mode: str = "BatchService",
    *,
    feature: str = "Registered",
    platform_upgrades: bool = False,
    **changes: object,
) -> dict[str, Any]:
    """A world of one account with one pool of six nodes; two versions of their image.

    :param platform_upgrades: Azure upgrades by itself
    """
    body = pool(machine={"nodePlacementConfiguration": {"policy": "Zonal"}}, **changes)
    extras = {"imageVersion": OLD, "running": {"tvm-1": 60, "tvm-2": -1}}
    registered = {"Microsoft.Compute/RollingUpgradeDeferral": feature}
    versions = [{"name": NEW}, {"name": OLD}]
    image = {**IMAGE, "locations": ["westeurope"], "versions": versions}
    del image["version"]
    return {
        "subscriptions": [{"id": SUBSCRIPTION, "features": registered}],
        "platformImages": [image],
        "platformUpgrades": platform_upgrades,
        "timings": {"swap": 20, "boot": 10, "extension": 5, "health": 5},
        "batchAccounts": [
            {
                "resource": account(mode) | {"location": "westeurope"},
                "pools": [{"resource": body, "x-emulator": extras}],
            }
        ],
    }
