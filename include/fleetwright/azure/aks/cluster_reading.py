"""Reading one cluster: its own body, its pools with their upgrade profiles, its windows, what its channel needs."""

from __future__ import annotations

from dataclasses import replace

from fleetwright.azure.aks.cluster_parsing import parse_cluster
from fleetwright.azure.aks.features import Features
from fleetwright.azure.aks.kubernetes_versions import KubernetesVersions
from fleetwright.azure.aks.maintenance_reading import find_window
from fleetwright.azure.aks.pool_reading import PoolReading
from fleetwright.azure.aks.versions import CHANNEL_FEATURE, needs_feature
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.domain.errors import FleetNotFoundError
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.ids import ClusterId


class ClusterReading:
    """Reads clusters."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._pools = PoolReading(client)
        self._versions = KubernetesVersions(client)

    def fetch(self, cluster_id: ClusterId) -> Cluster:
        """Read everything of it: three calls and one a pool, one for its region's versions, one for a preview feature.

        :raises FleetNotFoundError: there is no such cluster
        :raises ConfigurationError: when its channel or a pool's upgradeSettings are none that are known
        """
        cluster = self._read(cluster_id)
        found = find_window(self._client.list_items(self._url(cluster_id, "/maintenanceConfigurations")))
        versions = self._versions.read(cluster)
        return replace(
            cluster,
            window=found.window,
            window_problem=found.problem,
            supported_versions=versions.supported,
            features=self._features(cluster),
            warnings=(*cluster.warnings, *versions.warnings),
        )

    def _read(self, cluster_id: ClusterId) -> Cluster:
        try:
            body = self._client.get(self._url(cluster_id))
        except NotFoundError as error:
            raise FleetNotFoundError(
                f"cluster {cluster_id.resource_id} is not at {self._client.url}: {error.code}: {error.failure.message}"
            ) from error
        pools = self._pools.list_pools(cluster_id)
        return parse_cluster(cluster_id, body, self._client.cluster_api_version, pools)

    def _features(self, cluster: Cluster) -> dict[str, str]:
        """The state of the feature that SecurityPatch needs with early previews (R62)."""
        if not needs_feature(cluster.channel, self._client.cluster_api_version):
            return {}
        state = Features(self._client, cluster.cluster_id.subscription).fetch_state(CHANNEL_FEATURE)
        return {CHANNEL_FEATURE: state}

    def _url(self, cluster_id: ClusterId, below: str = "") -> str:
        return self._client.cluster_url(f"{cluster_id.resource_id}{below}")
