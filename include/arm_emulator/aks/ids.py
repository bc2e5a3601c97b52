"""Ids of managed clusters and of their agent pools, and names of nodes."""

from __future__ import annotations

from dataclasses import dataclass

from arm_emulator.resource_ids import GroupedId, pattern_of

CLUSTER_FORM = "/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/Microsoft.ContainerService/managedClusters/{name}"


@dataclass(frozen=True, slots=True)
class ClusterId(GroupedId):
    """A cluster's id."""

    pattern = pattern_of("Microsoft.ContainerService/managedClusters")
    noun = "managed cluster"
    form = CLUSTER_FORM

    def pool_id(self, name: str) -> str:
        """The id of an agent pool of the cluster."""
        return f"{self.text}/agentPools/{name}"


def node_name(pool: str, number: int) -> str:
    """What a pool's node is called.

    >>> node_name("np1", 2)
    'aks-np1-2'
    """
    return f"aks-{pool}-{number}"


def number_in(name: str) -> int:
    """The number in a node's name.

    >>> number_in("aks-np1-2")
    2
    """
    return int(name.rpartition("-")[2])
