"""The data plane of a Batch account, where the nodes of its pools are.

Calls go the one way that all calls go; only the host, the audience of the token, the api-version and the form of
errors are Batch's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fleetwright.azure.calls import Call
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import ForeignLinkError
from fleetwright.azure.hosts import batch_scope, host_of, is_batch_host, may_see_token
from fleetwright.azure.urls import BATCH_NODES, arm_url, segment
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet
from fleetwright.rollout.ports.leases import Guard

MEDIA_TYPE = "application/json; odata=minimalmetadata"


@dataclass(frozen=True, slots=True)
class DataPlane:
    """The nodes of one pool.

    :param client: of the account's own endpoint
    """

    client: ArmClient
    pool: str

    def nodes_url(self, **query: str) -> str:
        """Where to list the nodes."""
        return self._url("", **query)

    def node_url(self, node_id: str, action: str = "") -> str:
        """Where to read a node, or to act on it."""
        below = f"/{action}" if action else ""
        return self._url(f"/{segment(node_id)}{below}")

    def act(self, node_id: str, action: str, body: Mapping[str, Any] | None, guard: Guard) -> None:
        """Begin an action on a node: Batch names no operation, the node itself tells how it goes on.

        :param guard: called before every attempt
        :raises CallRefusedError: nothing was changed
        :raises AnswerLostError: something may have been changed
        """
        self.client.send(Call("POST", self.node_url(node_id, action), body, media_type=MEDIA_TYPE), guard)

    def _url(self, below: str, **query: str) -> str:
        return arm_url(self.client.url, f"/pools/{segment(self.pool)}/nodes{below}", BATCH_NODES, **query)


def data_plane(client: ArmClient, fleet: Fleet) -> DataPlane:
    """The data plane that a pool's account names.

    :raises ConfigurationError: when the fleet is no pool, or its account names no endpoint
    :raises ForeignLinkError: when that endpoint must not see our token
    """
    if fleet.pool is None or not fleet.pool.endpoint:
        raise ConfigurationError(
            f"{fleet.fleet_id.resource_id}: its Batch account names no accountEndpoint to find its nodes at"
        )
    url = account_url(client.url, fleet.pool.endpoint)
    return DataPlane(client.beside(url, batch_scope(client.url)), fleet.name)


def account_url(arm_url: str, endpoint: str) -> str:
    """The URL of an ``accountEndpoint``: Azure writes the bare host, which is spoken to over https.

    :raises ForeignLinkError: when it is neither the ARM endpoint's own host nor a Batch host of its cloud

    >>> account_url("https://management.azure.com", "render.westeurope.batch.azure.com")
    'https://render.westeurope.batch.azure.com'
    """
    url = (endpoint if "://" in endpoint else f"https://{endpoint}").rstrip("/")
    if not (may_see_token(arm_url, url) or is_batch_host(arm_url, url)):
        raise ForeignLinkError(
            f"accountEndpoint {endpoint!r} leads from {arm_url} to {host_of(url) or 'no host'!r}, which is neither"
            " that host nor a Batch host of its cloud and must not see the token: not called"
        )
    return url
