"""Galleries from world documents, and back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from arm_emulator.galleries.galleries import Gallery, GalleryImage
from arm_emulator.galleries.versions import GalleryVersion, Replication, ReplicationState, target_names
from arm_emulator.instants import arm_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.galleries.documents import (
        GalleryDocument,
        ResourceDocument,
        VersionDocument,
    )

_WRITTEN = ("location", "tags", "properties")


def load_gallery(document: GalleryDocument, usual_regions: Sequence[str], now: datetime) -> Gallery:
    """A gallery as a document describes it.

    :param usual_regions: those that a version goes to when it names none, and the first where the gallery stands
    """
    resource = _resource(document, document.location or _first_target(document) or usual_regions[0])
    extras = document.x_emulator
    gallery = Gallery(document.id, resource, extras.sharedAs, extras.communityAs)
    for image in document.images:
        loaded = GalleryImage(image.name, _resource(image, gallery.location))
        for version in image.versions:
            loaded.versions[version.name] = _version(version, gallery.location, usual_regions)
            loaded.versions[version.name].profile.setdefault("publishedDate", arm_instant(now))
        gallery.images[image.name.lower()] = loaded
    return gallery


def dump_gallery(gallery: Gallery) -> JsonObject:
    """The gallery as it is now."""
    extras = {"sharedAs": gallery.shared_as, "communityAs": gallery.community_as}
    return {
        "id": gallery.id,
        **gallery.resource,
        "images": [_image_document(image) for image in gallery.images.values()],
        "x-emulator": {key: value for key, value in extras.items() if value is not None},
    }


def _resource(document: ResourceDocument, location: str) -> JsonObject:
    given = document.model_dump(include=set(_WRITTEN), exclude_none=True)
    return {**given, "location": document.location or location}


def _first_target(document: GalleryDocument) -> str | None:
    profiles = (v.properties.get("publishingProfile") or {} for i in document.images for v in i.versions)
    return next((name for profile in profiles for name in target_names(profile)), None)


def _version(document: VersionDocument, location: str, usual_regions: Sequence[str]) -> GalleryVersion:
    version = GalleryVersion(document.name, _resource(document, location))
    extras = document.x_emulator
    if not version.profile.get("targetRegions"):
        named = dict.fromkeys((*(extras.replicated or ()), *extras.replication)) or usual_regions
        version.profile["targetRegions"] = [{"name": name} for name in named]
    regions = target_names(version.profile)
    has_it = regions if extras.replicated is None else extras.replicated
    for region in regions:
        state = ReplicationState.COMPLETED if region in has_it else ReplicationState.REPLICATING
        said = extras.replication.get(region)
        version.replication[region] = (
            Replication.at(state) if said is None else Replication.at(said.state, said.progress, said.details)
        )
    return version


def _image_document(image: GalleryImage) -> JsonObject:
    versions = [_version_document(version) for version in image.versions.values()]
    return {"name": image.name, **image.resource, "versions": versions}


def _version_document(version: GalleryVersion) -> JsonObject:
    there = [name for name, r in version.replication.items() if r.state is ReplicationState.COMPLETED]
    extras: dict[str, Any] = {"replicated": there}
    on_the_way = {name: _replication(r) for name, r in version.replication.items() if name not in there}
    if on_the_way:
        extras["replication"] = on_the_way
    return {"name": version.name, **version.resource, "x-emulator": extras}


def _replication(replication: Replication) -> JsonObject:
    return {
        "state": replication.state.value,
        "progress": replication.progress,
        "details": replication.details,
    }
