"""Worlds whose set boots an image of a gallery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worlds import FLEET_ID, SUBSCRIPTION, Json, world

GALLERY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.Compute/galleries/g"
GALLERY_IMAGE = f"{GALLERY}/images/web"
SHARED, COMMUNITY = "0001-G", "g-public"
SHARED_IMAGE = f"/SharedGalleries/{SHARED}/Images/web"
COMMUNITY_IMAGE = f"/CommunityGalleries/{COMMUNITY}/Images/web"
FIRST, SECOND, THIRD = "1.0.0", "1.0.1", "1.0.10"
BOTH = ("West Europe", "North Europe")
NORTH_ID = f"{FLEET_ID}-north"


def gallery_version(
    name: str, *, replicated: Sequence[str] = BOTH, excluded_in: Sequence[str] = (), **profile: Json
) -> dict[str, Any]:
    """A version for West and North Europe.

    :param replicated: the regions that have it
    :param excluded_in: the regions in which ``latest`` leaves it out
    :param profile: more of the ``publishingProfile``
    """
    regions = [{"name": name, "excludeFromLatest": name in excluded_in} for name in BOTH]
    properties = {"publishingProfile": {"targetRegions": regions, **profile}}
    return {"name": name, "properties": properties, "x-emulator": {"replicated": list(replicated)}}


def gallery_world(
    *versions: dict[str, Any], reference: dict[str, str] | None = None, n: int = 6, **options: Json
) -> dict[str, Any]:
    """A set of n instances on ``FIRST`` in West Europe, of the gallery's image."""
    document = world(n, 0, **{"imageVersion": FIRST, "updateDomains": 1, **options})
    set_image(document["scaleSets"][0], reference or {"id": GALLERY_IMAGE})
    shelf = versions or (gallery_version(FIRST), gallery_version(SECOND))
    images = [{"name": "web", "versions": list(shelf)}]
    names = {"sharedAs": SHARED, "communityAs": COMMUNITY}
    return {**document, "galleries": [{"id": GALLERY, "images": images, "x-emulator": names}]}


def two_regions(*versions: dict[str, Any]) -> dict[str, Any]:
    """The same set in West Europe and, as ``NORTH_ID``, in North Europe."""
    document = gallery_world(*versions)
    other = gallery_world(*versions, fleet_id=NORTH_ID)["scaleSets"][0]
    other["resource"]["location"] = "North Europe"
    return {**document, "scaleSets": [*document["scaleSets"], other]}


def set_image(scale_set: dict[str, Any], reference: dict[str, str]) -> None:
    """Let a set boot another image."""
    profile = scale_set["resource"]["properties"]["virtualMachineProfile"]
    profile["storageProfile"]["imageReference"] = dict(reference)
