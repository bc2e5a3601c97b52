"""One driver for every kind of fleet: each call goes to the driver of the fleet's own kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleetwright.azure.batch.driver import BatchPoolDriver
from fleetwright.azure.client import ArmClient
from fleetwright.azure.scale_sets import ScaleSetDriver
from fleetwright.domain.fleets import Fleet, FleetId, FleetKind
from fleetwright.domain.instances import Instance
from fleetwright.domain.quotas import Usage
from fleetwright.domain.repairs import RepairsAction, RepairsState
from fleetwright.domain.surroundings import Surroundings
from fleetwright.rollout.ports.driver import DiskState, FleetDriver
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.ports.operations import OperationStatus


class FleetDrivers:
    """A ``FleetDriver`` for scale sets and Batch pools."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._drivers: Mapping[FleetKind, FleetDriver] = {
            FleetKind.SCALE_SET: ScaleSetDriver(client),
            FleetKind.BATCH_POOL: BatchPoolDriver(client),
        }

    def fetch_fleet(self, fleet_id: FleetId) -> Fleet:
        """Read the fleet's model."""
        return self._drivers[fleet_id.kind].fetch_fleet(fleet_id)

    def list_instances(self, fleet: Fleet) -> tuple[Instance, ...]:
        """Read all instances."""
        return self._of(fleet).list_instances(fleet)

    async def list_instances_async(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The same read for a trigger."""
        return await self._of(fleet).list_instances_async(fleet)

    def fetch_instance(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """Read one instance itself."""
        return self._of(fleet).fetch_instance(fleet, instance_id)

    async def fetch_instance_async(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """The same read for a trigger."""
        return await self._of(fleet).fetch_instance_async(fleet, instance_id)

    def fetch_foreign_rollout(self, fleet: Fleet) -> str:
        """One line about an upgrade that somebody else has under way (O4)."""
        return self._of(fleet).fetch_foreign_rollout(fleet)

    def fetch_surroundings(self, fleet: Fleet, version: str) -> Surroundings:
        """Read what decides beside the model."""
        return self._of(fleet).fetch_surroundings(fleet, version)

    def fetch_awaited_version(self, fleet: Fleet) -> str:
        """The version for which Azure's deferred upgrade waits to be approved (O1)."""
        return self._of(fleet).fetch_awaited_version(fleet)

    def prepare(self, fleet: Fleet, instances: Sequence[Instance], guard: Guard) -> None:
        """Bring what is not on the latest model to it (R31)."""
        self._of(fleet).prepare(fleet, instances, guard)

    def keep_disks(self, fleet: Fleet, instances: Sequence[Instance], guard: Guard) -> Mapping[str, str]:
        """Make sure that a swap leaves the old OS disks behind, where the kind of fleet has them (O7)."""
        return self._of(fleet).keep_disks(fleet, instances, guard)

    def list_usages(self, fleet: Fleet) -> tuple[Usage, ...]:
        """Read the quotas of the fleet's region (N16)."""
        return self._of(fleet).list_usages(fleet)

    def begin_scaling(self, fleet: Fleet, capacity: int, guard: Guard) -> str:
        """Set how many instances there are to be (N15)."""
        return self._of(fleet).begin_scaling(fleet, capacity, guard)

    def begin_deletion(self, fleet: Fleet, instance_ids: Sequence[str], guard: Guard) -> str:
        """Delete exactly these instances (N15)."""
        return self._of(fleet).begin_deletion(fleet, instance_ids, guard)

    def split_calls(self, fleet: Fleet, instance_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Which instances one swap or rollback call may carry together."""
        return self._of(fleet).split_calls(fleet, instance_ids)

    def begin_swap(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Replace the OS disks by the version's."""
        return self._of(fleet).begin_swap(fleet, instance_ids, version, guard)

    def begin_rollback(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Put the previous version back."""
        return self._of(fleet).begin_rollback(fleet, instance_ids, version, guard)

    def prepare_rollback(self, fleet: Fleet, disks: Mapping[str, str], guard: Guard) -> Mapping[str, str]:
        """Put preserved OS disks back (O7)."""
        return self._of(fleet).prepare_rollback(fleet, disks, guard)

    def fetch_disks(self, fleet: Fleet, disk_ids: Sequence[str]) -> Mapping[str, DiskState]:
        """How disks stand right now."""
        return self._of(fleet).fetch_disks(fleet, disk_ids)

    def begin_delete_disk(self, fleet: Fleet, disk_id: str, guard: Guard) -> str:
        """Delete a disk that is attached to nothing."""
        return self._of(fleet).begin_delete_disk(fleet, disk_id, guard)

    def disable_scheduling(
        self, fleet: Fleet, instance_id: str, guard: Guard, *, requeue: bool = False
    ) -> None:
        """Give an instance no new work (R55)."""
        self._of(fleet).disable_scheduling(fleet, instance_id, guard, requeue=requeue)

    def enable_scheduling(self, fleet: Fleet, instance_id: str, guard: Guard) -> None:
        """Give an instance new work again."""
        self._of(fleet).enable_scheduling(fleet, instance_id, guard)

    def fetch_repairs_state(self, fleet: Fleet) -> RepairsState:
        """How the fleet's automatic repairs stand (O8)."""
        return self._of(fleet).fetch_repairs_state(fleet)

    def begin_repairs_action(self, fleet: Fleet, action: RepairsAction, guard: Guard) -> str:
        """Suspend or resume automatic repairs (O8)."""
        return self._of(fleet).begin_repairs_action(fleet, action, guard)

    def fetch_operation(self, url: str) -> OperationStatus:
        """Look at an operation once: all of them are Azure Resource Manager's."""
        return self._client.look(url).status

    async def fetch_operation_async(self, url: str) -> OperationStatus:
        """The same look for a trigger."""
        return (await self._client.reader.look(url)).status

    def _of(self, fleet: Fleet) -> FleetDriver:
        return self._drivers[fleet.kind]
