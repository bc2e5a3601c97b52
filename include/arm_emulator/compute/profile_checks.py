"""What is wrong with the ``virtualMachineProfile`` of a scale set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.compute.extensions import ExtensionOrderError, extensions_of
from arm_emulator.compute.policy import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def profile_problems(properties: Mapping[str, Any]) -> Iterator[Problem]:
    """What is wrong with the profile that these properties of a scale set have, each with its path in the resource."""
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
    yield from _storage_problems(profile.get("storageProfile") or {}, f"{where}.storageProfile")
    yield from _extension_problems(profile, f"{where}.extensionProfile")
    yield from _windows_problems(properties, profile, where)


def _at(profile: object, path: str) -> object:
    value = profile
    for key in path.split(".") if path else ():
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _storage_problems(storage: Mapping[str, Any], where: str) -> Iterator[Problem]:
    reference = storage.get("imageReference") or {}
    for name in (
        "publisher",
        "offer",
        "sku",
        "version",
        "id",
        "sharedGalleryImageId",
        "communityGalleryImageId",
    ):
        if not isinstance(reference.get(name), str | None):
            yield Problem(
                f"{where}.imageReference.{name}", f"{reference[name]!r} is no text; put it in quotes"
            )
    disks = storage.get("dataDisks")
    if disks is not None and not (isinstance(disks, list) and all(map(_is_disk, disks))):
        yield Problem(f"{where}.dataDisks", "is no list of data disks such as {lun: 0, createOption: Empty}")


def _is_disk(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("managedDisk"), dict | None)


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
    if not isinstance(entry, dict) or not isinstance(entry.get("properties"), dict | None):
        return False
    after = (entry.get("properties") or {}).get("provisionAfterExtensions") or []
    return (
        isinstance(entry.get("name"), str)
        and isinstance(after, list)
        and all(isinstance(n, str) for n in after)
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
