"""A pool's resource in Batch's own spelling, and completed as Batch does (C5).

Clients and world documents may write property names and enums in either case, and ``nodeAgentSKUId`` as the data plane
spells it.
"""

from __future__ import annotations

import copy
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from arm_emulator.compute.model import JsonObject

MODES = ("automatic", "manual", "rolling")
PLACEMENTS = ("Regional", "Zonal")
TIMES = ("creationTime", "lastModified", "provisioningStateTransitionTime", "allocationStateTransitionTime")

_Names = dict[str, Any]
_IMAGE: _Names = dict.fromkeys(("publisher", "offer", "sku", "version", "id"), None)
_MACHINES: _Names = {
    "imageReference": _IMAGE,
    "nodeAgentSkuId": None,
    "windowsConfiguration": {"enableAutomaticUpdates": None},
    "nodePlacementConfiguration": {"policy": None},
}
_POLICY: _Names = {
    "mode": None,
    "automaticOSUpgradePolicy": dict.fromkeys(
        (
            "disableAutomaticRollback",
            "enableAutomaticOSUpgrade",
            "useRollingUpgradePolicy",
            "osRollingUpgradeDeferral",
        )
    ),
    "rollingUpgradePolicy": dict.fromkeys(
        (
            "enableCrossZoneUpgrade",
            "maxBatchInstancePercent",
            "maxUnhealthyInstancePercent",
            "maxUnhealthyUpgradedInstancePercent",
            "pauseTimeBetweenBatches",
            "prioritizeUnhealthyInstances",
            "rollbackFailedInstancesOnPolicyBreach",
        )
    ),
}
_FIXED = ("targetDedicatedNodes", "targetLowPriorityNodes", "resizeTimeout", "nodeDeallocationOption")
_PROPERTIES: _Names = {
    "vmSize": None,
    "displayName": None,
    "metadata": None,
    "startTask": None,
    "taskSlotsPerNode": None,
    "deploymentConfiguration": {"virtualMachineConfiguration": _MACHINES, "cloudServiceConfiguration": None},
    "scaleSettings": {
        "fixedScale": dict.fromkeys(_FIXED),
        "autoScale": dict.fromkeys(("formula", "evaluationInterval")),
    },
    "upgradePolicy": _POLICY,
}
_DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "provisioningState": "Succeeded",
        "interNodeCommunication": "Disabled",
        "taskSlotsPerNode": 1,
        "taskSchedulingPolicy": {"nodeFillType": "Spread"},
    }
)


def spelled(resource: Mapping[str, Any]) -> JsonObject:
    """A copy in Batch's own spelling: names as published, ``vmSize`` in upper case, ``mode`` in lower case."""
    result = copy.deepcopy(dict(resource))
    properties = _named(result.get("properties"), _PROPERTIES)
    if not isinstance(properties, dict):
        return result
    result["properties"] = properties
    _respell(properties, "vmSize", lambda text: text.upper())
    _respell(properties.get("upgradePolicy"), "mode", lambda text: _known(text, MODES))
    deployment = properties.get("deploymentConfiguration")
    machines = deployment.get("virtualMachineConfiguration") if isinstance(deployment, dict) else None
    placement = machines.get("nodePlacementConfiguration") if isinstance(machines, dict) else None
    _respell(placement, "policy", lambda text: _known(text, PLACEMENTS))
    return result


def complete_pool(resource: JsonObject, now: datetime) -> None:
    """Fill in what Batch fills in; what was given stays."""
    properties = resource.setdefault("properties", {})
    for name, value in _DEFAULTS.items():
        properties.setdefault(name, copy.deepcopy(value))
    for name in TIMES:
        properties.setdefault(name, admin_instant(now))


def _named(value: object, names: _Names | None) -> Any:  # noqa: ANN401 - JSON of any shape
    if not isinstance(value, dict) or names is None:
        return value
    published: dict[str, str] = {name.lower(): name for name in names}
    renamed = {published.get(str(key).lower(), str(key)): inner for key, inner in value.items()}
    return {name: _named(inner, names.get(name)) for name, inner in renamed.items()}


def _known(text: str, words: tuple[str, ...]) -> str:
    """A word as it is published; one that is none stays as it was written."""
    return next((word for word in words if word.lower() == text.lower()), text)


def _respell(holder: object, name: str, spelling: Any) -> None:  # noqa: ANN401 - a function of text
    if isinstance(holder, dict) and isinstance(holder.get(name), str):
        holder[name] = spelling(holder[name])
