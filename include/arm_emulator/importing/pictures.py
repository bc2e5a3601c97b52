"""The image versions that instances run, as the world's catalogue or gallery."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from arm_emulator.importing.members import Member
    from arm_emulator.importing.notes import Notes

_GALLERY = re.compile(
    r"(?P<gallery>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/galleries/[^/]+)"
    r"/images/(?P<image>[^/]+)(?:/versions/(?P<version>[^/]+))?",
    re.IGNORECASE,
)


def image_sections(fleet: dict[str, Any], found: list[Member], notes: Notes) -> dict[str, Any]:
    """``platformImages`` and ``galleries`` with every version that was seen."""
    profile = fleet["properties"]["virtualMachineProfile"]
    reference = (profile.get("storageProfile") or {}).get("imageReference") or {}
    seen = {str(m.image["exactVersion"]) for m in found if m.image.get("exactVersion")}
    match = _GALLERY.fullmatch(str(reference.get("id") or ""))
    if reference.get("publisher"):
        return {"platformImages": [_platform_image(fleet, reference, seen, notes)]}
    if match is not None:
        versions = seen | ({match["version"]} if match["version"] and match["version"] != "latest" else set())
        notes.note(f"gallery image {match['image']}: versions that no instance runs are not in the files")
        region = {"publishingProfile": {"targetRegions": [{"name": fleet["location"]}]}}
        listed = [{"name": version, "properties": region} for version in sorted(versions, key=_order)]
        return {
            "galleries": [{"id": match["gallery"], "images": [{"name": match["image"], "versions": listed}]}]
        }
    words = (
        reference.get("id")
        or reference.get("sharedGalleryImageId")
        or reference.get("communityGalleryImageId")
    )
    notes.note(f"image {words or 'of the scale set'}: its versions are not in the files; the world has none")
    return {}


def _platform_image(
    fleet: dict[str, Any], reference: dict[str, Any], seen: set[str], notes: Notes
) -> dict[str, Any]:
    named = {key: str(reference.get(key) or "") for key in ("publisher", "offer", "sku")}
    pinned = str(reference.get("version") or "latest")
    versions = seen | (set() if pinned.lower() == "latest" else {pinned})
    os_disk = (fleet["properties"]["virtualMachineProfile"].get("storageProfile") or {}).get("osDisk") or {}
    is_windows = str(os_disk.get("osType") or "").lower() == "windows"
    words = ":".join(named.values())
    notes.note(
        f"image {words}: versions that no instance runs are not in the files; publish the one to upgrade to "
        "(POST /_emulator/images)"
    )
    notes.note(f"image {words}: automaticOSUpgradeSupported is not in the files; assumed true")
    return {
        **named,
        **({"osType": "Windows"} if is_windows else {}),
        "versions": [{"name": version} for version in sorted(versions, key=_order)],
    }


def _order(version: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (0, part) for part in version.split(".")]
