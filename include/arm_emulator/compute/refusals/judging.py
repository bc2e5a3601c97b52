"""All refusals in order; the first is the answer."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from arm_emulator.compute.refusals.asked import Asked
from arm_emulator.compute.refusals.automatic_upgrade import automatic_upgrade_refusals
from arm_emulator.compute.refusals.health_sources import health_source_refusals
from arm_emulator.compute.refusals.repairs import repair_refusals
from arm_emulator.compute.refusals.service_fabric import service_fabric_refusals
from arm_emulator.compute.refusals.size import size_refusals

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.world.world import World

_CHECKS = (
    service_fabric_refusals,
    health_source_refusals,
    automatic_upgrade_refusals,
    repair_refusals,
)


def refuse_unsupported(world: World, resource: JsonObject) -> None:
    """Refuse a scale set that Azure would not take from a client.

    :param resource: what the call would make; its shape has passed the checks of worlds.
    :raises ArmError: the first thing that is wrong.
    """
    asked = Asked.of(world, resource)
    for refusal in chain.from_iterable(check(asked) for check in _CHECKS):
        raise refusal


def refuse_size(world: World, resource: JsonObject) -> None:
    """Refuse a capacity that the set cannot be scaled out to.

    :raises ArmError: it has too many instances.
    """
    for refusal in size_refusals(Asked.of(world, resource)):
        raise refusal


def force_windows_updates_off(resource: JsonObject) -> None:
    """Enabling automatic OS upgrade turns Windows' own updates off where nothing is said of them (N3)."""
    properties = resource.get("properties") or {}
    automatic = (properties.get("upgradePolicy") or {}).get("automaticOSUpgradePolicy") or {}
    profile = properties.get("virtualMachineProfile") or {}
    os_type = str(((profile.get("storageProfile") or {}).get("osDisk") or {}).get("osType") or "").lower()
    os_profile = profile.get("osProfile")
    if automatic.get("enableAutomaticOSUpgrade") is not True or not isinstance(os_profile, dict):
        return
    if os_type == "windows" or isinstance(os_profile.get("windowsConfiguration"), dict):
        os_profile.setdefault("windowsConfiguration", {}).setdefault("enableAutomaticUpdates", False)
