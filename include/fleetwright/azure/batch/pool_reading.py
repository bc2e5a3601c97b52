"""Reading pools on the management plane: the pool, its account, and the feature that deferral may need."""

from __future__ import annotations

from dataclasses import replace

from fleetwright.azure.batch.pool_parsing import Account, Surface, parse_account, parse_pool
from fleetwright.azure.batch.upgrade_ways import way_for
from fleetwright.azure.bodies import Body, text_at
from fleetwright.azure.client import ArmClient
from fleetwright.azure.errors import NotFoundError
from fleetwright.azure.urls import FEATURES, arm_url
from fleetwright.domain.batch_pools import DEFERRAL_FEATURE
from fleetwright.domain.errors import FleetNotFoundError
from fleetwright.domain.fleets import Fleet, FleetId

NOT_SPECIFIED = "NotSpecified"  # Azure's word for a feature that nobody has asked for


class PoolReading:
    """Reads pools; what an account says of itself never changes and is read once in a process."""

    def __init__(self, client: ArmClient) -> None:
        self._client = client
        self._accounts: dict[str, Account] = {}

    def fetch(self, fleet_id: FleetId) -> Fleet:
        """Read a pool's model.

        :raises FleetNotFoundError: naming what there is not: the account, or the pool
        :raises ConfigurationError: when its policy holds what is none
        """
        account = self._account(fleet_id)
        try:
            body = self._client.get(self._client.pool_url(fleet_id.resource_id))
        except NotFoundError as error:
            raise self._missing(
                f"pool {fleet_id.name} of Batch account {account.name}", fleet_id, error
            ) from error
        return self.with_feature(self.parse(fleet_id, body, account))

    def parse(self, fleet_id: FleetId, body: Body, account: Account) -> Fleet:
        """A pool from its body; the feature was not asked for.

        :raises ConfigurationError: when its policy holds what is none
        """
        way = way_for(self._client.url, account.allocation_mode, self._client.node_upgrade_way)
        return parse_pool(fleet_id, body, account, Surface(way, self._client.pool_api_version))

    def with_feature(self, fleet: Fleet, known: str = "") -> Fleet:
        """The pool with the state of the subscription's feature, where its deferral needs it (R59).

        :param known: the state, where somebody has read it already
        """
        if fleet.pool is None or not fleet.needs_deferral_feature:
            return fleet
        state = known or self.feature_state(fleet.fleet_id.subscription)
        return replace(fleet, pool=replace(fleet.pool, deferral_feature=state))

    def feature_state(self, subscription: str) -> str:
        """How ``Microsoft.Compute/RollingUpgradeDeferral`` stands in a subscription."""
        namespace, _, feature = DEFERRAL_FEATURE.partition("/")
        path = f"/subscriptions/{subscription}/providers/Microsoft.Features/providers/{namespace}/features/{feature}"
        try:
            body = self._client.get(arm_url(self._client.url, path, FEATURES))
        except NotFoundError:
            return NOT_SPECIFIED
        return text_at(body, "properties", "state") or NOT_SPECIFIED

    def _account(self, fleet_id: FleetId) -> Account:
        path = fleet_id.resource_id.rsplit("/", 2)[0]
        if path.lower() not in self._accounts:
            try:
                body = self._client.get(self._client.pool_url(path))
            except NotFoundError as error:
                raise self._missing(f"Batch account {fleet_id.parent}", fleet_id, error) from error
            self._accounts[path.lower()] = parse_account(body)
        return self._accounts[path.lower()]

    def _missing(self, what: str, fleet_id: FleetId, error: NotFoundError) -> FleetNotFoundError:
        return FleetNotFoundError(
            f"fleet {fleet_id.resource_id} is not at {self._client.url}: there is no {what}:"
            f" {error.code}: {error.failure.message}"
        )
