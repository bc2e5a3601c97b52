"""The hook of connection type ``azure_rm``: from an Airflow connection to an ARM client."""

from __future__ import annotations

import os
from typing import Any

from airflow.sdk import BaseHook, Connection
from airflow.sdk.log import mask_secret

from fleetwright.airflow.connections import AZURE_CONNECTION
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import TokenSource
from fleetwright.azure.endpoint import PUBLIC_AZURE, AzureEndpoint, connect, requires_deferral
from fleetwright.azure.identities import (
    Identity,
    IdentityFields,
    choose_identity,
    describe,
    tokens_for,
    with_variables,
)
from fleetwright.azure.probe import look_at_subscription
from fleetwright.azure.retries import QUICK
from fleetwright.domain.errors import ConfigurationError
from fleetwright.rollout.clocks import SystemClock
from fleetwright.rollout.ports.clock import Clock

_IDENTITY_EXTRAS = (
    "credential",
    "tenant_id",
    "token",
    "managed_identity_client_id",
    "workload_identity_token_file",
)


class AzureRmHook(BaseHook):
    """Reads an ``azure_rm`` connection; its secrets are masked in every log from then on.

    :param azure_conn_id: id of the connection
    :param connection: the connection, where it was read already (a trigger awaits it)
    """

    conn_name_attr = "azure_conn_id"
    default_conn_name = AZURE_CONNECTION
    conn_type = "azure_rm"
    hook_name = "Azure Resource Manager"

    def __init__(self, azure_conn_id: str = default_conn_name, connection: Connection | None = None) -> None:
        super().__init__()
        self.azure_conn_id = azure_conn_id
        self._connection = connection

    @property
    def endpoint(self) -> AzureEndpoint:
        """Endpoint, credential and extra CA of the connection.

        :raises ConfigurationError: when a field cannot be used
        """
        extra = self._extra()
        url = self._read().host or PUBLIC_AZURE
        words = {name: str(extra.get(name) or "") for name in ("api_version", "node_upgrade_way")}
        return AzureEndpoint(url, self._tokens(url), extra.get("ca_bundle") or None, **words)

    @property
    def requires_deferral(self) -> bool:
        """Whether Azure itself would upgrade a flagged set behind this endpoint (O2): extra ``require_deferral``.

        :raises ConfigurationError: for a value that is neither true nor false nor empty
        """
        return requires_deferral(self.endpoint.url, self._extra().get("require_deferral"))

    @property
    def subscription_id(self) -> str:
        """The one subscription that the connection is for; empty for every one that its identity can read."""
        return str(self._extra().get("subscription_id") or "")

    def check_subscription(self, subscription: str) -> None:
        """Refuse a fleet of another subscription than the connection's, where that names one.

        :raises ConfigurationError: naming both
        """
        expected = self.subscription_id
        if expected and expected.lower() != subscription.lower():
            raise ConfigurationError(
                f"the fleet is in subscription {subscription}, connection {self.azure_conn_id!r} is for {expected}"
            )

    def get_client(self, clock: Clock) -> ArmClient:
        """A client for the connection's endpoint; nothing is sent yet."""
        return connect(self.endpoint, clock)

    def test_connection(self) -> tuple[bool, str]:
        """What the form's Test button asks: sign in and read the subscription; never raises.

        :returns: whether it went well, and one line without a secret
        """
        try:
            return True, self._look()
        except Exception as error:  # noqa: BLE001 - whatever is wrong is the answer, in one line
            return False, self._without_secrets(error)

    def _look(self) -> str:
        endpoint, given = self.endpoint, self._identity()
        _ = self.requires_deferral  # its value is part of the form
        client = connect(endpoint, SystemClock(), QUICK)
        try:
            seen = look_at_subscription(client, self.subscription_id)
        finally:
            client.close()
        return f"reached {endpoint.url} with {describe(choose_identity(given), given)}: {seen}"

    def _without_secrets(self, error: Exception) -> str:
        line = " ".join(str(error).split()) or type(error).__name__
        try:
            given = self._identity()
        except Exception:  # noqa: BLE001 - where the connection cannot be read there is no secret to hide
            return line
        for secret in filter(None, (given.token.strip(), given.client_secret)):
            line = line.replace(secret, "***")
        return line

    def _tokens(self, url: str) -> TokenSource | None:
        given = self._identity()
        try:
            identity = choose_identity(given)
            # The default chain is left to the endpoint, which knows whether its tokens may travel there.
            return None if identity is Identity.DEFAULT else tokens_for(identity, given, url)
        except ConfigurationError as error:
            raise ConfigurationError(f"connection {self.azure_conn_id!r}: {error}") from error

    def _identity(self) -> IdentityFields:
        """What the connection says about who we are; its secrets are masked from here on."""
        connection, extra = self._read(), self._extra()
        words = {name: str(extra.get(name) or "") for name in _IDENTITY_EXTRAS}
        for secret in (words["token"], connection.password):
            if secret:
                mask_secret(secret)
        given = IdentityFields(
            client_id=connection.login or "", client_secret=connection.password or "", **words
        )
        return with_variables(given, os.environ)

    def _read(self) -> Connection:
        if self._connection is None:
            self._connection = self.get_connection(self.azure_conn_id)
        return self._connection

    def _extra(self) -> dict[str, Any]:
        extra: dict[str, Any] = self._read().extra_dejson
        return extra
