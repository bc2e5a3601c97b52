"""The AKS part of a world document."""

from __future__ import annotations

import re
from typing import Any, Self

from pydantic import Field, model_validator

from arm_emulator.aks.state_documents import (
    CourseDocument,
    NodeDocument,
    PodDocument,
    ScalingDocument,
    UsedImageDocument,
)
from arm_emulator.compute.documents import TimingsDocument
from arm_emulator.world.words import Document, Duration, Instant, Location

_NUMBER_OF_PODS = re.compile(r"\d{1,9}|(\d{1,2}|100)%")


class NodeImageDocument(Document):
    """A node image that was published: for every cluster, or for one."""

    version: str
    publishedAt: Instant | None = None
    security: bool = False
    needsReimage: bool = False
    regions: list[Location] | None = None


class NodeImagesDocument(Document):
    """Which node images a cluster knows: the newest ones, and ``releases`` for more of them, also later ones."""

    latest: str | None = None
    security: str | None = None
    releases: list[NodeImageDocument] = Field(default_factory=list)


class BudgetDocument(Document):
    """A disruption budget, one of the two: a number of pods, or a percentage such as ``50%``."""

    name: str | None = None
    minAvailable: int | str | None = None
    maxUnavailable: int | str | None = None

    @model_validator(mode="after")
    def _says_one_number(self) -> Self:
        said = {"minAvailable": self.minAvailable, "maxUnavailable": self.maxUnavailable}
        given = {name: value for name, value in said.items() if value is not None}
        if len(given) != 1:
            raise ValueError(
                f"{' and '.join(given) or 'nothing'} given; exactly one of {', '.join(said)} is needed"
            )
        for name, value in given.items():
            if _NUMBER_OF_PODS.fullmatch(str(value)) is None:
                raise ValueError(
                    f"{name}: {value!r} is neither a number of pods nor a percentage such as 50%"
                )
        return self


class WorkloadDocument(Document):
    """Pods on some pools, all of them where none is named."""

    name: str
    namespace: str = "default"
    replicas: int = Field(default=1, ge=0, le=10_000)
    pools: list[str] = Field(default_factory=list)
    disruptionBudget: BudgetDocument | None = None
    graceSeconds: Duration = 5
    startSeconds: Duration = 5
    pods: list[PodDocument] | None = None


class AgentPoolExtrasDocument(Document):
    """``x-emulator.pools.<name>`` of a cluster.

    ``quota`` is how many nodes more than its own the pool may have (surge). ``nodes`` are all nodes by their names, those
    of an upgrade included, each with what the pool does not tell; without it there are as many as ``count`` says.
    """

    nodeImageVersion: str | None = None
    undrainable: list[str] = Field(default_factory=list)
    quota: int | None = Field(default=None, ge=0)
    timings: TimingsDocument = Field(default_factory=TimingsDocument)
    nextImage: str = ""
    nodes: dict[str, NodeDocument] | None = None
    provisioningState: str | None = None
    course: CourseDocument | None = None
    scaling: ScalingDocument | None = None
    nextNumber: int | None = Field(default=None, ge=0)
    platformImage: str = ""
    recentlyUsed: list[UsedImageDocument] = Field(default_factory=list)
    etag: int = Field(default=1, ge=1)


class ClusterExtrasDocument(Document):
    """``x-emulator`` of a managed cluster; ``maintenanceConfigurations`` maps their names to ARM's ``properties``."""

    nodeImages: NodeImagesDocument = Field(default_factory=NodeImagesDocument)
    pools: dict[str, AgentPoolExtrasDocument] = Field(default_factory=dict)
    maintenanceConfigurations: dict[str, dict[str, Any]] = Field(default_factory=dict)
    workloads: list[WorkloadDocument] = Field(default_factory=list)
    timings: TimingsDocument = Field(default_factory=TimingsDocument)
    channelDue: Instant | None = None
    channelBefore: str | None = None
    channelSince: Instant | None = None
    provisioningState: str | None = None
    commands: dict[str, dict[str, Any]] = Field(default_factory=dict)
    livePatches: dict[str, Instant] = Field(default_factory=dict)
    toReimage: list[str] = Field(default_factory=list)
    etag: int = Field(default=1, ge=1)


class ManagedClusterDocument(Document):
    """A cluster as ARM writes it, ``agentPoolProfiles`` included, and what ARM has no field for.

    ``maintenanceConfigurations`` may also stand beside ``resource``, as ARM lists them: ``[{name, properties}]``.
    """

    resource: dict[str, Any]
    maintenanceConfigurations: list[dict[str, Any]] = Field(default_factory=list)
    x_emulator: ClusterExtrasDocument = Field(default_factory=ClusterExtrasDocument, alias="x-emulator")
