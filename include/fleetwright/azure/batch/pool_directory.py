"""All Batch pools of a subscription: one list of its accounts, and one of the pools of each."""

from __future__ import annotations

import logging
from collections.abc import Iterator

from fleetwright.azure.batch.pool_parsing import parse_account
from fleetwright.azure.batch.pool_reading import PoolReading
from fleetwright.azure.bodies import Body, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import ConflictError, NotFoundError
from fleetwright.azure.listed_fleets import read_listed
from fleetwright.azure.urls import BATCH_ACCOUNTS, segment
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import Fleet, parse_fleet_id

log = logging.getLogger(__name__)

_UNREGISTERED = "missingsubscriptionregistration"


class PoolDirectory:
    """Lists pools."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._pools = PoolReading(client)

    def list_pools(self, subscription: str) -> Iterator[Fleet]:
        """Every pool; an account or pool that cannot be understood is named in the log and left out.

        :raises ProviderError: when the accounts, or the pools of one of them, cannot be listed
        """
        feature = ""
        for account in self._accounts(subscription):
            for fleet in self._pools_of(account):
                # One state for the whole subscription, asked for when the first pool needs it (R59).
                if fleet.needs_deferral_feature and not feature:
                    feature = self._pools.feature_state(subscription)
                yield self._pools.with_feature(fleet, feature)

    def _accounts(self, subscription: str) -> tuple[Body, ...]:
        path = f"/subscriptions/{segment(subscription)}/providers/{BATCH_ACCOUNTS}"
        try:
            return self._client.list_items(self._client.pool_url(path))
        except NotFoundError:
            return ()
        except ConflictError as error:
            if error.code.lower() != _UNREGISTERED:
                raise
            return ()  # a subscription that does not use Batch has no pools

    def _pools_of(self, body: Body) -> Iterator[Fleet]:
        pools_path = f"{text_at(body, 'id').rstrip('/')}/pools"
        try:
            parse_fleet_id(f"{pools_path}/any")
        except ConfigurationError:
            log.warning("a Batch account is left out: its id is %r", text_at(body, "id"))
            return
        account = parse_account(body)
        for pool in self._client.list_items(self._client.pool_url(pools_path)):
            fleet = read_listed(
                "Batch pool", pool, lambda fleet_id, found: self._pools.parse(fleet_id, found, account)
            )
            if fleet is not None:
                yield fleet
