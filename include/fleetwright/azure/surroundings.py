"""Reads what stands outside a scale set's model: its image's support, its probe's load balancer, its cluster.

What cannot be read is an answer, too: whoever judges decides whether it holds the set or only warns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeVar

from fleetwright.azure.bodies import Body, bodies_at, body_at, flag_at, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.supported_images import is_listed
from fleetwright.azure.urls import LOAD_BALANCERS, SERVICE_FABRIC, arm_url, platform_versions_url
from fleetwright.domain.errors import ProviderError
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import ImageKind
from fleetwright.domain.model import ServiceFabricExtension
from fleetwright.domain.surroundings import ImageSupport, LoadBalancer, NodeType, Surroundings, Unread

_PROBE_ID = re.compile(
    r"(?P<balancer>/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Network/loadBalancers/(?P<name>[^/]+))"
    r"/probes/(?P<probe>[^/]+)",
    re.IGNORECASE,
)

Found = TypeVar("Found")


class SurroundingsReader:
    """One call each, and only for what a rule will ask for."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client

    def read(self, fleet: Fleet, version: str) -> Surroundings:
        """Everything of it.

        :param version: one that the image has, empty where none is known
        """
        return Surroundings(
            api_version=self._client.scale_set_api_version,
            image=self._image(fleet, version),
            load_balancer=self._load_balancer(fleet),
            node_type=self._node_type(fleet),
        )

    def _image(self, fleet: Fleet, version: str) -> ImageSupport | Unread | None:
        image = fleet.image
        if image.kind is not ImageKind.PLATFORM or not version:
            return None
        url = platform_versions_url(self._client.url, fleet, image, version)

        def find() -> ImageSupport:
            body = self._client.get(url)
            return ImageSupport(_shown_support(body), listed=is_listed(image))

        return _or_unread(f"version {version} of image {image.name}", find)

    def _load_balancer(self, fleet: Fleet) -> LoadBalancer | Unread | None:
        if not fleet.probe_id:
            return None
        match = _PROBE_ID.fullmatch(fleet.probe_id.rstrip("/"))
        if match is None:
            return Unread(f"health probe {fleet.probe_id}", "its id is not that of a load balancer's probe")
        url = arm_url(self._client.url, match["balancer"], LOAD_BALANCERS)
        return _or_unread(
            f"load balancer {match['name']}",
            lambda: _load_balancer(self._client.get(url), match["name"], match["probe"]),
        )

    def _node_type(self, fleet: Fleet) -> NodeType | Unread | None:
        fabric = fleet.fabric
        if fabric is None:
            return None
        path = f"/subscriptions/{fleet.fleet_id.subscription}/providers/Microsoft.ServiceFabric/clusters"
        url = arm_url(self._client.url, path, SERVICE_FABRIC)
        what = f"Service Fabric cluster of clusterEndpoint {fabric.cluster_endpoint or 'not set'}"
        found = _or_unread(what, lambda: self._client.list_items(url))
        return found if isinstance(found, Unread) else _find_node_type(found, fabric, what)


def _or_unread(what: str, read: Callable[[], Found]) -> Found | Unread:
    try:
        return read()
    except ProviderError as error:
        return Unread(what, " ".join(str(error).split()))


def _shown_support(body: Body) -> bool | None:
    said = body_at(body, "properties", "automaticOSUpgradeProperties").get("automaticOSUpgradeSupported")
    return said if isinstance(said, bool) else None


def _load_balancer(body: Body, name: str, probe: str) -> LoadBalancer:
    probes = bodies_at(body, "properties", "probes")
    found = next((p for p in probes if text_at(p, "name").lower() == probe.lower()), None)
    seconds = None if found is None else body_at(found, "properties").get("intervalInSeconds", 0)
    interval = None if seconds is None else int(seconds) if str(seconds).isdecimal() else 0
    return LoadBalancer(name, text_at(body, "sku", "name"), probe, interval)


def _find_node_type(clusters: Iterable[Body], fabric: ServiceFabricExtension, what: str) -> NodeType | Unread:
    endpoint = _plain(fabric.cluster_endpoint)
    for cluster in clusters:
        if not endpoint or _plain(text_at(cluster, "properties", "clusterEndpoint")) != endpoint:
            continue
        for node_type in bodies_at(cluster, "properties", "nodeTypes"):
            if text_at(node_type, "name").lower() == fabric.node_type.lower():
                return _node_type(text_at(cluster, "name"), node_type)
        why = f"cluster {text_at(cluster, 'name')} has no such node type"
        return Unread(f"node type {fabric.node_type or 'not set'}", why)
    return Unread(what, "the subscription has no such cluster")


def _node_type(cluster: str, body: Body) -> NodeType:
    level = text_at(body, "durabilityLevel") or "Bronze"  # the API's default
    return NodeType(cluster, text_at(body, "name"), level, flag_at(body, "isStateless"))


def _plain(endpoint: str) -> str:
    return endpoint.rstrip("/").lower()
