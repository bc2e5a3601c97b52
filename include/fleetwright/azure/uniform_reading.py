"""Reading a Uniform set: one list carries every instance view, and an instance has an address below the set."""

from __future__ import annotations

from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.instance_parsing import in_order, parse_instance
from fleetwright.azure.known_pages import KnownPages
from fleetwright.azure.urls import segment
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance


class UniformReading:
    """The ``InstanceReading`` of Uniform sets."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._pages = KnownPages(parse_instance)

    def list_instances(self, fleet: Fleet) -> tuple[Instance, ...]:
        """One call, as many pages as Azure makes of it."""
        return in_order(self._client.list_pages(self._list_url(fleet), self._pages.read))

    async def list_instances_async(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The same read for a trigger."""
        read = self._client.reader.list_pages(self._list_url(fleet), self._pages.read)
        return in_order(await read)

    def fetch_instance(self, fleet: Fleet, instance_id: str) -> Instance | None:
        """One call."""
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

    def _list_url(self, fleet: Fleet) -> str:
        return self._url(fleet, "virtualMachines")

    def _instance_url(self, fleet: Fleet, instance_id: str) -> str:
        return self._url(fleet, f"virtualMachines/{segment(instance_id)}")

    def _url(self, fleet: Fleet, below: str) -> str:
        path = f"{fleet.fleet_id.resource_id}/{below}"
        return self._client.scale_set_url(path, expand="instanceView")
