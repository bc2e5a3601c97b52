"""The driver of scale sets: it reads, and hands what changes disks to the way that fits the set."""

from __future__ import annotations

from collections.abc import Sequence

from fleetwright.azure.bodies import Body
from fleetwright.azure.client import ArmClient
from fleetwright.azure.disk_replacement import DiskReplacement, checked_ids, exact_version
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.fleet_parsing import parse_fleet
from fleetwright.azure.instance_parsing import parse_instance, parse_instances
from fleetwright.azure.model_updates import ModelUpdate
from fleetwright.azure.reimaging import Reimaging
from fleetwright.azure.rolling_upgrades import describe_rolling_upgrade
from fleetwright.azure.surroundings import SurroundingsReader
from fleetwright.azure.urls import segment
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, FleetId
from fleetwright.domain.instances import Instance
from fleetwright.domain.surroundings import Surroundings
from fleetwright.rollout.ports import Guard, OperationStatus


class ScaleSetDriver:
    """A ``FleetDriver`` for scale sets.

    Every mutating call carries an explicit, non-empty list of instance ids.
    """

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def fetch_fleet(self, fleet_id: FleetId) -> Fleet:
        """Read the scale set's model.

        :raises ConfigurationError: when there is no such scale set, or its policy holds what is none
        """
        try:
            return parse_fleet(fleet_id, self._client.get(self._url(fleet_id)))
        except NotFoundError as error:
            raise ConfigurationError(
                f"fleet {fleet_id.resource_id} is not at {self._client.url}:"
                f" {error.code}: {error.failure.message}"
            ) from error

    def list_instances(self, fleet: Fleet) -> tuple[Instance, ...]:
        """Read the whole set with its instance views: one call, as many pages as Azure makes of it."""
        return parse_instances(self._client.list_items(self._list_url(fleet)))

    async def list_instances_async(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The same read for a trigger."""
        return parse_instances(await self._client.reader.list_items(self._list_url(fleet)))

    def fetch_instance(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """Read one instance itself with its instance view; None when it does not exist any more."""
        try:
            return parse_instance(self._client.get(self._instance_url(fleet, instance_id)))
        except NotFoundError:
            return None

    async def fetch_instance_async(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """The same read for a trigger."""
        try:
            return parse_instance(await self._client.reader.get(self._instance_url(fleet, instance_id)))
        except NotFoundError:
            return None

    def fetch_foreign_rollout(self, fleet: Fleet) -> str:
        """One line about a rolling upgrade that Azure has under way, empty where there is none (O4)."""
        try:
            body: Body = self._client.get(self._url(fleet.fleet_id, "/rollingUpgrades/latest"))
        except NotFoundError:  # the set never had one
            return ""
        return describe_rolling_upgrade(body)

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

    def split_calls(self, fleet: Fleet, instance_ids: Sequence[str]) -> tuple[tuple[str, ...], ...]:
        """Which instances go into one mutating call."""
        return self._disks(fleet).split_calls(instance_ids)

    def begin_swap(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Replace the OS disks by the version's; return the operation's poll URL.

        :returns: where to look for the end, empty where Azure had ended it in its answer
        """
        ids = checked_ids(fleet, instance_ids)
        return self._disks(fleet).begin_swap(fleet, ids, exact_version(fleet, version), guard)

    def begin_rollback(self, fleet: Fleet, instance_ids: Sequence[str], version: str, guard: Guard) -> str:
        """Put the previous version back: how much of the old disk comes with it is the kind of set's (O7)."""
        ids = checked_ids(fleet, instance_ids)
        return self._disks(fleet).begin_rollback(fleet, ids, exact_version(fleet, version), guard)

    def fetch_operation(self, url: str) -> OperationStatus:
        """Look at an operation once."""
        return self._client.look(url).status

    async def fetch_operation_async(self, url: str) -> OperationStatus:
        """The same look for a trigger."""
        return (await self._client.reader.look(url)).status

    def _disks(self, _fleet: Fleet) -> DiskReplacement:
        return Reimaging(self._client)

    def _list_url(self, fleet: Fleet) -> str:
        return self._url(fleet.fleet_id, "/virtualMachines", expand="instanceView")

    def _instance_url(self, fleet: Fleet, instance_id: str) -> str:
        return self._url(fleet.fleet_id, f"/virtualMachines/{segment(instance_id)}", expand="instanceView")

    def _url(self, fleet_id: FleetId, below: str = "", **query: str) -> str:
        return self._client.scale_set_url(f"{fleet_id.resource_id}{below}", **query)
