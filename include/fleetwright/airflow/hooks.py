"""The hook of connection type ``azure_rm``: from an Airflow connection to an ARM client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook, Connection
from airflow.sdk.log import mask_secret

from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import CredentialTokens, StaticToken, TokenSource
from fleetwright.azure.endpoint import PUBLIC_AZURE, AzureEndpoint, connect, requires_deferral
from fleetwright.azure.hosts import token_scope
from fleetwright.domain.errors import ConfigurationError
from fleetwright.rollout.ports import Clock

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential


class AzureRmHook(BaseHook):
    """Reads an ``azure_rm`` connection; its secrets are masked in every log from then on.

    :param azure_conn_id: id of the connection
    :param connection: the connection, where it was read already (a trigger awaits it)
    """

    conn_name_attr = "azure_conn_id"
    default_conn_name = "azure_rm_default"
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
        api_version = str(extra.get("api_version") or "")
        return AzureEndpoint(url, self._tokens(url, extra), extra.get("ca_bundle") or None, api_version)

    @property
    def requires_deferral(self) -> bool:
        """Whether Azure itself would upgrade a flagged set behind this endpoint (O2): extra ``require_deferral``.

        :raises ConfigurationError: for a value that is neither true nor false nor empty
        """
        return requires_deferral(self.endpoint.url, self._extra().get("require_deferral"))

    def check_subscription(self, subscription: str) -> None:
        """Refuse a fleet of another subscription than the connection's, where that names one.

        :raises ConfigurationError: naming both
        """
        expected = str(self._extra().get("subscription_id") or "")
        if expected and expected.lower() != subscription.lower():
            raise ConfigurationError(
                f"the fleet is in subscription {subscription}, connection {self.azure_conn_id!r} is for {expected}"
            )

    def get_client(self, clock: Clock) -> ArmClient:
        """A client for the connection's endpoint; nothing is sent yet."""
        return connect(self.endpoint, clock)

    def _tokens(self, url: str, extra: dict[str, Any]) -> TokenSource | None:
        connection = self._read()
        token, secret = extra.get("token"), connection.password
        for word in (token, secret):
            if word:
                mask_secret(str(word))
        if token:
            return StaticToken(str(token))
        if not (connection.login or secret):
            return None
        tenant = str(extra.get("tenant_id") or "")
        parts = {"client ID": connection.login, "client secret": secret, "tenant ID": tenant}
        missing = [name for name, value in parts.items() if not value]
        if missing:
            raise ConfigurationError(
                f"connection {self.azure_conn_id!r} has only a part of a service principal: {', '.join(missing)} "
                "missing; give all three, or none for azure-identity's default chain"
            )
        return _client_secret(url, tenant, str(connection.login), str(secret))

    def _read(self) -> Connection:
        if self._connection is None:
            self._connection = self.get_connection(self.azure_conn_id)
        return self._connection

    def _extra(self) -> dict[str, Any]:
        extra: dict[str, Any] = self._read().extra_dejson
        return extra


def _client_secret(url: str, tenant: str, client_id: str, secret: str) -> TokenSource:
    def make() -> TokenCredential:
        from azure.identity import ClientSecretCredential  # noqa: PLC0415 - slow to import, and seldom needed

        return ClientSecretCredential(tenant, client_id, secret)

    return CredentialTokens(make, token_scope(url))
