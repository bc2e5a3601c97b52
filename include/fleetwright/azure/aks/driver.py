"""The driver of AKS clusters: reads, upgrades of node images, and the cluster's own words."""

from __future__ import annotations

from collections.abc import Sequence

from fleetwright.azure.aks.cluster_directory import ClusterDirectory
from fleetwright.azure.aks.cluster_reading import ClusterReading
from fleetwright.azure.aks.features import Features
from fleetwright.azure.aks.live_patching import annotate_command
from fleetwright.azure.aks.node_operations import NodeOperations
from fleetwright.azure.aks.node_tables import QUESTION
from fleetwright.azure.aks.pool_reading import PoolReading
from fleetwright.azure.aks.run_command import RunCommand
from fleetwright.azure.aks.workload_parsing import parse_workloads
from fleetwright.azure.client import ArmClient
from fleetwright.azure.usages import list_usages
from fleetwright.domain.errors import ProviderError
from fleetwright.domain.node_pools.clusters import Cluster, Machine, NodePool, Workloads
from fleetwright.domain.node_pools.ids import ClusterId
from fleetwright.domain.quotas import Usage
from fleetwright.rollout.ports.clock import Clock
from fleetwright.rollout.ports.leases import Guard
from fleetwright.rollout.ports.operations import OperationStatus


class AksDriver:
    """A ``ClusterDriver`` over ARM.

    :param subscription: the only one whose clusters are listed; empty for every one that the identity can read
    """

    def __init__(self, client: ArmClient, subscription: str = "") -> None:
        self._client = client
        self._clusters, self._pools = ClusterReading(client), PoolReading(client)
        self._directory = ClusterDirectory(client, subscription)
        self._operations, self._commands = NodeOperations(client), RunCommand(client)

    def fetch_cluster(self, cluster_id: ClusterId) -> Cluster:
        """Read a cluster with its pools, their upgrade profiles, its window, and what its channel needs.

        :raises FleetNotFoundError: there is no such cluster
        :raises ConfigurationError: when its channel or a pool's upgradeSettings are none that are known
        """
        return self._clusters.fetch(cluster_id)

    def list_clusters(self) -> tuple[Cluster, ...]:
        """Every cluster of our subscriptions, without its pools' newest images."""
        return self._directory.list_clusters()

    def fetch_pool(self, cluster: Cluster, pool: str) -> NodePool:
        """Read one pool with its upgrade profile.

        :raises FleetNotFoundError: there is no such pool
        """
        return self._pools.fetch(cluster, pool)

    async def fetch_pool_async(self, cluster: Cluster, pool: str) -> NodePool:
        """The same read for a trigger."""
        return await self._pools.fetch_async(cluster, pool)

    def list_machines(self, cluster: Cluster, pool: str) -> tuple[Machine, ...]:
        """Read every machine of a pool, by name."""
        return self._pools.list_machines(cluster, pool)

    async def list_machines_async(self, cluster: Cluster, pool: str) -> tuple[Machine, ...]:
        """The same read for a trigger."""
        return await self._pools.list_machines_async(cluster, pool)

    def read_workloads(self, cluster: Cluster) -> Workloads:
        """Ask the cluster itself for nodes and disruption budgets.

        :raises ProviderError: saying what could not be asked or understood
        """
        output = self._commands.ask(cluster.cluster_id, QUESTION)
        try:
            return parse_workloads(output)
        except ProviderError as error:
            raise ProviderError(f"cluster {cluster.name}: {error}") from error

    def list_usages(self, cluster: Cluster) -> tuple[Usage, ...]:
        """Read the quotas of the cluster's region (N32)."""
        return list_usages(self._client, cluster.cluster_id.subscription, cluster.location)

    def begin_upgrade(self, cluster: Cluster, pool: str, guard: Guard) -> str:
        """Upgrade a pool to the newest node image; the poll URL, empty where there was nothing to do."""
        return self._operations.begin_upgrade(cluster, pool, guard)

    def begin_live_patch(self, cluster: Cluster, nodes: Sequence[str], patched_to: str, guard: Guard) -> str:
        """Have running nodes apply the security patches up to a date (R69); may be sent again."""
        return self._commands.begin(cluster.cluster_id, annotate_command(nodes, patched_to), guard)

    def abort(self, cluster: Cluster, pool: str, guard: Guard) -> str:
        """Stop a pool's operation; the poll URL, empty where there was none."""
        return self._operations.abort(cluster, pool, guard)

    def register_features(self, cluster: Cluster, names: Sequence[str], guard: Guard, clock: Clock) -> None:
        """Register features, wait until each is registered, then register the resource provider anew (R63)."""
        Features(self._client, cluster.cluster_id.subscription).register(names, guard, clock)

    def fetch_operation(self, url: str) -> OperationStatus:
        """Look at an operation or a command once."""
        return self._operations.look(url)

    async def fetch_operation_async(self, url: str) -> OperationStatus:
        """The same look for a trigger."""
        return await self._operations.look_async(url)
