"""All fleets of the subscriptions that an identity can see: scale sets and Batch pools."""

from __future__ import annotations

from collections.abc import Iterator

from fleetwright.azure.batch.pool_directory import PoolDirectory
from fleetwright.azure.bodies import text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.fleet_parsing import parse_fleet
from fleetwright.azure.listed_fleets import read_listed
from fleetwright.azure.urls import SCALE_SETS, SUBSCRIPTIONS, arm_url, segment
from fleetwright.domain.fleets import Fleet


class AzureFleetDirectory:
    """A ``FleetDirectory``: a list of scale sets for each subscription, one of Batch accounts, and one of the pools of each.

    :param subscription: the only one to look into; empty for every one that the identity can read
    """

    def __init__(self, client: ArmClient, subscription: str = "") -> None:
        self._client = client
        self._subscription = subscription

    def list_fleets(self) -> tuple[Fleet, ...]:
        """Every fleet, ours or not; one whose model cannot be understood is named in the log and left out.

        A scale set that belongs to a pool is upgraded as that, so it is none of its own.

        :raises ProviderError: when a subscription cannot be listed
        """
        return tuple(self._list_fleets())

    def list_subscriptions(self) -> tuple[str, ...]:
        """The subscriptions that are looked into.

        :raises ProviderError: when they cannot be listed
        """
        if self._subscription:
            return (self._subscription,)
        listed = self._client.list_items(arm_url(self._client.url, "/subscriptions", SUBSCRIPTIONS))
        return tuple(text_at(body, "subscriptionId") for body in listed)

    def _list_fleets(self) -> Iterator[Fleet]:
        pools = PoolDirectory(self._client)
        for subscription in self.list_subscriptions():
            yield from self._scale_sets(subscription)
            yield from pools.list_pools(subscription)

    def _scale_sets(self, subscription: str) -> Iterator[Fleet]:
        path = f"/subscriptions/{segment(subscription)}/providers/{SCALE_SETS}"
        for body in self._client.list_items(self._client.scale_set_url(path)):
            fleet = read_listed("scale set", body, parse_fleet)
            if fleet is not None and not fleet.owned_by_pool:
                yield fleet
