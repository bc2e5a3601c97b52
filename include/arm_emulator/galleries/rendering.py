"""Galleries as ARM shows them; their regions are written out: ``West Europe``, not ``westeurope``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.galleries.versions import ReplicationState, in_order
from arm_emulator.resources.regions import region_name

if TYPE_CHECKING:
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.galleries.galleries import Gallery, GalleryImage
    from arm_emulator.galleries.versions import GalleryVersion
    from arm_emulator.resources.regions import Regions

GALLERY_TYPE = "Microsoft.Compute/galleries"


def gallery_body(gallery: Gallery) -> JsonObject:
    """A gallery."""
    properties = {
        "identifier": {"uniqueName": gallery.shared_as or gallery.name},
        "provisioningState": "Succeeded",
        **gallery.resource.get("properties", {}),
    }
    return {
        "id": gallery.id,
        "name": gallery.name,
        "type": GALLERY_TYPE,
        **gallery.resource,
        "properties": properties,
    }


def image_body(gallery: Gallery, image: GalleryImage) -> JsonObject:
    """An image definition."""
    properties = {**image_properties(gallery, image), "provisioningState": "Succeeded"}
    return {
        "id": f"{gallery.id}/images/{image.name}",
        "name": image.name,
        "type": f"{GALLERY_TYPE}/images",
        **image.resource,
        "properties": properties,
    }


def image_properties(gallery: Gallery, image: GalleryImage) -> JsonObject:
    """What an image definition says of itself; what the world leaves out is a plain Linux image."""
    return {
        "osType": "Linux",
        "osState": "Generalized",
        "hyperVGeneration": "V2",
        "architecture": "x64",
        "identifier": {"publisher": gallery.name, "offer": image.name, "sku": image.name},
        **image.resource.get("properties", {}),
    }


def version_body(
    regions: Regions, gallery: Gallery, image: GalleryImage, version: GalleryVersion, *, with_status: bool
) -> JsonObject:
    """A version.

    :param with_status: with ``replicationStatus``, which Azure shows only where it was asked for
    """
    properties: JsonObject = {
        "storageProfile": _storage_profile(gallery, image),
        "safetyProfile": {"allowDeletionOfReplicatedLocations": True, "reportedForPolicyViolation": False},
        "provisioningState": "Succeeded",
        **version.properties,
        "publishingProfile": _profile(regions, version),
    }
    if with_status:
        properties["replicationStatus"] = _replication_status(regions, version)
    return {
        "id": f"{gallery.id}/images/{image.name}/versions/{version.name}",
        "name": version.name,
        "type": f"{GALLERY_TYPE}/images/versions",
        **version.resource,
        "properties": properties,
    }


def versions_of(image: GalleryImage) -> list[GalleryVersion]:
    """An image's versions, oldest first."""
    return in_order(image.versions.values())


def display_name(regions: Regions, name: str) -> str:
    """How a gallery writes a region."""
    known = regions.by_name.get(region_name(name))
    return name if known is None else known.display_name


def _storage_profile(gallery: Gallery, image: GalleryImage) -> JsonObject:
    group = gallery.id.partition("/providers/")[0]
    return {
        "source": {"id": f"{group}/providers/Microsoft.Compute/images/{image.name}"},
        "osDiskImage": {"sizeInGB": 30, "hostCaching": "ReadWrite"},
        "dataDiskImages": [],
    }


def _profile(regions: Regions, version: GalleryVersion) -> JsonObject:
    usual = {"regionalReplicaCount": 1, "storageAccountType": "Standard_LRS", "excludeFromLatest": False}
    targets = [
        {**usual, **target, "name": display_name(regions, target["name"])}
        for target in version.profile.get("targetRegions") or ()
    ]
    return {
        "replicaCount": 1,
        "excludeFromLatest": False,
        "replicationMode": "Full",
        "storageAccountType": "Standard_LRS",
        **version.profile,
        "targetRegions": targets,
    }


def _replication_status(regions: Regions, version: GalleryVersion) -> JsonObject:
    summary = [
        {
            "region": display_name(regions, name),
            "state": replication.state.value,
            "details": replication.details,
            "progress": replication.progress,
        }
        for name, replication in version.replication.items()
    ]
    states = {replication.state for replication in version.replication.values()}
    aggregated = "InProgress"
    if ReplicationState.FAILED in states:
        aggregated = "Failed"
    elif states <= {ReplicationState.COMPLETED}:
        aggregated = "Completed"
    return {"aggregatedState": aggregated, "summary": summary}
