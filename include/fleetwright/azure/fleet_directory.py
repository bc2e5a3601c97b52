"""All scale sets of the subscriptions that an identity can see."""

from __future__ import annotations

import logging

from fleetwright.azure.bodies import Body, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.fleet_parsing import parse_fleet
from fleetwright.azure.urls import SUBSCRIPTIONS, arm_url, segment
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, parse_fleet_id

log = logging.getLogger(__name__)

_LIST = "providers/Microsoft.Compute/virtualMachineScaleSets"


class AzureFleetDirectory:
    """A ``FleetDirectory``: one list, in pages, for each subscription.

    :param subscription: the only one to look into; empty for every one that the identity can read
    """

    def __init__(self, client: ArmClient, subscription: str = "") -> None:
        self._client = client
        self._subscription = subscription

    def list_fleets(self) -> tuple[Fleet, ...]:
        """Every scale set, ours or not; one whose model cannot be understood is named in the log and left out.

        :raises ProviderError: when a subscription cannot be listed
        """
        return tuple(
            fleet
            for subscription in self.list_subscriptions()
            for body in self._client.list_items(self._client.scale_set_url(self._path(subscription)))
            if (fleet := _read(body)) is not None
        )

    def list_subscriptions(self) -> tuple[str, ...]:
        """The subscriptions that are looked into.

        :raises ProviderError: when they cannot be listed
        """
        if self._subscription:
            return (self._subscription,)
        listed = self._client.list_items(arm_url(self._client.url, "/subscriptions", SUBSCRIPTIONS))
        return tuple(text_at(body, "subscriptionId") for body in listed)

    @staticmethod
    def _path(subscription: str) -> str:
        return f"/subscriptions/{segment(subscription)}/{_LIST}"


def _read(body: Body) -> Fleet | None:
    try:
        return parse_fleet(parse_fleet_id(text_at(body, "id")), body)
    except ConfigurationError as error:
        log.warning("a scale set is left out: %s", error)
        return None
