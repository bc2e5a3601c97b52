"""The world document: its keys, their types and their defaults."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from arm_emulator.aks.documents import ManagedClusterDocument, NodeImageDocument
from arm_emulator.batch.documents import BatchAccountDocument
from arm_emulator.compute.documents import DiskDocument, ScaleSetDocument, TimingsDocument
from arm_emulator.faults.document import FaultDocument
from arm_emulator.galleries.documents import GalleryDocument
from arm_emulator.operations.operation import COMPUTE
from arm_emulator.resources.features import FeatureState
from arm_emulator.world.images_document import ImageBehaviourDocument, PlatformImageDocument
from arm_emulator.world.words import Document, Duration, Instant, Location, Quotas


class SubscriptionDocument(Document):
    """A subscription.

    ``features`` maps a preview feature's name to its state, ``featuresDue`` one that is under way to its end; ``quotas`` a region to the vCPUs allowed there, by the
    name of a family such as standardDSv3Family, or ``cores`` for all of them; a number alone is that of ``cores``.
    """

    id: str
    displayName: str | None = None
    features: dict[str, Annotated[FeatureState, Field(strict=False)]] = Field(default_factory=dict)
    featuresDue: dict[str, Instant] = Field(default_factory=dict)
    quotas: dict[Location, Quotas] = Field(default_factory=dict)


class LocationDocument(Document):
    """A region; a list of these replaces the built-in table."""

    name: Location
    displayName: str | None = None
    pairedRegion: Location | None = None
    zones: list[str] = Field(default_factory=list)
    geography: str | None = None
    geographyGroup: str | None = None
    latitude: str | None = None
    longitude: str | None = None
    physicalLocation: str | None = None


class ResourceDocument(Document):
    """A load balancer or a Service Fabric cluster, as ARM writes it."""

    resource: dict[str, Any]


class RefereeDocument(Document):
    """What the referee goes by."""

    healthSeconds: Duration = 300


class TokensDocument(Document):
    """The bearer tokens that are good, all where none is listed, and those that have expired, be it by a fault."""

    good: list[str] = Field(default_factory=list)
    expired: list[str] = Field(default_factory=list)
    expiredByFault: list[str] = Field(default_factory=list)


class OperationDocument(Document):
    """An operation in progress."""

    id: str
    subscription: str
    location: str
    resource: str
    started: Instant
    pending: list[str]
    failures: list[dict[str, str | None]] = Field(default_factory=list)
    stuck: bool = False
    resultPath: str | None = None
    collection: str = "operations"
    provider: str = COMPUTE
    apiVersion: str = ""


class OperationsDocument(Document):
    """Operations in progress, and how many ids this world has issued so far."""

    issued: int = Field(default=0, ge=0)
    inProgress: list[OperationDocument] = Field(default_factory=list)


class WorldDocument(Document):
    """A whole world."""

    now: Instant | None = None
    platformUpgrades: bool = False
    subscriptions: list[SubscriptionDocument] = Field(default_factory=list)
    locations: list[LocationDocument] | None = None
    platformImages: list[PlatformImageDocument] = Field(default_factory=list)
    galleries: list[GalleryDocument] = Field(default_factory=list)
    imageBehaviours: list[ImageBehaviourDocument] = Field(default_factory=list)
    timings: TimingsDocument = Field(default_factory=TimingsDocument)
    loadBalancers: list[ResourceDocument] = Field(default_factory=list)
    serviceFabricClusters: list[ResourceDocument] = Field(default_factory=list)
    referee: RefereeDocument = Field(default_factory=RefereeDocument)
    scaleSets: list[ScaleSetDocument] = Field(default_factory=list)
    disks: list[DiskDocument] = Field(default_factory=list)
    batchAccounts: list[BatchAccountDocument] = Field(default_factory=list)
    managedClusters: list[ManagedClusterDocument] = Field(default_factory=list)
    nodeImages: list[NodeImageDocument] = Field(default_factory=list)
    tokens: TokensDocument = Field(default_factory=TokensDocument)
    faults: list[FaultDocument] = Field(default_factory=list)
    operations: OperationsDocument = Field(default_factory=OperationsDocument)
