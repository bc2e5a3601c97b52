"""The driver of scale sets: it reads, and hands what changes disks to the way that fits the set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fleetwright.azure.approval import Approval
from fleetwright.azure.automatic_repairs import AutomaticRepairs
from fleetwright.azure.client import ArmClient
from fleetwright.azure.disk_replacement import DiskReplacement, checked_ids, exact_version
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.fleet_parsing import parse_fleet
from fleetwright.azure.flexible import PreservingReplacement
from fleetwright.azure.instance_reading import InstanceReading
from fleetwright.azure.managed_disks import ManagedDisks
from fleetwright.azure.member_reading import MemberReading
from fleetwright.azure.model_updates import ModelUpdate
from fleetwright.azure.reimaging import Reimaging
from fleetwright.azure.rolling_upgrades import RollingUpgrades
from fleetwright.azure.surging import Surging
from fleetwright.azure.surroundings import SurroundingsReader
from fleetwright.azure.uniform_reading import UniformReading
from fleetwright.domain.errors import FleetNotFoundError
from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.instances import Instance
from fleetwright.domain.quotas import Usage
from fleetwright.domain.repairs import RepairsAction, RepairsState
from fleetwright.domain.strategy import Strategy
from fleetwright.domain.surroundings import Surroundings
from fleetwright.rollout.ports.driver import DiskState
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.ports.operations import OperationStatus


class ScaleSetDriver:
    """A ``FleetDriver`` for scale sets.

    Every mutating call carries an explicit, non-empty list of instance ids.
    """

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._uniform, self._members = UniformReading(client), MemberReading(client)

    def fetch_fleet(self, fleet_id: FleetId) -> Fleet:
        """Read the scale set's model.

        :raises FleetNotFoundError: when there is no such scale set
        :raises ConfigurationError: when its policy holds what is none
        """
        try:
            return parse_fleet(fleet_id, self._client.get(self._url(fleet_id)))
        except NotFoundError as error:
            raise FleetNotFoundError(
                f"fleet {fleet_id.resource_id} is not at {self._client.url}:"
                f" {error.code}: {error.failure.message}"
            ) from error

    def list_instances(self, fleet: Fleet) -> tuple[Instance, ...]:
        """Read the set with its instance views."""
        return self._reading(fleet).list_instances(fleet)

    async def list_instances_async(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The same read for a trigger."""
        return await self._reading(fleet).list_instances_async(fleet)

    def fetch_instance(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """Read one instance itself with its instance view; None when it does not exist any more."""
        return self._reading(fleet).fetch_instance(fleet, instance_id)

    async def fetch_instance_async(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """The same read for a trigger."""
        return await self._reading(fleet).fetch_instance_async(fleet, instance_id)

    def fetch_foreign_rollout(self, fleet: Fleet) -> str:
        """One line about a rolling upgrade that Azure has under way by itself, empty where there is none (O4)."""
        return RollingUpgrades(self._client).describe_foreign(fleet)

    def fetch_awaited_version(self, fleet: Fleet) -> str:
        """The version that Azure's deferred upgrade brings to what is approved; empty where none waits (O1)."""
        return RollingUpgrades(self._client).awaited_version(fleet)

    def fetch_surroundings(self, fleet: Fleet, version: str) -> Surroundings:
        """Read what decides beside the model; what cannot be read is told as such, and never raised."""
        return SurroundingsReader(self._client).read(fleet, version)

    def prepare(self, fleet: Fleet, instances: Sequence[Instance], guard: Guard) -> None:
        """Bring what is not on the latest model to it, and wait for that (R31).

        :raises OperationFailedError: when Azure could not, or had no end in 30 minutes
        """
        behind = [instance.instance_id for instance in instances if not instance.latest_model_applied]
        if behind:
            url = self._url(fleet.fleet_id, "/manualupgrade")
            ModelUpdate(self._client, url, lambda: self.list_instances(fleet), guard).run(
                checked_ids(fleet, behind)
            )

    def keep_disks(self, fleet: Fleet, instances: Sequence[Instance], guard: Guard) -> Mapping[str, str]:
        """Make sure that swaps leave the old OS disks behind, where the kind of set can give them back (O7)."""
        return self._disks(fleet).keep_disks(fleet, instances, guard)

    def split_calls(self, fleet: Fleet, instance_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Which instances go into one mutating call."""
        return self._disks(fleet).split_calls(instance_ids)

    def begin_swap(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Replace the OS disks by the version's; return the operation's poll URL.

        :returns: where to look for the end, empty where Azure had ended it in its answer
        """
        ids = checked_ids(fleet, instance_ids)
        return self._disks(fleet).begin_swap(fleet, ids, exact_version(fleet, version), guard)

    def prepare_rollback(self, fleet: Fleet, disks: Mapping[str, str], guard: Guard) -> Mapping[str, str]:
        """Put preserved OS disks back, where the kind of set has them (O7)."""
        checked_ids(fleet, tuple(disks))
        return self._disks(fleet).prepare_rollback(fleet, disks, guard)

    def begin_rollback(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Put the previous version back: how much of the old disk comes with it is the kind of set's (O7)."""
        ids = checked_ids(fleet, instance_ids)
        return self._disks(fleet).begin_rollback(fleet, ids, exact_version(fleet, version), guard)

    def disable_scheduling(
        self, fleet: Fleet, instance_id: str, guard: Guard, *, requeue: bool = False
    ) -> None:
        """Nothing to do: Azure gives the instances of a scale set no work."""

    def enable_scheduling(self, fleet: Fleet, instance_id: str, guard: Guard) -> None:
        """Nothing to do, as before."""

    def fetch_repairs_state(self, fleet: Fleet) -> RepairsState:
        """How automatic repairs stand (O8)."""
        return AutomaticRepairs(self._client).fetch_state(fleet)

    def begin_repairs_action(self, fleet: Fleet, action: RepairsAction, guard: Guard) -> str:
        """Suspend or resume automatic repairs (O8)."""
        return AutomaticRepairs(self._client).begin(fleet, action, guard)

    def list_usages(self, fleet: Fleet) -> tuple[Usage, ...]:
        """Read the quotas of the fleet's region (N16)."""
        return Surging(self._client).list_usages(fleet)

    def begin_scaling(self, fleet: Fleet, capacity: int, guard: Guard) -> str:
        """Set how many instances there are to be; return the operation's poll URL (N15)."""
        return Surging(self._client).begin_scaling(fleet, capacity, guard)

    def begin_deletion(self, fleet: Fleet, instance_ids: Sequence[str], guard: Guard) -> str:
        """Delete exactly these instances, and the capacity with them; return the operation's poll URL (N15)."""
        return Surging(self._client).begin_deletion(fleet, checked_ids(fleet, instance_ids), guard)

    def fetch_disks(self, _fleet: Fleet, disk_ids: Sequence[str]) -> Mapping[str, DiskState]:
        """Look at managed disks."""
        return ManagedDisks(self._client).fetch_states(disk_ids)

    def begin_delete_disk(self, _fleet: Fleet, disk_id: str, guard: Guard) -> str:
        """Delete a managed disk; Azure refuses that while it is attached."""
        return ManagedDisks(self._client).begin_delete(disk_id, guard)

    def fetch_operation(self, url: str) -> OperationStatus:
        """Look at an operation once."""
        return self._client.look(url).status

    async def fetch_operation_async(self, url: str) -> OperationStatus:
        """The same look for a trigger."""
        return (await self._client.reader.look(url)).status

    def _disks(self, fleet: Fleet) -> DiskReplacement:
        if fleet.is_flexible:
            return PreservingReplacement(self._client)
        return Approval(self._client) if fleet.strategy is Strategy.APPROVE else Reimaging(self._client)

    def _reading(self, fleet: Fleet) -> InstanceReading:
        return self._members if fleet.is_flexible else self._uniform

    def _url(self, fleet_id: FleetId, below: str = "") -> str:
        return self._client.scale_set_url(f"{fleet_id.resource_id}{below}")
