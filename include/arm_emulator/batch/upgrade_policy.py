"""``upgradePolicy`` of a pool: its shape, and the rules between its fields and the rest of the pool.

The shape holds everywhere. What the fields ask of each other only calls are refused for: a world file may have a pool
that breaks it, so that whoever rolls out can meet one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from arm_emulator.batch.machines import IMAGE_IDS, is_zonal, virtual_machines
from arm_emulator.compute.policy import Problem, policy_problems

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.compute.model import JsonObject

_MODES = frozenset({"automatic", "manual", "rolling"})
_ROLLING = "rollingUpgradePolicy"
_MANAGED_IMAGE = re.compile(r"/providers/microsoft\.compute/images/[^/]+/?", re.IGNORECASE)
_FLAG = "automaticOSUpgradePolicy.enableAutomaticOSUpgrade"


def shape_problems(policy: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that no ``upgradePolicy`` can have: types, ranges, durations, words."""
    mode = policy.get("mode")
    if mode is not None and str(mode).lower() not in _MODES:
        yield Problem("mode", f"{mode!r} is not one of automatic, manual, rolling")
        return
    yield from policy_problems(policy)
    rolling = policy.get(_ROLLING)
    if isinstance(rolling, dict) and rolling.get("maxSurge") is not None:
        yield Problem(f"{_ROLLING}.maxSurge", "is no property of a Batch pool's policy; scale sets have it")


def rule_problems(resource: JsonObject) -> Iterator[Problem]:
    """What the fields of a policy whose shape is sound ask of each other and of the pool (R15, R19, N29)."""
    policy = policy_of(resource)
    if not policy:
        return
    if not virtual_machines(resource):
        yield Problem(
            "upgradePolicy", "is for pools with virtualMachineConfiguration only; this pool has none"
        )
        return
    yield from _batch_problems(policy.get(_ROLLING) or {}, resource)
    if is_automatic(resource):
        yield from _image_problems(virtual_machines(resource))
        yield from _windows_problems(virtual_machines(resource))


def policy_of(resource: JsonObject) -> JsonObject:
    """``upgradePolicy`` of a pool; empty where it has none."""
    return (resource.get("properties") or {}).get("upgradePolicy") or {}


def automatic_policy(resource: JsonObject) -> JsonObject:
    """``automaticOSUpgradePolicy`` of a pool; empty where it has none."""
    return policy_of(resource).get("automaticOSUpgradePolicy") or {}


def is_automatic(resource: JsonObject) -> bool:
    """``enableAutomaticOSUpgrade``."""
    return automatic_policy(resource).get("enableAutomaticOSUpgrade") is True


def _batch_problems(rolling: JsonObject, resource: JsonObject) -> Iterator[Problem]:
    batch, unhealthy = rolling.get("maxBatchInstancePercent"), rolling.get("maxUnhealthyInstancePercent")
    if batch is not None and unhealthy is not None and batch > unhealthy:
        yield Problem(
            f"upgradePolicy.{_ROLLING}.maxBatchInstancePercent",
            f"{batch} is more than maxUnhealthyInstancePercent, {unhealthy}; it must not be",
        )
    if rolling.get("enableCrossZoneUpgrade") is not None and not is_zonal(resource):
        yield Problem(
            f"upgradePolicy.{_ROLLING}.enableCrossZoneUpgrade",
            "can be set only where nodePlacementConfiguration.policy is Zonal",
        )


def _image_problems(machine: JsonObject) -> Iterator[Problem]:
    """The version is ``latest``, which an image without one means (R15); managed images have none (R28)."""
    reference = machine.get("imageReference") or {}
    where = "deploymentConfiguration.virtualMachineConfiguration.imageReference"
    for name in IMAGE_IDS:
        image_id = str(reference.get(name) or "")
        if _MANAGED_IMAGE.search(image_id):
            yield Problem(f"{where}.{name}", f"is a managed image; {_FLAG} needs a platform or gallery image")
        _, found, version = image_id.lower().partition("/versions/")
        if found and version != "latest":
            yield Problem(
                f"{where}.{name}", f"names version {version}; it must name none when {_FLAG} is true"
            )
    version = str(reference.get("version") or "latest")
    if version.lower() != "latest":
        yield Problem(f"{where}.version", f"is {version!r}; it must be 'latest' when {_FLAG} is true")


def _windows_problems(machine: JsonObject) -> Iterator[Problem]:
    """Automatic OS upgrades and Windows' own updates exclude each other (R19)."""
    if (machine.get("windowsConfiguration") or {}).get("enableAutomaticUpdates") is True:
        yield Problem(
            "deploymentConfiguration.virtualMachineConfiguration.windowsConfiguration.enableAutomaticUpdates",
            f"must be false when {_FLAG} is true",
        )
