"""A scale set: its resource as ARM writes it, its model and its instances."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.batch.node import Node
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject, Model
    from arm_emulator.compute.rolling_upgrade import RollingUpgrade
    from arm_emulator.resource_ids import ScaleSetId
    from arm_emulator.timings import Range


@dataclass(slots=True)
class Snapshot:
    """The scale set's instances at an instant, for lists that lag; None where one had gone.

    :param node: the Batch node on it; None where there is none, or one that has no work and takes any.
    """

    at: datetime
    instance_id: str
    instance: Instance | None
    node: Node | None = None


@dataclass(slots=True)
class ScaleSet:
    """One scale set.

    :param location: its region's name, in lower case and without blanks.
    :param image_version: what the world document says its instances run.
    :param update_domains: None where the document does not say.
    :param data_disks_per_instance: the same.
    :param rolling_upgrade: the one that ``rollingUpgrades/latest`` shows; None where there never was one.
    :param upgrade_history: those that this world carried out before, newest first.
    :param automatic_since: since when automatic OS upgrades are on, as far as the platform has looked.
    :param eligible: the version that it would go to, and since when the platform has seen that.
    :param repairs_suspended: somebody suspended automatic repairs (``setOrchestrationServiceState``).
    :param next_id: the number of the next instance; numbers are never used again.
    :param platform_wakes: instants at which the timeline comes back to the set for the platform.
    :param has_moved_disks: some of its disks were attached by hand, so their names tell nothing.
    :param machine_names: ids of members whose virtual machine has a name of its own, by that name in lower case.
    :param owner: the id of the Batch pool whose machines it is, as that is written; empty where it is its own.
    :param is_hidden: it stands in a subscription of Batch's, where nobody sees it.
    :param past: states that a lagging list may still show, oldest first.
    """

    id: ScaleSetId
    location: str
    resource: JsonObject
    model: Model
    own_timings: dict[str, Range] = field(default_factory=dict)
    image_version: str | None = None
    update_domains: int | None = None
    data_disks_per_instance: int | None = None
    rolling_upgrade: RollingUpgrade | None = None
    upgrade_history: list[RollingUpgrade] = field(default_factory=list)
    automatic_since: datetime | None = None
    eligible: tuple[str, datetime] | None = None
    repairs_suspended: bool = False
    instances: dict[str, Instance] = field(default_factory=dict)
    next_id: int = 0
    etag: int = 1
    past: deque[Snapshot] = field(default_factory=deque)
    platform_wakes: set[datetime] = field(default_factory=set)
    has_moved_disks: bool = False
    machine_names: dict[str, str] = field(default_factory=dict)
    owner: str = ""
    is_hidden: bool = False

    @property
    def told_as(self) -> str:
        """The id by which the observer knows it: the pool's where it is a pool's machines."""
        return self.owner or self.id.text

    @property
    def key(self) -> str:
        """The id as ids are compared."""
        return self.id.key

    @property
    def is_flexible(self) -> bool:
        """Whether its members are virtual machines of their own."""
        mode = (self.resource.get("properties") or {}).get("orchestrationMode")
        return str(mode).lower() == "flexible"

    def machine_name(self, instance_id: str) -> str:
        """The name of a member's virtual machine."""
        instance = self.instances.get(instance_id)
        own = _own_name(instance) if self.is_flexible and instance is not None else ""
        return own or f"{self.id.name}_{instance_id}"

    def machine_id(self, instance_id: str) -> str:
        """The id of a member's virtual machine."""
        where = f"/subscriptions/{self.id.subscription}/resourceGroups/{self.id.resource_group}"
        return f"{where}/providers/Microsoft.Compute/virtualMachines/{self.machine_name(instance_id)}"

    def find_instance(self, named: str) -> Instance | None:
        """A member by its id or, in a Flexible set, by its virtual machine's name in any case."""
        if not self.is_flexible:
            return self.instances.get(named)
        if (known := self.machine_names.get(named.lower())) is not None:
            return self.instances.get(known)
        prefix = f"{self.id.name}_".lower()
        if not named.lower().startswith(prefix):
            return self.instances.get(named)
        instance = self.instances.get(named[len(prefix) :])
        return None if instance is None or _own_name(instance) else instance

    @property
    def zones(self) -> list[str]:
        """The zones that the set stands in; empty for a regional one."""
        return self.resource.get("zones") or []


def _own_name(instance: Instance) -> str:
    return str((instance.imported or {}).get("name") or "")
