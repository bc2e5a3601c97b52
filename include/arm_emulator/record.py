"""What happened in the world, as values: the state tells it, the referee listens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """The rolling upgrade policy that holds for a scale set: its own, or Azure's 20/20/20."""

    max_batch_instance_percent: int = 20
    max_unhealthy_instance_percent: int = 20
    max_unhealthy_upgraded_instance_percent: int = 20
    enable_cross_zone_upgrade: bool = False
    prioritize_unhealthy_instances: bool = False
    pause_time_between_batches: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class ScaleSetAdded:
    """A scale set exists from here on.

    :param versions: the image version of each instance, by id; None where no image could be resolved.
    :param not_ready: the instances that are not ready now.
    :param is_pool: it is a Batch pool's machines, and ``scale_set`` is the pool's id.
    """

    at: datetime
    scale_set: str
    location: str
    versions: Mapping[str, str | None]
    not_ready: frozenset[str]
    is_pool: bool = False


@dataclass(frozen=True, slots=True)
class InstanceAdded:
    """The scale set was scaled out by one instance, which is not ready yet."""

    at: datetime
    scale_set: str
    instance: str
    version: str | None


@dataclass(frozen=True, slots=True)
class InstanceRemoved:
    """The scale set was scaled in by one instance."""

    at: datetime
    scale_set: str
    instance: str


@dataclass(frozen=True, slots=True)
class Replacement:
    """One instance's OS disk, accepted for replacement.

    :param update_domain: the number within the zone.
    """

    instance: str
    from_version: str | None
    to_version: str | None
    zone: str | None
    update_domain: int
    protected: bool


@dataclass(frozen=True, slots=True)
class ReplacementsAccepted:
    """One accepted call that replaces OS disks.

    :param image: publisher, offer and sku, or the id, of the image of which the versions are versions.
    """

    at: datetime
    scale_set: str
    image: str
    replacements: tuple[Replacement, ...]
    policy: EffectivePolicy
    service_fabric: bool


@dataclass(frozen=True, slots=True)
class DeallocationAccepted:
    """A virtual machine goes down; for one that was swapped, this is how its rollback begins."""

    at: datetime
    scale_set: str
    instance: str


@dataclass(frozen=True, slots=True)
class OsDiskSwapped:
    """An instance has its new OS disk; with ``data_disks_lost``, how many data disks went with the old one."""

    at: datetime
    scale_set: str
    instance: str
    version: str | None
    data_disks_lost: int


@dataclass(frozen=True, slots=True)
class OperationFailed:
    """The operation failed for this instance."""

    at: datetime
    scale_set: str
    instance: str


@dataclass(frozen=True, slots=True)
class ReadinessChanged:
    """An instance became ready, or is ready no more."""

    at: datetime
    scale_set: str
    instance: str
    ready: bool


@dataclass(frozen=True, slots=True)
class UpgradeRenewed:
    """What an upgrade brings has changed: the scale set has another model, or a version was published anew.

    :param version: the version that was published anew; None for another model, which renews all of them.
    """

    at: datetime
    scale_set: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class NodeInterrupted:
    """A call, or the platform, replaced or restarted a Batch node while it ran tasks.

    What happens to a node from outside, a crash or a zone that goes down, is none.

    :param scale_set: the pool's id.
    :param tasks: those that it ran, ``job/task``.
    :param deferred: the pool says that nodes which run tasks are left alone (R55).
    :param requeued: the tasks are queued again; else they have ended, as the call asked for.
    """

    at: datetime
    scale_set: str
    instance: str
    tasks: tuple[str, ...]
    deferred: bool
    requeued: bool = True


@dataclass(frozen=True, slots=True)
class TasksEnded:
    """A call that closes a Batch node ended the tasks on it: an owner's order about tasks.

    :param scale_set: the pool's id.
    :param tasks: those that it ran, ``job/task``.
    """

    at: datetime
    scale_set: str
    instance: str
    tasks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NodePoolAdded:
    """An agent pool exists from here on.

    :param pool: its id as the document writes it.
    :param images: the node image of each node, by name.
    :param surge: names of nodes that are there for an upgrade.
    :param unavailable: names of nodes that take no pods now.
    :param quarantined: those of them that could not be drained and were left on their old image.
    :param upgrading_to: the image of the upgrade that is under way; empty where none is.
    :param upgrade_settings: ``upgradeSettings`` of the pool.
    """

    at: datetime
    pool: str
    images: Mapping[str, str]
    surge: frozenset[str] = frozenset()
    unavailable: frozenset[str] = frozenset()
    quarantined: frozenset[str] = frozenset()
    upgrading_to: str = ""
    upgrade_settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodePoolRemoved:
    """An agent pool exists no more."""

    at: datetime
    pool: str


@dataclass(frozen=True, slots=True)
class NodeAdded:
    """A node comes to a pool, and does not take pods yet."""

    at: datetime
    pool: str
    node: str
    image: str
    is_surge: bool = False


@dataclass(frozen=True, slots=True)
class NodeRemoved:
    """A node is gone from its pool."""

    at: datetime
    pool: str
    node: str


@dataclass(frozen=True, slots=True)
class NodePoolUpgradeAccepted:
    """Nodes of a pool are going to be reimaged, or patched live: a call asked for it, or the platform began it.

    :param image: what they get.
    :param running: the node image of each node now, by name.
    :param maintenance: ``properties`` of the cluster's configuration for node images; None where it has none.
    :param kind: ``reimage``, ``live`` for patches of running nodes, ``resume`` for a course that had stopped.
    :param upgrade_settings: ``upgradeSettings`` of the pool.
    """

    at: datetime
    pool: str
    image: str
    running: Mapping[str, str]
    maintenance: Mapping[str, Any] | None
    kind: str = "reimage"
    by_platform: bool = False
    upgrade_settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NodePoolUpgradeEnded:
    """The upgrade of a pool is over: ``Succeeded``, ``Failed`` or ``Canceled``."""

    at: datetime
    pool: str
    status: str


@dataclass(frozen=True, slots=True)
class NodeAvailabilityChanged:
    """A node takes pods from here on, or does not any more.

    :param from_outside: no upgrade or scaling did it, but a crash, or a zone that went down.
    """

    at: datetime
    pool: str
    node: str
    available: bool
    is_surge: bool = False
    from_outside: bool = False


@dataclass(frozen=True, slots=True)
class NodeDrainEnded:
    """A node was drained, or its drain was given up after the pool's drain timeout."""

    at: datetime
    pool: str
    node: str
    drained: bool


@dataclass(frozen=True, slots=True)
class NodeImageChanged:
    """A node has another node image, with its Kubernetes version before and after (R66)."""

    at: datetime
    pool: str
    node: str
    before: str
    after: str
    kubernetes_before: str
    kubernetes_after: str


NodePoolEvent = (
    NodePoolAdded
    | NodePoolRemoved
    | NodeAdded
    | NodeRemoved
    | NodePoolUpgradeAccepted
    | NodePoolUpgradeEnded
    | NodeAvailabilityChanged
    | NodeDrainEnded
    | NodeImageChanged
)

Event = (
    NodePoolEvent
    | ScaleSetAdded
    | UpgradeRenewed
    | InstanceAdded
    | InstanceRemoved
    | ReplacementsAccepted
    | DeallocationAccepted
    | OsDiskSwapped
    | OperationFailed
    | ReadinessChanged
    | NodeInterrupted
    | TasksEnded
)


class Observer(Protocol):
    """Whoever listens to the world's events."""

    def observe(self, event: Event) -> None:
        """Take note; events arrive in the order of time."""


class NobodyListens:
    """An observer for a world that nobody judges."""

    def observe(self, event: Event) -> None:
        """Nothing."""
