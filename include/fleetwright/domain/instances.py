"""One instance of a fleet as its provider shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fleetwright.domain.drains import RunningTask
from fleetwright.domain.images import is_older


class Health(StrEnum):
    """What the health source says (``vmHealth``: ``HealthState/...``)."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"
    INITIALIZING = "initializing"
    NOT_REPORTED = "not reported"  # no vmHealth: the instance never got the model with the health source


# The power of an instance whose view was not read, or does not tell it.
UNKNOWN_POWER = "unknown"

# Power states of a machine that does not run and is not about to.
DOWN = frozenset({"stopping", "stopped", "deallocating", "deallocated"})

# What a Batch node shows between its boot and the end of its start task.
STARTING = frozenset({"starting", "waitingforstarttask"})


class HealthSource(StrEnum):
    """What judges the health of a fleet's instances (R16, R32)."""

    PROBE = "probe"
    EXTENSION = (
        "extension"  # Application Health 2.0: rich states, *initializing* while a grace period lasts (N22)
    )
    BINARY_EXTENSION = (
        "binary extension"  # Application Health 1.0: healthy or unhealthy, from the first moment
    )
    EXTERNAL = "external"  # externalHealthPolicy: somebody outside reports it
    NODE = "node"  # a Batch node's state and its start task
    NONE = "none"  # power state and the provisioning of all extensions


@dataclass(frozen=True, slots=True)
class CustomMetrics:
    """What an instance's application says about its own upgrade (N18, N19).

    :param phase: ``PhaseOrderingNumber``, None where it gives none
    :param problem: why it cannot be read, empty where it was
    """

    skip_upgrade: bool = False
    phase: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance, read from the provider.

    :param version: the exact image version that it runs, empty where the provider shows none
    :param update_domain: the platform's update domain, 0 where it has none
    :param provisioning_state: ``Succeeded``, ``Updating``, ``Failed``, ...
    :param power: the word after ``PowerState/``: ``running``, ``stopped``, ...
    :param failed_extensions: names of the extensions whose provisioning failed
    :param pending_extensions: names of the extensions that are not settled yet
    :param os_disk_delete_option: what becomes of its OS disk when that is replaced, ``Delete`` or ``Detach``;
        empty where the provider keeps none
    :param data_disk_ids: ``lun:id:caching`` of each data disk, in order of LUN (see ``data_disks``)
    :param protected: from scale set actions: its owner wants it left alone
    :param protected_from_scale_in: it may be upgraded, and must not be deleted
    :param custom_metrics: None where its application reports none
    :param shown_state: what its provider calls its state, for people: ``starttaskfailed (exit code 1)``; empty
        where power, provisioning and health say it all
    :param running_tasks: the work on a Batch node, oldest first
    :param takes_work: its provider gives it new work: false for a Batch node whose scheduling is disabled
    """

    instance_id: str
    name: str = ""
    zone: str = ""
    update_domain: int = 0
    version: str = ""
    os_disk_id: str = ""
    data_disk_ids: tuple[str, ...] = ()
    latest_model_applied: bool = True
    provisioning_state: str = "Succeeded"
    power: str = "running"
    health: Health = Health.NOT_REPORTED
    failed_extensions: tuple[str, ...] = ()
    pending_extensions: tuple[str, ...] = ()
    protected: bool = False
    protected_from_scale_in: bool = False
    custom_metrics: CustomMetrics | None = None
    os_disk_delete_option: str = ""
    shown_state: str = ""
    running_tasks: tuple[RunningTask, ...] = ()
    takes_work: bool = True

    @property
    def is_idle(self) -> bool:
        """Whether no task runs on it."""
        return not self.running_tasks

    @property
    def domain(self) -> tuple[str, int]:
        """Zone and update domain: a batch lies within one of these (R49)."""
        return (self.zone, self.update_domain)

    @property
    def order(self) -> tuple[str, int]:
        """Sort key by number: 10 comes after 9, ``web_10`` after ``web_9``; names come after numbers."""
        if self.instance_id.isdecimal():
            return ("", int(self.instance_id))
        name = self.instance_id.rstrip("0123456789")
        return (name, int(self.instance_id[len(name) :] or -1))

    @property
    def is_settled(self) -> bool:
        """Whether no operation of the provider is at work on it."""
        return self.provisioning_state.lower() in {"succeeded", "failed", "canceled"}

    @property
    def is_provisioned(self) -> bool:
        """Whether its provisioning succeeded."""
        return self.provisioning_state.lower() == "succeeded"


def left_behind(instances: Iterable[Instance], version: str) -> tuple[Instance, ...]:
    """Those that a rollout to a version is for: on an older one, and not protected by their owner."""
    return tuple(i for i in instances if is_older(i.version, version) and not i.protected)
