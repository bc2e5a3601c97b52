"""Ids of managed clusters and of their agent pools, and names of nodes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLUSTER = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.ContainerService/managedClusters/(?P<name>[^/]+)",
    re.IGNORECASE,
)
CLUSTER_FORM = "/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/Microsoft.ContainerService/managedClusters/{name}"


@dataclass(frozen=True, slots=True)
class ClusterId:
    """A cluster's id, taken apart; ``text`` is as it was written."""

    subscription: str
    resource_group: str
    name: str
    text: str

    @classmethod
    def parse(cls, text: str) -> ClusterId:
        """Take an id apart.

        :raises ValueError: it is no managed cluster's id.
        """
        match = _CLUSTER.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no managed cluster's id; one looks like {CLUSTER_FORM}")
        return cls(match["subscription"], match["group"], match["name"], text)

    @property
    def key(self) -> str:
        """The spelling by which ids are compared."""
        return self.text.lower()

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
