"""The driver of Batch pools: their model is ARM's, their nodes are the data plane's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleetwright.azure.batch.node_reading import NodeReading
from fleetwright.azure.batch.node_replacement import (
    DataPlaneReimage,
    NodeReplacement,
    NoReplacement,
    ScaleSetReimage,
)
from fleetwright.azure.batch.others_upgrades import describe_foreign
from fleetwright.azure.batch.pool_reading import PoolReading
from fleetwright.azure.batch.scheduling import Scheduling
from fleetwright.azure.client import ArmClient
from fleetwright.azure.disk_replacement import checked_ids, exact_version
from fleetwright.azure.surroundings import SurroundingsReader
from fleetwright.domain.batch_pools import NodeUpgradeWay
from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.instances import Instance
from fleetwright.domain.quotas import Usage
from fleetwright.domain.repairs import RepairsAction, RepairsState
from fleetwright.domain.surroundings import Surroundings
from fleetwright.rollout.ports.driver import DiskState
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.ports.operations import OperationStatus
from fleetwright.rollout.provider_errors import CallRefusedError


class BatchPoolDriver:
    """A ``FleetDriver`` for Batch pools.

    Every mutating call carries an explicit, non-empty list of node ids.
    """

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._pools, self._nodes = PoolReading(client), NodeReading(client)
        self._scheduling = Scheduling(client)

    def fetch_fleet(self, fleet_id: FleetId) -> Fleet:
        """Read the pool's model.

        :raises FleetNotFoundError: naming what there is not: the account, or the pool
        :raises ConfigurationError: when its policy holds what is none
        """
        return self._pools.fetch(fleet_id)

    def list_instances(self, fleet: Fleet) -> tuple[Instance, ...]:
        """Read all nodes with their tasks, in order of their ids."""
        return self._nodes.list_instances(fleet)

    async def list_instances_async(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The same read for a trigger."""
        return await self._nodes.list_instances_async(fleet)

    def fetch_instance(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """Read one node itself; None when it does not exist any more."""
        return self._nodes.fetch_instance(fleet, instance_id)

    async def fetch_instance_async(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """The same read for a trigger."""
        return await self._nodes.fetch_instance_async(fleet, instance_id)

    def fetch_foreign_rollout(self, fleet: Fleet) -> str:
        """One line about an upgrade of Azure's own that is at work on the nodes, empty where there is none (O4)."""
        return describe_foreign(self._client, self._nodes, fleet)

    def fetch_surroundings(self, fleet: Fleet, version: str) -> Surroundings:
        """Read what decides beside the model: whether Azure upgrades the image automatically (R53)."""
        return SurroundingsReader(self._client).read(fleet, version)

    def fetch_awaited_version(self, _fleet: Fleet) -> str:
        """Nothing: Batch approves its own deferred upgrades, node by node."""
        return ""

    def prepare(self, fleet: Fleet, instances: Sequence[Instance], guard: Guard) -> None:
        """Nothing to do: a node gets its pool's model with its disk."""

    def keep_disks(self, _fleet: Fleet, _instances: Sequence[Instance], _guard: Guard) -> Mapping[str, str]:
        """Nothing to make sure of: a pool keeps no old disk."""
        return {}

    def split_calls(self, fleet: Fleet, instance_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """One node a call on the data plane, one call for each scale set behind the pool."""
        return self._replacement(fleet).split_calls(fleet, instance_ids)

    def begin_swap(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Replace the OS disks by the version's; return the operation's poll URL, empty where there is none."""
        ids = checked_ids(fleet, instance_ids)
        return self._replacement(fleet).begin(fleet, ids, exact_version(fleet, version), guard)

    def prepare_rollback(self, _fleet: Fleet, _disks: Mapping[str, str], _guard: Guard) -> Mapping[str, str]:
        """Nothing to put back before the call."""
        return {}

    def begin_rollback(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Put the previous version on a new disk, in the way of a swap."""
        return self.begin_swap(fleet, instance_ids, version, guard)

    def disable_scheduling(
        self, fleet: Fleet, instance_id: str, guard: Guard, *, requeue: bool = False
    ) -> None:
        """Give a node no new tasks; those on it run to their end, or are queued again (R55)."""
        act = self._scheduling.requeue if requeue else self._scheduling.disable
        act(fleet, instance_id, guard)

    def enable_scheduling(self, fleet: Fleet, instance_id: str, guard: Guard) -> None:
        """Give a node new tasks again; one that takes them already, or is gone, is left as it is."""
        self._scheduling.enable(fleet, instance_id, guard)

    def fetch_repairs_state(self, _fleet: Fleet) -> RepairsState:
        """Batch recovers its nodes itself, and nobody can suspend that: there is no service to ask (O8)."""
        return RepairsState.NOT_RUNNING

    def begin_repairs_action(self, fleet: Fleet, action: RepairsAction, guard: Guard) -> str:
        """Refused: there is no service of repairs to suspend."""
        del guard
        raise _unknown_to_pools(fleet, f"{action} automatic repairs")

    def list_usages(self, _fleet: Fleet) -> tuple[Usage, ...]:
        """None: quotas are asked for before a surge, and a pool has none (its policy knows no maxSurge)."""
        return ()

    def begin_scaling(self, fleet: Fleet, capacity: int, guard: Guard) -> str:
        """Refused: a pool knows no surge."""
        del guard
        raise _unknown_to_pools(fleet, f"a surge to {capacity} nodes")

    def begin_deletion(self, fleet: Fleet, instance_ids: Sequence[str], guard: Guard) -> str:
        """Refused: only what a surge added would be deleted."""
        del guard
        raise _unknown_to_pools(fleet, f"deletion of {', '.join(instance_ids)} after a surge")

    def fetch_disks(self, _fleet: Fleet, _disk_ids: Sequence[str]) -> Mapping[str, DiskState]:
        """None: a pool leaves no disks behind, and Batch shows none."""
        return {}

    def begin_delete_disk(self, fleet: Fleet, disk_id: str, guard: Guard) -> str:
        """Refused: a pool leaves no disks behind."""
        del guard
        raise _unknown_to_pools(fleet, f"deletion of disk {disk_id}")

    def fetch_operation(self, url: str) -> OperationStatus:
        """Look at an operation of the scale set behind a pool once."""
        return self._client.look(url).status

    async def fetch_operation_async(self, url: str) -> OperationStatus:
        """The same look for a trigger."""
        return (await self._client.reader.look(url)).status

    def _replacement(self, fleet: Fleet) -> NodeReplacement:
        way = fleet.pool.way if fleet.pool else NodeUpgradeWay.NONE
        if way is NodeUpgradeWay.SCALE_SET:
            return ScaleSetReimage(self._client, self._nodes)
        if way is NodeUpgradeWay.DATA_PLANE:
            return DataPlaneReimage(self._client)
        return NoReplacement()


def _unknown_to_pools(fleet: Fleet, what: str) -> CallRefusedError:
    return CallRefusedError(f"{fleet.fleet_id.resource_id}: Batch pools know no {what} (nothing was changed)")
