"""The scale set part of a world document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from arm_emulator.compute.instance import ChangeKind, Fate, HealthState, Power, Provisioning, Step
from arm_emulator.compute.rolling_upgrade_documents import RollingUpgradeDocument
from arm_emulator.images.behaviours import HealthWord
from arm_emulator.world.words import Document, Duration, InstanceId, Instant, Seconds


class TimingsDocument(Document):
    """How long things take; what is left out has its default."""

    swap: Seconds | None = None
    boot: Seconds | None = None
    extension: Seconds | None = None
    health: Seconds | None = None
    deallocate: Seconds | None = None
    listLag: Seconds | None = None
    retryAfter: Seconds | None = None
    publicationDelay: Seconds | None = None
    enablementDelay: Seconds | None = None
    featureRegistration: Seconds | None = None
    nodeCreate: Seconds | None = None
    nodeDrain: Seconds | None = None
    nodeReimage: Seconds | None = None
    nodeStart: Seconds | None = None
    nodeDelete: Seconds | None = None
    livePatch: Seconds | None = None
    command: Seconds | None = None
    channelChange: Seconds | None = None
    guestPatch: Seconds | None = None

    def ranges(self) -> dict[str, tuple[float, float]]:
        """Those that were given."""
        return self.model_dump(exclude_none=True)


class ExtensionResultDocument(Document):
    """How an extension ended on an instance."""

    name: str
    result: Literal["succeeded", "failed"]
    at: Instant


class ProtectionDocument(Document):
    """``protectionPolicy``."""

    protectFromScaleIn: bool = False
    protectFromScaleSetActions: bool = False


class ChangeDocument(Document):
    """A change in progress on an instance."""

    kind: ChangeKind = Field(strict=False)
    version: str | None = None
    operation: str | None = None
    fate: Fate = Field(default=Fate.APPLY, strict=False)
    code: str = "OperationFailed"
    message: str = ""
    extensions: list[str] = Field(default_factory=list)
    position: int = Field(default=0, ge=0)
    disk: str | None = None
    byBatch: bool = False


class DiskExtrasDocument(Document):
    """What ARM has no field for: the image version that stands on an OS disk."""

    version: str | None = None


class DiskDocument(Document):
    """A managed disk, as ARM writes it."""

    resource: dict[str, Any]
    x_emulator: DiskExtrasDocument = Field(default_factory=DiskExtrasDocument, alias="x-emulator")


class ImportedDocument(Document):
    """What a copy of a real instance keeps of it."""

    name: str | None = None
    vmId: str | None = None
    computerName: str | None = None
    osDisk: dict[str, Any] | None = None


class InstanceDocument(Document):
    """What an instance has that its number and its set do not tell; only differences are written."""

    exactVersion: str | None = None
    previousModel: int | None = Field(default=None, ge=0)
    osDisk: int = Field(default=1, ge=1)
    dataDisks: int = Field(default=1, ge=1)
    attachedOsDisk: DiskDocument | None = None
    osDiskAt: Instant | None = None
    osDiskDeleteOption: Literal["Delete", "Detach"] = "Delete"
    ownDataDisks: list[dict[str, Any]] | None = None
    tags: dict[str, Any] | None = None
    imported: ImportedDocument | None = None
    zone: str | None = None
    updateDomain: int = Field(default=0, ge=0)
    faultDomain: int = Field(default=0, ge=0)
    boots: int = Field(default=0, ge=0)
    bootedAt: Instant | None = None
    etag: int = Field(default=1, ge=1)
    power: Power = Field(default=Power.RUNNING, strict=False)
    provisioningState: Provisioning = Field(default=Provisioning.SUCCEEDED, strict=False)
    failure: str | None = None
    health: HealthState = Field(default=HealthState.HEALTHY, strict=False)
    healthWord: HealthWord = Field(default=HealthWord.HEALTHY, strict=False)
    protectionPolicy: ProtectionDocument | None = None
    customMetrics: dict[str, Any] | None = None
    extensions: list[ExtensionResultDocument] | None = None
    created: Instant | None = None
    provisionedAt: Instant | None = None
    poweredAt: Instant | None = None
    healthAt: Instant | None = None
    step: Step | None = Field(default=None, strict=False)
    due: Instant | None = None
    isDown: bool = False
    secondsLeft: Duration | None = None
    change: ChangeDocument | None = None


class ScaleSetExtrasDocument(Document):
    """``x-emulator`` of a scale set."""

    imageVersion: str | None = None
    unhealthyInstances: list[InstanceId] = Field(default_factory=list)
    dataDisksPerInstance: int | None = Field(default=None, ge=0, le=64)
    updateDomains: int | None = Field(default=None, ge=1, le=1000)
    timings: TimingsDocument = Field(default_factory=TimingsDocument)
    rollingUpgrade: RollingUpgradeDocument | None = None
    upgradeHistory: list[RollingUpgradeDocument] = Field(default_factory=list)
    automaticSince: Instant | None = None
    eligible: dict[str, Instant] = Field(default_factory=dict, max_length=1)
    repairsSuspended: bool = False
    instanceIds: list[InstanceId] | None = None
    nextInstanceId: int | None = Field(default=None, ge=0)
    etag: int = Field(default=1, ge=1)
    previousModels: list[dict[str, Any]] = Field(default_factory=list)
    instances: dict[InstanceId, InstanceDocument] = Field(default_factory=dict)


class ScaleSetDocument(Document):
    """A scale set: its resource as ARM writes it, and what ARM has no field for."""

    resource: dict[str, Any]
    x_emulator: ScaleSetExtrasDocument = Field(default_factory=ScaleSetExtrasDocument, alias="x-emulator")
