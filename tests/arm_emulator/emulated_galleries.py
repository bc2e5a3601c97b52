"""Worlds with a gallery."""

from __future__ import annotations

from typing import Any

from emulated_worlds import SUBSCRIPTION, Emulator, scale_set, scale_set_id, world

GALLERY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/galleries/g"
IMAGE = f"{GALLERY}/images/web"
SHARED, COMMUNITY = "0001-G", "g-public"


def targets(*names: str, **flags: object) -> dict[str, Any]:
    """Properties of a version that goes to these regions."""
    return {"publishingProfile": {"targetRegions": [{"name": name} for name in names], **flags}}


def version(name: str, *regions: str, replicated: list[str] | None = None, **flags: object) -> dict[str, Any]:
    """A version of a world document, in West and North Europe unless told otherwise."""
    extras = {} if replicated is None else {"x-emulator": {"replicated": replicated}}
    return {
        "name": name,
        "properties": targets(*(regions or ("West Europe", "northeurope")), **flags),
        **extras,
    }


def gallery(*versions: dict[str, Any]) -> dict[str, Any]:
    """A gallery of a world document, shared and in the community."""
    extras = {"sharedAs": SHARED, "communityAs": COMMUNITY}
    return {"id": GALLERY, "images": [{"name": "web", "versions": list(versions)}], "x-emulator": extras}


def gallery_set(reference: dict[str, str] | None = None, **options: object) -> dict[str, Any]:
    """A scale set that boots the gallery's image, on 1.0.0 unless told otherwise."""
    given: dict[str, Any] = {"imageVersion": "1.0.0", "capacity": 3, **options}
    made = scale_set(**given)
    storage = made["resource"]["properties"]["virtualMachineProfile"]["storageProfile"]
    storage["imageReference"] = reference or {"id": IMAGE}
    return made


def gallery_world(
    *versions: dict[str, Any], sets: tuple[dict[str, Any], ...] = (), **sections: object
) -> dict[str, Any]:
    """A world with the gallery and one set of three."""
    shelf = versions or (version("1.0.0"), version("1.0.1"))
    return world(*(sets or (gallery_set(),)), galleries=[gallery(*shelf)], **sections)


def regions_of(emulator: Emulator, name: str) -> dict[str, tuple[str, int]]:
    """State and progress of a version's replication, by region."""
    path = f"{IMAGE}/versions/{name}"
    body = emulator.arm("GET", path, params={"$expand": "ReplicationStatus"}).json()
    summary = body["properties"]["replicationStatus"]["summary"]
    return {entry["region"]: (entry["state"], entry["progress"]) for entry in summary}


def running(emulator: Emulator, name: str = "web") -> dict[str, str]:
    """The exact version that each instance shows."""
    listed = emulator.arm("GET", f"{scale_set_id(name)}/virtualMachines").json()["value"]
    return {
        i["instanceId"]: i["properties"]["storageProfile"]["imageReference"].get("exactVersion")
        for i in listed
    }
