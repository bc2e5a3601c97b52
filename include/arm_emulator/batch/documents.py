"""The Batch part of a world document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from arm_emulator.compute.documents import ScaleSetExtrasDocument, TimingsDocument
from arm_emulator.compute.instance import Fate
from arm_emulator.world.words import Document, InstanceId, Instant


class TaskDocument(Document):
    """A task at work; without an end where it never ends."""

    job: str
    id: str
    seconds: float = -1
    began: Instant
    ends: Instant | None = None
    requeues: int = Field(default=0, ge=0)


class EndedTaskDocument(Document):
    """A task that is over."""

    job: str
    id: str
    began: Instant
    ended: Instant
    succeeded: bool = True
    requeues: int = Field(default=0, ge=0)


class NodeDocument(Document):
    """What a node has that its machine does not tell; only differences are written."""

    schedulingState: Literal["enabled", "disabled"] = "enabled"
    tasks: list[TaskDocument] = Field(default_factory=list)
    afterTasks: Literal["reimage", "reboot", "deallocate"] | None = None
    afterVersion: str | None = None
    afterFate: Fate = Field(default=Fate.APPLY, strict=False)
    totalTasksRun: int = Field(default=0, ge=0)
    totalTasksSucceeded: int = Field(default=0, ge=0)
    ended: list[EndedTaskDocument] = Field(default_factory=list)
    changedAt: Instant | None = None


class PoolExtrasDocument(Document):
    """``x-emulator`` of a pool.

    ``running`` gives nodes their work, in seconds that are left of it; -1 never ends. ``unhealthyNodes`` may be called
    ``unhealthyInstances``, as it is for scale sets. ``machines`` is what the scale set behind the pool has that its
    number of nodes does not tell.
    """

    nodes: int | None = Field(default=None, ge=0, le=10_000)
    imageVersion: str | None = None
    running: dict[InstanceId, float] = Field(default_factory=dict)
    unhealthyNodes: list[InstanceId] = Field(default_factory=list)
    unhealthyInstances: list[InstanceId] = Field(default_factory=list)
    timings: TimingsDocument = Field(default_factory=TimingsDocument)
    machines: ScaleSetExtrasDocument | None = None
    nodeStates: dict[InstanceId, NodeDocument] = Field(default_factory=dict)
    queue: list[TaskDocument] = Field(default_factory=list)
    etag: int = Field(default=1, ge=1)


class PoolDocument(Document):
    """A pool: its resource as ARM writes it, and what ARM has no field for."""

    resource: dict[str, Any]
    x_emulator: PoolExtrasDocument = Field(default_factory=PoolExtrasDocument, alias="x-emulator")


class AccountExtrasDocument(Document):
    """``x-emulator`` of an account."""

    activated: bool = True


class BatchAccountDocument(Document):
    """An account with its pools."""

    resource: dict[str, Any]
    x_emulator: AccountExtrasDocument = Field(default_factory=AccountExtrasDocument, alias="x-emulator")
    pools: list[PoolDocument] = Field(default_factory=list)
