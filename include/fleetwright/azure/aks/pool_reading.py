"""Reading node pools and their machines, for tasks and for triggers."""

from __future__ import annotations

from fleetwright.azure.aks.machine_parsing import parse_machines
from fleetwright.azure.aks.pool_parsing import parse_pool, with_profile
from fleetwright.azure.aks.versions import machines_version
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.urls import MACHINES, arm_url
from fleetwright.domain.errors import FleetNotFoundError
from fleetwright.domain.node_pools.clusters import Cluster, Machine, NodePool
from fleetwright.domain.node_pools.ids import ClusterId

_PROFILE = "/upgradeProfiles/default"


class PoolReading:
    """Reads pools: one call for a pool, and one for its upgrade profile."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._machines_version = machines_version(client.given_api_version)

    def list_pools(self, cluster_id: ClusterId) -> tuple[NodePool, ...]:
        """All pools of a cluster with their upgrade profiles.

        :raises ConfigurationError: when one's upgradeSettings hold what is none
        """
        listed = self._client.list_items(self._client.cluster_url(f"{cluster_id.resource_id}/agentPools"))
        return tuple(self._with_profile(cluster_id, parse_pool(body)) for body in listed)

    def fetch(self, cluster: Cluster, pool: str) -> NodePool:
        """One pool with its upgrade profile.

        :raises FleetNotFoundError: there is no such pool
        """
        try:
            found = parse_pool(self._client.get(self._url(cluster.cluster_id, pool)))
        except NotFoundError as error:
            raise _missing(cluster, pool, error) from error
        return self._with_profile(cluster.cluster_id, found)

    async def fetch_async(self, cluster: Cluster, pool: str) -> NodePool:
        """The same read for a trigger."""
        reader = self._client.reader
        try:
            found = parse_pool(await reader.get(self._url(cluster.cluster_id, pool)))
        except NotFoundError as error:
            raise _missing(cluster, pool, error) from error
        return with_profile(found, await reader.get(self._url(cluster.cluster_id, pool, _PROFILE)))

    def list_machines(self, cluster: Cluster, pool: str) -> tuple[Machine, ...]:
        """Every machine, by name."""
        bodies = self._client.list_items(self._machines_url(cluster, pool))
        return parse_machines(bodies, pool, self._machines_version)

    async def list_machines_async(self, cluster: Cluster, pool: str) -> tuple[Machine, ...]:
        """The same read for a trigger."""
        bodies = await self._client.reader.list_items(self._machines_url(cluster, pool))
        return parse_machines(bodies, pool, self._machines_version)

    def _with_profile(self, cluster_id: ClusterId, pool: NodePool) -> NodePool:
        return with_profile(pool, self._client.get(self._url(cluster_id, pool.name, _PROFILE)))

    def _url(self, cluster_id: ClusterId, pool: str, below: str = "") -> str:
        return self._client.cluster_url(f"{cluster_id.pool_id(pool)}{below}")

    def _machines_url(self, cluster: Cluster, pool: str) -> str:
        path = f"{cluster.cluster_id.pool_id(pool)}/machines"
        return arm_url(self._client.url, path, MACHINES, api_version=self._machines_version)


def _missing(cluster: Cluster, pool: str, error: NotFoundError) -> FleetNotFoundError:
    return FleetNotFoundError(
        f"cluster {cluster.name} has no node pool {pool} any more: {error.code}: {error.failure.message}"
    )
