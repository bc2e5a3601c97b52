"""The world as a document that can be loaded again.

Operations in progress are written as well: each busy instance has its ``step``, when it is ``due`` and its ``change``,
and ``operations`` has the promises that wait for them. Operations that have ended are left out, and so is the past
that a list with a lag would show.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from arm_emulator.aks.dumping import dump_cluster, release_document
from arm_emulator.batch.dumping import dump_account
from arm_emulator.compute.documenting import disk_document
from arm_emulator.compute.dumping import dump_scale_set, timings_document
from arm_emulator.galleries.loading import dump_gallery
from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.images.behaviours import ImageBehaviour
    from arm_emulator.images.catalogue import ImageVersion, PlatformImage
    from arm_emulator.operations.operation import Operation
    from arm_emulator.resources.regions import Region
    from arm_emulator.world.world import Subscription, World


def dump_world(world: World, *, faults: Sequence[JsonObject], health_seconds: float) -> JsonObject:
    """The document.

    :param faults: those that still wait for calls, as documents.
    :param health_seconds: what the referee goes by.
    """
    document: dict[str, Any] = {
        "now": admin_instant(world.now),
        "platformUpgrades": world.platform_upgrades,
        "subscriptions": [_subscription(subscription) for subscription in world.subscriptions.values()],
        "platformImages": [_image(image) for image in world.catalogue.images.values()],
        "galleries": [dump_gallery(gallery) for gallery in world.galleries.by_id.values()],
        "imageBehaviours": [_behaviour(line) for line in world.behaviours],
        "timings": timings_document(dict(world.timings.given)),
        "loadBalancers": [{"resource": balancer} for balancer in world.load_balancers.values()],
        "serviceFabricClusters": [{"resource": c} for c in world.service_fabric_clusters.values()],
        "referee": {"healthSeconds": health_seconds},
        "scaleSets": [dump_scale_set(world, s) for s in world.scale_sets.values() if not s.owner],
        "tokens": _tokens(world),
        "faults": list(faults),
        "operations": _operations(world),
    }
    if world.batch_accounts:
        accounts = world.batch_accounts.values()
        document["batchAccounts"] = [dump_account(world, account) for account in accounts]
    if world.managed_clusters:
        document["managedClusters"] = [dump_cluster(c) for c in world.managed_clusters.values()]
    if world.node_images:
        document["nodeImages"] = [release_document(release) for release in world.node_images]
    if world.disks:
        document["disks"] = [disk_document(disk) for disk in world.disks.values()]
    if world.regions.given:
        document["locations"] = [_region(region) for region in world.regions.by_name.values()]
    return document


def _subscription(subscription: Subscription) -> JsonObject:
    due = {name: admin_instant(instant) for name, instant in subscription.features_due.items()}
    return {
        "id": subscription.id,
        "displayName": subscription.display_name,
        "features": subscription.features,
        **({"featuresDue": due} if due else {}),
        "quotas": subscription.quotas,
    }


def _tokens(world: World) -> JsonObject:
    tokens = {"good": sorted(world.good_tokens or ()), "expired": sorted(world.expired_tokens)}
    return {**tokens, **({"expiredByFault": sorted(world.revoked_tokens)} if world.revoked_tokens else {})}


def _given(entries: dict[str, Any]) -> JsonObject:
    return {key: value for key, value in entries.items() if value is not None}


def _image(image: PlatformImage) -> JsonObject:
    return _given(
        {
            "publisher": image.publisher,
            "offer": image.offer,
            "sku": image.sku,
            "locations": None if image.locations is None else sorted(image.locations),
            "automaticOSUpgradeSupported": image.automatic_os_upgrade_supported,
            "osType": image.os_type,
            "versions": [_version(version) for version in image.versions.values()],
        }
    )


def _version(version: ImageVersion) -> JsonObject:
    return _given(
        {
            "name": version.name,
            "publishedAt": None if version.published_at is None else admin_instant(version.published_at),
            "locations": None if version.locations is None else sorted(version.locations),
        }
    )


def _behaviour(line: ImageBehaviour) -> JsonObject:
    result = "failed" if line.extension_failed else "succeeded"
    return _given(
        {
            "version": line.version,
            "instances": None if line.instances is None else sorted(line.instances),
            "percent": line.percent,
            "health": line.health.value,
            "extension": line.extension,
            "extensionResult": None if line.extension is None else result,
            "scaleSet": line.scale_set,
        }
    )


def _region(region: Region) -> JsonObject:
    return _given(
        {
            "name": region.name,
            "displayName": region.display_name,
            "pairedRegion": region.paired_region,
            "zones": list(region.zones),
            "geography": region.geography,
            "geographyGroup": region.geography_group,
            "latitude": region.latitude,
            "longitude": region.longitude,
            "physicalLocation": region.physical_location,
        }
    )


def _operations(world: World) -> JsonObject:
    running = [operation for operation in world.operations.values() if operation.ended is None]
    return {"issued": world.issued, "inProgress": [_operation(operation) for operation in running]}


def _operation(operation: Operation) -> JsonObject:
    return {
        "id": operation.id,
        "subscription": operation.subscription,
        "location": operation.location,
        "resource": operation.resource,
        "started": admin_instant(operation.started),
        "pending": sorted(operation.pending, key=lambda member: (len(member), member)),
        "failures": [asdict(failure) for failure in operation.failures],
        "stuck": operation.stuck,
        "resultPath": operation.result_path,
        "collection": operation.collection,
        "provider": operation.provider,
        "apiVersion": operation.api_version,
    }
