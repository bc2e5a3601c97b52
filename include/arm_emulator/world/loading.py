"""A world from a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.aks.ids import ClusterId
from arm_emulator.aks.loading import load_cluster, release_of
from arm_emulator.arm_errors import ErrorDetail
from arm_emulator.batch.ids import AccountId
from arm_emulator.batch.loading import load_account
from arm_emulator.compute.documenting import disk_of
from arm_emulator.compute.loading import load_scale_set
from arm_emulator.compute.managed_disks import keep
from arm_emulator.galleries.loading import load_gallery
from arm_emulator.images.catalogue import Catalogue, ImageVersion, PlatformImage
from arm_emulator.instants import DEFAULT_NOW, parse_instant
from arm_emulator.network.load_balancers import completed_load_balancer
from arm_emulator.operations.operation import Operation
from arm_emulator.resource_ids import ScaleSetId
from arm_emulator.resources.regions import Region, Regions, public_regions, region_name
from arm_emulator.service_fabric.clusters import completed_cluster
from arm_emulator.timings import Timings
from arm_emulator.world.world import Subscription, World

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.record import Observer
    from arm_emulator.seeded import Seed
    from arm_emulator.world.document import LocationDocument, OperationDocument, WorldDocument
    from arm_emulator.world.images_document import ImageVersionDocument, PlatformImageDocument


def start_of(document: WorldDocument) -> datetime:
    """The world's time at load."""
    return DEFAULT_NOW if document.now is None else parse_instant(document.now)


def regions_of(document: WorldDocument) -> Regions:
    """The regions that the document lists, or the built-in table."""
    if document.locations is None:
        return public_regions()
    return Regions.of((_region(place) for place in document.locations), given=True)


def load_world(document: WorldDocument, *, seed: Seed, now: datetime, observer: Observer) -> World:
    """Build the world that a document describes.

    :param document: one that passed validation.
    :param now: the clock's time at load.
    :param observer: is told of every scale set.
    """
    world = World(
        now=now,
        seed=seed,
        regions=regions_of(document),
        timings=Timings(document.timings.ranges()),
        catalogue=Catalogue(_image(image) for image in document.platformImages),
        behaviours=[line.behaviour() for line in document.imageBehaviours],
        subscriptions=_subscriptions(document),
        load_balancers={
            b.resource["id"].lower(): completed_load_balancer(b.resource) for b in document.loadBalancers
        },
        service_fabric_clusters={
            c.resource["id"].lower(): completed_cluster(c.resource) for c in document.serviceFabricClusters
        },
        operations={entry.id: _operation(entry) for entry in document.operations.inProgress},
        platform_upgrades=document.platformUpgrades,
        good_tokens=frozenset(document.tokens.good) or None,
        expired_tokens=frozenset(document.tokens.expired),
        revoked_tokens=set(document.tokens.expiredByFault),
        observer=observer,
        issued=document.operations.issued,
    )
    usual = _usual_regions(document, world)
    for gallery in document.galleries:
        world.galleries.add(load_gallery(gallery, usual, now))
    for scale_set in document.scaleSets:
        load_scale_set(world, scale_set)
    for account in document.batchAccounts:
        load_account(world, account)
    world.node_images.extend(release_of(said, now) for said in document.nodeImages)
    for cluster in document.managedClusters:
        load_cluster(world, cluster)
    for disk in document.disks:
        keep(world, disk_of(disk))
    return world


def _usual_regions(document: WorldDocument, world: World) -> list[str]:
    """Where scale sets and pools stand, or else any region: a gallery's version that names none goes there."""
    named = [region_name(s.resource["location"]) for s in document.scaleSets]
    named += [region_name(cluster.resource["location"]) for cluster in document.managedClusters]
    named += [region_name(account.resource["location"]) for account in document.batchAccounts]
    return list(dict.fromkeys(named or world.regions.by_name))


def _subscriptions(document: WorldDocument) -> dict[str, Subscription]:
    """Those listed, and those in which scale sets and galleries are."""
    found = {
        entry.id.lower(): Subscription(
            entry.id,
            entry.displayName or f"Subscription {entry.id}",
            features={name: state.value for name, state in entry.features.items()},
            quotas={place: dict(quotas) for place, quotas in entry.quotas.items()},
            features_due={name: parse_instant(due) for name, due in entry.featuresDue.items()},
        )
        for entry in document.subscriptions
    }
    used_ones = [ScaleSetId.parse(scale_set.resource["id"]).subscription for scale_set in document.scaleSets]
    used_ones += [AccountId.parse(account.resource["id"]).subscription for account in document.batchAccounts]
    used_ones += [
        ClusterId.parse(cluster.resource["id"]).subscription for cluster in document.managedClusters
    ]
    for used in (*used_ones, *(gallery.id.split("/")[2] for gallery in document.galleries)):
        found.setdefault(used.lower(), Subscription(used, f"Subscription {used}"))
    return found


def _region(place: LocationDocument) -> Region:
    return Region(
        name=place.name,
        display_name=place.displayName or place.name,
        paired_region=place.pairedRegion or None,
        zones=tuple(place.zones),
        geography=place.geography,
        geography_group=place.geographyGroup,
        latitude=place.latitude,
        longitude=place.longitude,
        physical_location=place.physicalLocation,
    )


def _image(image: PlatformImageDocument) -> PlatformImage:
    return PlatformImage(
        publisher=image.publisher,
        offer=image.offer,
        sku=image.sku,
        locations=None if image.locations is None else frozenset(image.locations),
        automatic_os_upgrade_supported=image.automaticOSUpgradeSupported,
        os_type=image.osType,
        versions={version.name: _version(version) for version in image.versions},
    )


def _version(version: ImageVersionDocument) -> ImageVersion:
    return ImageVersion(
        name=version.name,
        published_at=None if version.publishedAt is None else parse_instant(version.publishedAt),
        locations=None if version.locations is None else frozenset(version.locations),
    )


def _operation(entry: OperationDocument) -> Operation:
    return Operation(
        id=entry.id,
        subscription=entry.subscription,
        location=entry.location,
        resource=entry.resource,
        started=parse_instant(entry.started),
        pending=set(entry.pending),
        failures=[ErrorDetail(str(f["code"]), str(f["message"]), f.get("target")) for f in entry.failures],
        stuck=entry.stuck,
        result_path=entry.resultPath,
        collection=entry.collection,
        provider=entry.provider,
        api_version=entry.apiVersion,
    )
