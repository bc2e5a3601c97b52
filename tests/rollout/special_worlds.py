"""Worlds whose sets are upgraded in an order of their own: Service Fabric nodes, and applications that say when."""

from __future__ import annotations

from typing import Any

from worlds import SUBSCRIPTION, Json, world

_CLUSTER = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/shop/providers/Microsoft.ServiceFabric/clusters/sf"
_CLUSTER_ENDPOINT = "https://westeurope.servicefabric.azure.com/runtime/clusters/sf"


def service_fabric_world(n: int = 10, durability: str = "Silver", **rest: Json) -> dict[str, Any]:
    """The nodes of one node type, without a health source, in five update domains unless told otherwise."""
    fabric = {
        "name": "ServiceFabric",
        "properties": {
            "publisher": "Microsoft.Azure.ServiceFabric",
            "type": "ServiceFabricLinuxNode",
            "typeHandlerVersion": "1.1",
            "settings": {
                "clusterEndpoint": _CLUSTER_ENDPOINT,
                "nodeTypeRef": "front",
                "durabilityLevel": durability,
            },
        },
    }
    node_type = {"name": "front", "durabilityLevel": durability, "vmInstanceCount": n}
    cluster = {
        "id": _CLUSTER,
        "location": "westeurope",
        "properties": {"clusterEndpoint": _CLUSTER_ENDPOINT, "nodeTypes": [node_type]},
    }
    document = world(n, 0, extensions=[fabric], **rest)
    return {**document, "serviceFabricClusters": [{"resource": cluster}]}


def phased_world(
    n: int, phases: dict[str, int], skipped: tuple[str, ...] = (), **rest: Json
) -> dict[str, Any]:
    """A regional set of one update domain, whose instances say in which phase they go and whether at all.

    :param phases: ``PhaseOrderingNumber`` by instance
    :param skipped: those that say ``SkipUpgrade``
    """
    said: dict[str, dict[str, Any]] = {i: {"PhaseOrderingNumber": phase} for i, phase in phases.items()}
    for instance in skipped:
        said.setdefault(instance, {})["SkipUpgrade"] = True
    instances = {i: {"customMetrics": metrics} for i, metrics in said.items()}
    return world(n, 0, updateDomains=1, instances=instances, **rest)
