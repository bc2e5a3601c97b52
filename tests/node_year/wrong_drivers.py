"""Products that are wrong on purpose, so that whoever judges a year is judged as well."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import Any

from fleetwright.domain.maintenance import MaintenanceWindow, read_maintenance_window
from fleetwright.domain.node_pools.clusters import Cluster, NodePool
from fleetwright.domain.node_pools.ids import ClusterId
from fleetwright.node_images.ports import ClusterDriver

ALWAYS = read_maintenance_window(
    {"schedule": {"daily": {"intervalDays": 1}}, "durationHours": 24, "startTime": "00:00"}
)


class _Other:
    """A driver that sees clusters otherwise than they are."""

    def __init__(self, inner: ClusterDriver) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever a driver has
        return getattr(self._inner, name)

    def list_clusters(self) -> tuple[Cluster, ...]:
        """Every cluster."""
        return tuple(map(self._changed, self._inner.list_clusters()))

    def fetch_cluster(self, cluster_id: ClusterId) -> Cluster:
        """One cluster."""
        return self._changed(self._inner.fetch_cluster(cluster_id))

    def _changed(self, cluster: Cluster) -> Cluster:
        return cluster


class WindowsIgnored(_Other):
    """Every window is always open."""

    def _changed(self, cluster: Cluster) -> Cluster:
        return replace(cluster, window=ALWAYS)


class BlackoutsIgnored(_Other):
    """No date is forbidden."""

    def _changed(self, cluster: Cluster) -> Cluster:
        window = cluster.window
        if not isinstance(window, MaintenanceWindow):
            return cluster
        return replace(cluster, window=replace(window, not_allowed_dates=()))


class OffsetsIgnored(_Other):
    """Everybody lives in UTC."""

    def _changed(self, cluster: Cluster) -> Cluster:
        window = cluster.window
        if not isinstance(window, MaintenanceWindow):
            return cluster
        return replace(cluster, window=replace(window, utc_offset=UTC))


class ImagesRemembered(_Other):
    """What was a pool's newest image once is so for ever."""

    def __init__(self, inner: ClusterDriver) -> None:
        super().__init__(inner)
        self._newest: dict[str, str] = {}

    def _changed(self, cluster: Cluster) -> Cluster:
        return replace(cluster, pools=tuple(self._remembered(cluster, pool) for pool in cluster.pools))

    def _remembered(self, cluster: Cluster, pool: NodePool) -> NodePool:
        if not pool.latest_image:
            return pool
        key = cluster.cluster_id.pool_id(pool.name)
        return replace(pool, latest_image=self._newest.setdefault(key, pool.latest_image))
