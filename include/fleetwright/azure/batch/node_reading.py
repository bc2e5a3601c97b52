"""Reading nodes: one list of the data plane, and once the zones of the machines behind them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from fleetwright.azure.batch.data_plane import DataPlane, data_plane
from fleetwright.azure.batch.known_nodes import KnownNodes
from fleetwright.azure.batch.machines import KnownMachines
from fleetwright.azure.batch.node_parsing import UPGRADING_OS, Node, parse_node
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.instance_parsing import in_order
from fleetwright.azure.known_pages import KnownPages
from fleetwright.azure.paging import read_page
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance


class NodeReading:
    """The ``InstanceReading`` of Batch pools."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._pages = KnownPages(KnownNodes().parse)
        self._known: defaultdict[str, KnownMachines] = defaultdict(KnownMachines)

    def list_instances(self, fleet: Fleet) -> tuple[Instance, ...]:
        """One call, as many pages as Batch makes of it."""
        return in_order(self._placed(fleet, self._list(fleet)))

    async def list_instances_async(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The same read for a trigger."""
        plane = data_plane(self._client, fleet)
        nodes = await plane.client.reader.list_pages(plane.nodes_url(), self._pages.read)
        return in_order(await self._placed_async(fleet, nodes))

    def fetch_instance(self, fleet: Fleet, node_id: str) -> Instance | None:
        """One call."""
        plane = data_plane(self._client, fleet)
        try:
            node = parse_node(plane.client.get(plane.node_url(node_id)))
        except NotFoundError:
            return None
        return self._placed(fleet, (node,))[0]

    async def fetch_instance_async(self, fleet: Fleet, node_id: str) -> Instance | None:
        """The same read for a trigger."""
        plane = data_plane(self._client, fleet)
        try:
            node = parse_node(await plane.client.reader.get(plane.node_url(node_id)))
        except NotFoundError:
            return None
        return (await self._placed_async(fleet, (node,)))[0]

    def list_upgrading(self, fleet: Fleet) -> tuple[Instance, ...]:
        """The nodes whose OS is being upgraded by the platform."""
        plane: DataPlane = data_plane(self._client, fleet)
        url = plane.nodes_url(filter=f"state eq '{UPGRADING_OS}'")
        return in_order(parse_node(body).instance for body in plane.client.list_pages(url, read_page))

    def machines_of(self, fleet: Fleet, node_ids: Sequence[str] = ()) -> KnownMachines:
        """The machines behind nodes, read where one of them is not known yet, or none at all."""
        known = self._known[fleet.key]
        if not known.scale_sets() or any(known.of(node_id) is None for node_id in node_ids):
            known.note(fleet, self._list(fleet))
        return known

    def _list(self, fleet: Fleet) -> tuple[Node, ...]:
        plane = data_plane(self._client, fleet)
        return plane.client.list_pages(plane.nodes_url(), self._pages.read)

    def _placed(self, fleet: Fleet, nodes: Sequence[Node]) -> tuple[Instance, ...]:
        known = self._noted(fleet, nodes)
        for scale_set in _to_read(fleet, known, nodes):
            known.learn(scale_set, self._client.list_items(self._machines_url(scale_set)))
        return known.placed(nodes)

    async def _placed_async(self, fleet: Fleet, nodes: Sequence[Node]) -> tuple[Instance, ...]:
        known = self._noted(fleet, nodes)
        for scale_set in _to_read(fleet, known, nodes):
            known.learn(scale_set, await self._client.reader.list_items(self._machines_url(scale_set)))
        return known.placed(nodes)

    def _noted(self, fleet: Fleet, nodes: Sequence[Node]) -> KnownMachines:
        known = self._known[fleet.key]
        known.note(fleet, nodes)
        return known

    def _machines_url(self, scale_set: str) -> str:
        return self._client.scale_set_url(f"{scale_set}/virtualMachines")


def _to_read(fleet: Fleet, known: KnownMachines, nodes: Sequence[Node]) -> tuple[str, ...]:
    return known.unread(nodes) if fleet.pool is not None and fleet.pool.is_zonal else ()
