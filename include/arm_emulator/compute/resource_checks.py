"""What is wrong with a scale set's resource, whether it comes from a world document or from a PUT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.compute.extensions import ExtensionOrderError, extensions_of
from arm_emulator.compute.policy import Problem, policy_problems
from arm_emulator.compute.scaling import MAX_CAPACITY
from arm_emulator.instants import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def resource_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that Azure would refuse, each with its path in the resource."""
    yield from _location_problems(resource)
    yield from _capacity_problems(resource)
    yield from _zone_problems(resource)
    properties = resource.get("properties")
    if not isinstance(properties, dict | None):
        yield Problem("properties", f"{properties!r} is no object")
        return
    yield from _time_problems(properties or {})
    yield from _upgrade_policy_problems(properties or {})
    yield from _profile_problems(properties or {})


def _location_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    location = resource.get("location")
    if not isinstance(location, str) or not location:
        yield Problem("location", "is missing" if location is None else f"{location!r} is no region")


def _capacity_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    sku = resource.get("sku")
    if not isinstance(sku, dict) or sku.get("capacity") is None:
        yield Problem("sku.capacity", "is missing")
        return
    capacity = sku["capacity"]
    if type(capacity) is not int or not 0 <= capacity <= MAX_CAPACITY:
        yield Problem("sku.capacity", f"{capacity!r} is not a whole number from 0 to {MAX_CAPACITY}")


def _zone_problems(resource: Mapping[str, Any]) -> Iterator[Problem]:
    zones = resource.get("zones")
    if zones is None:
        return
    if not isinstance(zones, list) or not all(isinstance(zone, str) for zone in zones):
        yield Problem("zones", f'{zones!r} is no list of zones such as ["1", "2", "3"]')
    elif len(set(zones)) < len(zones):
        yield Problem("zones", f"{zones!r} names a zone twice")


def _time_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    created = properties.get("timeCreated")
    try:
        if created is not None:
            parse_instant(created)
    except (TypeError, ValueError):
        yield Problem("properties.timeCreated", f"{created!r} is no ISO 8601 instant")


def _upgrade_policy_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    policy = properties.get("upgradePolicy")
    if policy is None:
        return
    if not isinstance(policy, dict):
        yield Problem("properties.upgradePolicy", f"{policy!r} is no object")
        return
    for problem in policy_problems(policy):
        yield Problem(f"properties.upgradePolicy.{problem.path}", problem.message)


def _profile_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    where = "properties.virtualMachineProfile"
    profile = properties.get("virtualMachineProfile")
    if profile is None:
        return
    for path in (
        "", "osProfile", "osProfile.windowsConfiguration", "storageProfile", "storageProfile.imageReference",
        "storageProfile.osDisk", "networkProfile", "networkProfile.healthProbe", "extensionProfile",
    ):  # fmt: skip
        value = _at(profile, path)
        if not isinstance(value, dict | None):
            yield Problem(f"{where}.{path}".rstrip("."), f"{value!r} is no object")
            return
    yield from _extension_problems(profile, f"{where}.extensionProfile")
    yield from _windows_problems(properties, profile, where)


def _at(profile: object, path: str) -> object:
    value = profile
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _extension_problems(profile: Mapping[str, Any], where: str) -> Iterator[Problem]:
    listed = (profile.get("extensionProfile") or {}).get("extensions")
    if listed is None:
        return
    if not isinstance(listed, list) or not all(_is_extension(entry) for entry in listed):
        yield Problem(f"{where}.extensions", "is no list of extensions with name and properties")
        return
    names = [entry["name"] for entry in listed]
    if len(set(names)) < len(names):
        yield Problem(f"{where}.extensions", f"{', '.join(names)}: a name stands twice")
    try:
        extensions_of(profile)
    except ExtensionOrderError as error:
        yield Problem(f"{where}.extensions", str(error))


def _is_extension(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("name"), str)
        and isinstance(entry.get("properties"), dict | None)
        and isinstance((entry.get("properties") or {}).get("provisionAfterExtensions"), list | None)
    )


def _windows_problems(
    properties: Mapping[str, Any], profile: Mapping[str, Any], where: str
) -> Iterator[Problem]:
    """Automatic OS upgrades and Windows' own updates exclude each other (R19)."""
    policy = properties.get("upgradePolicy") or {}
    is_automatic = (policy.get("automaticOSUpgradePolicy") or {}).get("enableAutomaticOSUpgrade")
    windows = (profile.get("osProfile") or {}).get("windowsConfiguration") or {}
    if is_automatic and windows.get("enableAutomaticUpdates") is True:
        yield Problem(
            f"{where}.osProfile.windowsConfiguration.enableAutomaticUpdates",
            "must be false when automaticOSUpgradePolicy.enableAutomaticOSUpgrade is true",
        )
