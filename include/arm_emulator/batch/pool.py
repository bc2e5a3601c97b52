"""A Batch account and its pools. The machines of a pool are a scale set, which Azure shows in some accounts only."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from arm_emulator.batch.node import Node, instance_of

if TYPE_CHECKING:
    from arm_emulator.batch.ids import AccountId
    from arm_emulator.batch.node import Task
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.resource_ids import ScaleSetId

BATCH_SERVICE, USER_SUBSCRIPTION = "BatchService", "UserSubscription"


@dataclass(slots=True)
class BatchPool:
    """A pool.

    :param id: as the world file or the call that created it writes it.
    :param resource: as ARM shows it, without what changes by itself.
    :param machines: the scale set: a node for each instance.
    :param queue: tasks that wait for an idle node, oldest first.
    :param has_policy: its account is activated; the pools of others have no ``upgradePolicy`` for anybody (R60).
    """

    id: str
    name: str
    resource: JsonObject
    machines: ScaleSet
    nodes: dict[str, Node] = field(default_factory=dict)
    queue: deque[Task] = field(default_factory=deque)
    etag: int = 1
    has_policy: bool = True

    @property
    def key(self) -> str:
        """The id as ids are compared."""
        return self.id.lower()

    def find_node(self, named: str) -> Node | None:
        """A node by its id, or by its machine's number; one whose machine is gone is gone, too."""
        instance = instance_of(named)
        if instance not in self.machines.instances:
            self.nodes.pop(instance, None)
            return None
        return self.nodes.setdefault(instance, Node(instance))

    def all_nodes(self) -> list[Node]:
        """A node for each machine."""
        known = self.nodes
        return [known.get(i) or known.setdefault(i, Node(i)) for i in self.machines.instances]

    @property
    def _automatic(self) -> JsonObject:
        policy = (self.resource.get("properties") or {}).get("upgradePolicy") or {}
        return policy.get("automaticOSUpgradePolicy") or {}

    @property
    def defers_upgrades(self) -> bool:
        """Whether nodes that run tasks are to be left alone (``osRollingUpgradeDeferral``)."""
        return self.has_policy and self._automatic.get("osRollingUpgradeDeferral") is True


@dataclass(slots=True)
class BatchAccount:
    """An account.

    :param is_activated: Azure's support has activated automatic OS upgrades for it (R60, N28).
    :param named: the name under which its data plane is served, where that is not its own.
    :param pools: by name in lower case.
    """

    id: AccountId
    location: str
    resource: JsonObject
    is_activated: bool = True
    named: str = ""
    pools: dict[str, BatchPool] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The id as ids are compared."""
        return self.id.key

    @property
    def served_as(self) -> str:
        """The name under which its data plane is served."""
        return self.named or self.id.name

    @property
    def is_user_subscription(self) -> bool:
        """Whether the machines of its pools stand in the user's own subscription, for everybody to see."""
        return self.allocation_mode == USER_SUBSCRIPTION

    @property
    def allocation_mode(self) -> str:
        """``poolAllocationMode``, which a world may write in any case."""
        mode = (self.resource.get("properties") or {}).get("poolAllocationMode")
        return USER_SUBSCRIPTION if str(mode).lower() == USER_SUBSCRIPTION.lower() else BATCH_SERVICE

    def machines_id(self, pool: str) -> ScaleSetId:
        """The id of the scale set that is a pool's machines."""
        return self.id.machines_id(pool, account=self.served_as, is_hidden=not self.is_user_subscription)
