"""Service Fabric clusters of a world document, completed as ARM shows them, and the node type of a scale set."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from arm_emulator.compute.model import JsonObject

CLUSTER_TYPE = "Microsoft.ServiceFabric/clusters"


def completed_cluster(resource: Mapping[str, Any]) -> JsonObject:
    """A cluster as ARM shows it: name, type and state are filled in, what was given stays."""
    cluster = copy.deepcopy(dict(resource))
    cluster.setdefault("name", cluster["id"].rpartition("/")[2])
    cluster.setdefault("type", CLUSTER_TYPE)
    cluster["properties"] = {"provisioningState": "Succeeded", **(cluster.get("properties") or {})}
    return cluster


def cluster_findings(resource: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """What is wrong with a cluster in a world document, each with its path in the resource."""
    properties = resource.get("properties") or {}
    if not isinstance(properties, dict):
        yield ("properties",), f"{properties!r} is no mapping"
        return
    node_types = properties.get("nodeTypes") or []
    if not isinstance(node_types, list):
        yield ("properties", "nodeTypes"), f"{node_types!r} is no list"
        return
    for index, node_type in enumerate(node_types):
        if not (isinstance(node_type, dict) and isinstance(node_type.get("name"), str)):
            yield ("properties", "nodeTypes", index, "name"), "is missing"


def node_type_of(clusters: Iterable[JsonObject], endpoint: str, name: str) -> JsonObject | None:
    """The node type with this name in the cluster with this ``clusterEndpoint``; None where there is none."""
    for cluster in clusters:
        properties = cluster["properties"]
        if _plain(str(properties.get("clusterEndpoint") or "")) != _plain(endpoint):
            continue
        for node_type in properties.get("nodeTypes") or []:
            if node_type["name"].lower() == name.lower():
                return dict(node_type)
    return None


def _plain(endpoint: str) -> str:
    return endpoint.rstrip("/").lower()
