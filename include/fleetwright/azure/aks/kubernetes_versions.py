"""Kubernetes versions that a region supports (Managed Clusters - List Kubernetes Versions; R66)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from fleetwright.azure.bodies import Body, bodies_at, body_at, text_at, texts_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import AuthorizationRefusedError, BadRequestError, NotFoundError
from fleetwright.azure.urls import segment
from fleetwright.domain.node_pools.clusters import Cluster

KEPT = timedelta(hours=1)
_OFFICIAL = "KubernetesOfficial"


@dataclass(frozen=True, slots=True)
class SupportedVersions:
    """What a region says, or why it did not."""

    supported: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class KubernetesVersions:
    """Reads them, once an hour for each region: many clusters are looked at when their windows open."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._known: dict[str, tuple[datetime, Body]] = {}

    def read(self, cluster: Cluster) -> SupportedVersions:
        """Minor versions and their patches by the cluster's support plan; a refusal is a warning, never an error."""
        path = (
            f"/subscriptions/{cluster.cluster_id.subscription}/providers/Microsoft.ContainerService"
            f"/locations/{segment(cluster.location)}/kubernetesVersions"
        )
        try:
            body = self._body(path)
        except (AuthorizationRefusedError, NotFoundError, BadRequestError) as error:
            what = f"the Kubernetes versions that {cluster.location} supports could not be read"
            return SupportedVersions(warnings=(f"{what}, so nothing says whether the cluster's is: {error}",))
        return SupportedVersions(tuple(_versions(body, cluster.support_plan or _OFFICIAL)))

    def _body(self, path: str) -> Body:
        now = self._client.clock.now()
        at, body = self._known.get(path, (now - KEPT, {}))
        if now - at >= KEPT:
            body = self._client.get(self._client.cluster_url(path))
            self._known[path] = (now, body)
        return body


def _versions(body: Body, plan: str) -> Iterator[str]:
    for item in bodies_at(body, "values"):
        plans = texts_at(item, "capabilities", "supportPlan")
        if not plans or plan.lower() in (known.lower() for known in plans):
            yield text_at(item, "version")
            yield from body_at(item, "patchVersions")
