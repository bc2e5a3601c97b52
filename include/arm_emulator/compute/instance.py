"""An instance of a scale set: its state, and nothing that happens to it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from arm_emulator.compute.health_source import SourceKind
from arm_emulator.images.behaviours import HealthWord
from arm_emulator.images.versions import is_lower

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from arm_emulator.compute.managed_disks import ManagedDisk
    from arm_emulator.compute.model import Model


class Shape(StrEnum):
    """As what ARM shows it."""

    INSTANCE = "instance"  # of its scale set
    MACHINE = "machine"  # the virtual machine that a member of a Flexible set is


class Power(StrEnum):
    """``PowerState/…``."""

    RUNNING = "running"
    STARTING = "starting"
    STOPPING = "stopping"
    DEALLOCATING = "deallocating"
    STOPPED = "stopped"
    DEALLOCATED = "deallocated"


class Provisioning(StrEnum):
    """``provisioningState``."""

    SUCCEEDED = "Succeeded"
    UPDATING = "Updating"
    CREATING = "Creating"
    FAILED = "Failed"


BUSY = frozenset({Provisioning.UPDATING, Provisioning.CREATING})
"""An operation on the instance is in progress."""


class HealthState(StrEnum):
    """``HealthState/…``."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    INITIALIZING = "initializing"
    UNKNOWN = "unknown"


class Step(StrEnum):
    """What an instance is at; each step ends at an instant that the timeline knows."""

    SWAPPING = "swapping"
    BOOTING = "booting"
    APPLYING = "applying"
    EXTENDING = "extending"
    WARMING = "warming"
    GRACE = "grace"
    FLAPPING = "flapping"
    STOPPING = "stopping"
    ATTACHING = "attaching"


class ChangeKind(StrEnum):
    """Why an instance is busy."""

    CREATE = "create"
    MODEL = "model"
    REIMAGE = "reimage"
    REIMAGE_ALL = "reimageAll"
    DEALLOCATE = "deallocate"
    POWER_OFF = "powerOff"
    START = "start"
    RESTART = "restart"
    ATTACH = "attach"


class Fate(StrEnum):
    """How the change will end; only faults make it anything but ``apply``."""

    APPLY = "apply"
    FAIL = "fail"
    STUCK = "stuck"


@dataclass(slots=True)
class Change:
    """A change in progress.

    :param version: the image version that the new OS disk will have; None keeps the present one.
    :param operation: the id of the operation that waits for it; None where nobody waits.
    :param extensions: those that have to run, in order.
    :param position: how many of them are done.
    :param disk: the id of the disk that becomes the OS disk, where one is attached.
    :param by_batch: Batch itself does it, because a call asked for it.
    """

    kind: ChangeKind
    version: str | None = None
    operation: str | None = None
    fate: Fate = Fate.APPLY
    code: str = "OperationFailed"
    message: str = ""
    extensions: tuple[str, ...] = ()
    position: int = 0
    disk: str | None = None
    by_batch: bool = False


@dataclass(frozen=True, slots=True)
class ExtensionResult:
    """How an extension ended, and when."""

    name: str
    succeeded: bool
    at: datetime


@dataclass(slots=True)
class Protection:
    """``protectionPolicy``."""

    from_scale_in: bool = False
    from_scale_set_actions: bool = False


@dataclass(slots=True)
class Instance:
    """One instance.

    :param exact_version: the image version that it runs; None where the image cannot be resolved.
    :param os_disk: how many times the OS disk was replaced; the disk's name and id follow from it.
    :param data_disks: the same for the data disks.
    :param attached_os_disk: the OS disk where it was attached by hand; None where it came with the instance.
    :param os_disk_at: since when it has its OS disk; None where it has the first one.
    :param os_disk_delete_option: what becomes of the OS disk of a virtual machine: ``Delete`` or ``Detach``.
    :param own_data_disks: its data disks where they were changed by hand; None where they follow from the model.
    :param tags: of the virtual machine.
    :param imported: ``name``, ``vmId``, ``computerName`` and first ``osDisk`` of a real instance of which this is a copy.
    :param boots: how many times it booted in this world; makes each boot's draws its own.
    :param booted_at: when the last of those boots began; None where there was none.
    :param custom_metrics: what the application tells rolling upgrades of itself, as it was written.
    :param is_down: its zone is; what it does stands still, ``time_left`` is what its step still takes.
    :param ready: as it was told to the observer last.
    :param ticket: of the timeline's entry that it waits for.
    :param rendered: its JSON by shape, without and with instance view, until the next change.
    """

    instance_id: str
    zone: str | None
    update_domain: int
    fault_domain: int
    model: Model
    exact_version: str | None
    created: datetime
    extensions: tuple[ExtensionResult, ...]
    provisioned_at: datetime
    powered_at: datetime
    health_at: datetime
    os_disk: int = 1
    data_disks: int = 1
    attached_os_disk: ManagedDisk | None = None
    os_disk_at: datetime | None = None
    os_disk_delete_option: str = "Delete"
    own_data_disks: tuple[dict[str, Any], ...] | None = None
    tags: dict[str, Any] | None = None
    imported: dict[str, Any] | None = None
    boots: int = 0
    booted_at: datetime | None = None
    etag: int = 1
    revision: int = 0
    power: Power = Power.RUNNING
    provisioning: Provisioning = Provisioning.SUCCEEDED
    failure: str | None = None
    health: HealthState = HealthState.HEALTHY
    health_word: HealthWord = HealthWord.HEALTHY
    protection: Protection | None = None
    custom_metrics: dict[str, Any] | None = None
    step: Step | None = None
    due: datetime | None = None
    is_down: bool = False
    time_left: timedelta | None = None
    change: Change | None = None
    ready: bool = True
    ticket: int | None = None
    rendered: dict[tuple[Shape, bool], str] | None = None

    def as_it_is(self) -> Instance:
        """A copy that stays as it is, whatever happens to the instance from now on."""
        return replace(self, change=copy.copy(self.change), protection=copy.copy(self.protection))

    @property
    def is_busy(self) -> bool:
        """Whether an operation on it is in progress."""
        return self.provisioning in BUSY

    @property
    def is_deallocated(self) -> bool:
        """Whether it has no machine now."""
        return self.power is Power.DEALLOCATED

    @property
    def is_protected(self) -> bool:
        """Whether scale set actions are to leave it alone."""
        return self.protection is not None and self.protection.from_scale_set_actions

    @property
    def shown_power(self) -> Power:
        """The power state as Azure shows it: nothing runs in a zone that is down."""
        return Power.STOPPED if self.is_down else self.power

    @property
    def shown_health(self) -> HealthState:
        """The health as its source shows it: a binary one knows no state between healthy and unhealthy (N22)."""
        source = self.model.health_source
        is_binary = source is not None and source.kind is SourceKind.BINARY
        health = HealthState.UNKNOWN if self.is_down else self.health
        is_open = health in {HealthState.INITIALIZING, HealthState.UNKNOWN}
        return HealthState.UNHEALTHY if is_binary and is_open else health

    def is_behind(self, version: str) -> bool:
        """Whether an upgrade of the set to a version has something to do here: it is older and not protected."""
        is_older = self.exact_version is not None and is_lower(self.exact_version, than=version)
        return is_older and not self.is_protected

    def is_ready(self) -> bool:
        """Running, provisioned, every extension succeeded and, with a health source, healthy."""
        return (
            self.shown_power is Power.RUNNING
            and self.provisioning is Provisioning.SUCCEEDED
            and all(result.succeeded for result in self.extensions)
            and (not self.model.has_health_source or self.health is HealthState.HEALTHY)
        )
