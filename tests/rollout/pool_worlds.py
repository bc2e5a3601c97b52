"""Worlds with Batch pools to roll out in: documents for the emulator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from worlds import IMAGE, NEW, OLD, START, SUBSCRIPTION, TIMINGS, Json

ACCOUNT = "renders"
ACCOUNT_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Batch/batchAccounts/{ACCOUNT}"
)
POOL_ID = f"{ACCOUNT_ID}/pools/frames"
DEFERRAL_FEATURE = "Microsoft.Compute/RollingUpgradeDeferral"
FOR_EVER = -1  # seconds of a task that never ends

BATCH_SERVICE, USER_SUBSCRIPTION = "BatchService", "UserSubscription"


def pool_policy(*, deferral: bool = True, rolling: Mapping[str, Json] | None = None) -> dict[str, Any]:
    """A pool's ``upgradePolicy`` with automatic OS upgrades.

    :param rolling: its own rolling policy, in force (C7); the default one where it has none
    """
    automatic: dict[str, Any] = {"enableAutomaticOSUpgrade": True, "osRollingUpgradeDeferral": deferral}
    if rolling is None:
        return {"mode": "automatic", "automaticOSUpgradePolicy": automatic}
    return {
        "mode": "automatic",
        "automaticOSUpgradePolicy": {**automatic, "useRollingUpgradePolicy": True},
        "rollingUpgradePolicy": dict(rolling),
    }


def batch_pool(
    nodes: int = 10,
    *,
    zonal: bool = False,
    policy: Mapping[str, Json] | None = None,
    pool_id: str = POOL_ID,
    image: Mapping[str, str] | None = None,
    start_task: bool = True,
    properties: Mapping[str, Json] | None = None,
    **extras: Json,
) -> dict[str, Any]:
    """A pool of a world document, every node on ``OLD``.

    :param properties: of the pool beside or instead of those here
    :param extras: what stands under its ``x-emulator``: ``running`` with seconds of work by node, ``unhealthyNodes``
    """
    machine: dict[str, Any] = {
        "imageReference": dict(image or {**IMAGE, "version": "latest"}),
        "nodeAgentSkuId": "batch.node.ubuntu 18.04",
        "nodePlacementConfiguration": {"policy": "Zonal" if zonal else "Regional"},
    }
    body: dict[str, Any] = {
        "vmSize": "STANDARD_D2S_V3",
        "deploymentConfiguration": {"virtualMachineConfiguration": machine},
        "scaleSettings": {"fixedScale": {"targetDedicatedNodes": nodes, "targetLowPriorityNodes": 0}},
        "taskSlotsPerNode": 1,
        "upgradePolicy": dict(policy or pool_policy()),
        **({"startTask": {"commandLine": "./prepare.sh", "waitForSuccess": True}} if start_task else {}),
        **(properties or {}),
    }
    name = pool_id.rpartition("/")[2]
    resource = {
        "id": pool_id,
        "name": name,
        "type": "Microsoft.Batch/batchAccounts/pools",
        "properties": body,
    }
    return {"resource": resource, "x-emulator": {"nodes": nodes, "imageVersion": OLD, **extras}}


def batch_account(
    *pools: dict[str, Any],
    mode: str = BATCH_SERVICE,
    account_id: str = ACCOUNT_ID,
    location: str = "westeurope",
    **extras: Json,
) -> dict[str, Any]:
    """An account of a world document.

    :param mode: ``poolAllocationMode``
    :param extras: what stands under its ``x-emulator``: ``activated``
    """
    name = account_id.rpartition("/")[2]
    resource = {
        "id": account_id,
        "name": name,
        "type": "Microsoft.Batch/batchAccounts",
        "location": location,
        "properties": {"poolAllocationMode": mode, "provisioningState": "Succeeded"},
    }
    return {"resource": resource, "x-emulator": extras, "pools": list(pools)}


def accounts_world(
    *accounts: dict[str, Any],
    features: Mapping[str, str] | None = None,
    versions: Sequence[str] = (OLD, NEW),
    timings: Mapping[str, Json] | None = None,
    behaviours: Sequence[dict[str, Any]] = (),
    faults: Sequence[dict[str, Any]] = (),
    health_seconds: float = 300,
    **rest: Json,
) -> dict[str, Any]:
    """A world of accounts.

    :param features: of the subscription; ``RollingUpgradeDeferral`` is registered unless told otherwise (R59)
    :param rest: of the document
    """
    registered = {DEFERRAL_FEATURE: "Registered"}
    return {
        "now": START,
        "subscriptions": [
            {"id": SUBSCRIPTION, "features": dict(registered if features is None else features)}
        ],
        "platformImages": [
            {**IMAGE, "automaticOSUpgradeSupported": True, "versions": [{"name": name} for name in versions]}
        ],
        "timings": {**TIMINGS, **(timings or {})},
        "imageBehaviours": list(behaviours),
        "referee": {"healthSeconds": health_seconds},
        "faults": list(faults),
        "batchAccounts": list(accounts),
        **rest,
    }


def pool_world(
    nodes: int = 10,
    *,
    mode: str = BATCH_SERVICE,
    zonal: bool = False,
    deferral: bool = True,
    rolling: Mapping[str, Json] | None = None,
    running: Mapping[str, float] | None = None,
    unhealthy: Sequence[str] = (),
    **rest: Json,
) -> dict[str, Any]:
    """One pool in one account, every node on ``OLD`` and idle unless told otherwise.

    :param mode: ``BatchService`` hides the machines, ``UserSubscription`` shows the scale set behind
    :param rolling: the pool's own rolling policy
    :param running: seconds of work that are left by node, :data:`FOR_EVER` for a task that never ends
    :param rest: of :func:`accounts_world`, and under ``extras`` what else stands under the pool's ``x-emulator``
    """
    extras: dict[str, Any] = {"running": dict(running or {}), "unhealthyNodes": list(unhealthy)}
    extras |= rest.pop("extras", {})
    policy = pool_policy(deferral=deferral, rolling=rolling)
    pool = batch_pool(nodes, zonal=zonal, policy=policy, properties=rest.pop("properties", None), **extras)
    return accounts_world(batch_account(pool, mode=mode), **rest)


def working(nodes: Sequence[int] | range, seconds: float) -> dict[str, float]:
    """The same work for each of these nodes: what ``running`` takes."""
    return {f"tvm-{number}": seconds for number in nodes}
