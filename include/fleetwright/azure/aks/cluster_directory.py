"""All AKS clusters of the subscriptions that an identity can see, by the fewest calls."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace

from fleetwright.azure.aks.cluster_parsing import inner_pools, parse_cluster
from fleetwright.azure.aks.maintenance_reading import FoundWindow, find_window
from fleetwright.azure.aks.pool_parsing import parse_pool
from fleetwright.azure.bodies import Body, body_at, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import ConflictError, NotFoundError
from fleetwright.azure.fleet_directory import AzureFleetDirectory
from fleetwright.azure.urls import CLUSTERS, segment
from fleetwright.domain.errors import ConfigurationError, ProviderError
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.ids import ClusterId, parse_target

log = logging.getLogger(__name__)

_UNREGISTERED = "missingsubscriptionregistration"


class ClusterDirectory:
    """Lists clusters: one list for each subscription, and one of the maintenance configurations of each cluster.

    :param subscription: the only one to look into; empty for every one that the identity can read
    """

    def __init__(self, client: ArmClient, subscription: str = "") -> None:
        self._client = client
        self._subscriptions = AzureFleetDirectory(client, subscription)

    def list_clusters(self) -> tuple[Cluster, ...]:
        """Every cluster with its pools and window; newest images are not asked for.

        What cannot be understood of a cluster stands in ``problem``: nothing is started on it automatically.

        :raises ProviderError: when a subscription's clusters cannot be listed
        """
        return tuple(self._list_clusters())

    def _list_clusters(self) -> Iterator[Cluster]:
        for subscription in self._subscriptions.list_subscriptions():
            for body in self._bodies(subscription):
                cluster_id = _id_of(body)
                if cluster_id is not None:
                    yield self._cluster(cluster_id, body)

    def _bodies(self, subscription: str) -> tuple[Body, ...]:
        path = f"/subscriptions/{segment(subscription)}/providers/{CLUSTERS}"
        try:
            return self._client.list_items(self._client.cluster_url(path))
        except NotFoundError:
            return ()
        except ConflictError as error:
            if error.code.lower() != _UNREGISTERED:
                raise
            return ()  # a subscription that does not use AKS has no clusters

    def _cluster(self, cluster_id: ClusterId, body: Body) -> Cluster:
        version = self._client.cluster_api_version
        try:
            pools = tuple(map(parse_pool, inner_pools(body)))
            cluster = parse_cluster(cluster_id, body, version, pools)
        except ConfigurationError as error:
            log.warning("%s", error)
            return replace(_half_read(cluster_id, body, version), problem=str(error))
        found = self._window(cluster_id)
        return replace(cluster, window=found.window, window_problem=found.problem)

    def _window(self, cluster_id: ClusterId) -> FoundWindow:
        url = self._client.cluster_url(f"{cluster_id.resource_id}/maintenanceConfigurations")
        try:
            return find_window(self._client.list_items(url))
        except ProviderError as error:
            return FoundWindow(problem=f"its maintenance configurations could not be read: {error}")


def _id_of(body: Body) -> ClusterId | None:
    try:
        return parse_target(text_at(body, "id")).cluster
    except ConfigurationError as error:
        log.warning("an AKS cluster is left out: %s", error)
        return None


def _half_read(cluster_id: ClusterId, body: Body, api_version: str) -> Cluster:
    """A cluster of which something cannot be understood; one with a strange channel is the weekly schedule's to tell."""
    try:
        return parse_cluster(cluster_id, body, api_version, ())
    except ConfigurationError:
        weekly = {"autoUpgradeProfile": {"nodeOSUpgradeChannel": NodeOsChannel.NODE_IMAGE}}
        known = {**body, "properties": {**body_at(body, "properties"), **weekly}}
        return parse_cluster(cluster_id, known, api_version, ())
