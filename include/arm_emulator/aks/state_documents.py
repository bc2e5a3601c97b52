"""What a world document says of a cluster in the middle of something: nodes, courses, scalings, pods, commands."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from arm_emulator.aks.node import NodeStep
from arm_emulator.world.words import Document, Duration, Instant

Turn = Annotated[int, Field(ge=0)]
"""Which of what is due at one instant comes first."""


class PodDocument(Document):
    """A pod: where it is, and until when it starts or leaves."""

    name: str
    node: str = ""
    readyAt: Instant | None = None
    leavesAt: Instant | None = None


class NodeDocument(Document):
    """What a node of a pool has that a new one of its pool's image has not; ``createdAt`` is now where it is missing."""

    image: str | None = None
    kubernetesVersion: str | None = None
    zone: str | None = None
    createdAt: Instant | None = None
    patchedTo: str = ""
    guestPatchedAt: Instant | None = None
    livePatchGoal: str = ""
    surge: bool = False
    leaving: bool = False
    cordoned: bool = False
    ready: bool = True
    down: bool = False
    failed: bool = False
    step: Annotated[NodeStep, Field(strict=False)] | None = None
    stepBegan: Instant | None = None
    stepEnds: Instant | None = None
    secondsLeft: Duration | None = None
    turn: Turn = 0
    annotations: dict[str, str] = Field(default_factory=dict)
    labels: dict[str, str] = Field(default_factory=dict)


class CourseDocument(Document):
    """An upgrade under way, or one that stopped; names are those of the pool's nodes."""

    image: str
    operation: str = ""
    waiting: list[str] = Field(default_factory=list)
    surge: int = Field(default=0, ge=0)
    unavailable: int = Field(default=0, ge=0)
    began: Instant
    kubernetesVersion: str = ""
    done: list[str] = Field(default_factory=list)
    drained: int = Field(default=0, ge=0)
    left: dict[str, str] = Field(default_factory=dict)
    stopped: str = ""
    aborted: bool = False
    hindered: str = Field(default="", pattern="^(Failed|stuck)?$")
    kept: list[str] = Field(default_factory=list)
    keptCode: str = ""
    keptMessage: str = ""
    failsAt: Instant | None = None
    turn: Turn = 0


class ScalingDocument(Document):
    """Nodes that come and leave by a call."""

    operation: str
    coming: list[str] = Field(default_factory=list)
    leaving: list[str] = Field(default_factory=list)


class UsedImageDocument(Document):
    """A node image that a pool ran before, and until when."""

    version: str
    at: Instant
