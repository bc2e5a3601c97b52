"""From a connection's fields to an endpoint, and what is said about fields that cannot be used."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk._shared.secrets_masker import redact
from azure.core.credentials import AccessToken

from fleetwright.airflow.hooks import AzureRmHook
from fleetwright.azure.credentials import CredentialTokens
from fleetwright.domain.errors import ConfigurationError

Connect = Callable[..., None]
SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


def test_an_empty_host_is_public_azure_through_the_default_chain(connect: Connect) -> None:
    """A connection without fields is public Azure, signed in by azure-identity's default chain."""
    connect(None)

    endpoint = AzureRmHook().endpoint

    assert endpoint.url == "https://management.azure.com"
    assert endpoint.tokens is None
    assert AzureRmHook().requires_deferral


def test_host_and_token_are_used_as_given(connect: Connect) -> None:
    """The host is the endpoint, a static token is used as it is, and elsewhere Azure does not upgrade by itself."""
    connect("http://127.0.0.1:8100/", extra={"token": "word"})

    endpoint = AzureRmHook().endpoint

    assert endpoint.url == "http://127.0.0.1:8100"
    assert endpoint.tokens is not None
    assert endpoint.tokens.current() == "word"
    assert not AzureRmHook().requires_deferral


@pytest.mark.parametrize("host", ["management.azure.com", "ftp://127.0.0.1", "http://", "https://u:p@host"])
def test_a_host_that_is_no_endpoint_is_named(connect: Connect, host: str) -> None:
    """One line that shows what a URL looks like, and repeats no password."""
    connect(host, extra={"token": "word"})

    with pytest.raises(ConfigurationError, match=r"https://management\.azure\.com") as caught:
        _ = AzureRmHook().endpoint

    assert "u:p" not in str(caught.value)


@pytest.mark.parametrize("token", ["two words", "line\nbreak", " "])
def test_a_token_that_no_header_may_carry_is_refused_without_being_shown(
    connect: Connect, token: str
) -> None:
    """The error says what is wrong with the token, not what it is."""
    connect("http://127.0.0.1", extra={"token": token})

    with pytest.raises(ConfigurationError, match="the bearer token is empty or holds blanks") as caught:
        _ = AzureRmHook().endpoint

    assert token.strip() == "" or token not in str(caught.value)


def test_a_client_secret_signs_in_as_that_client(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Client id, secret and tenant make a credential of azure-identity, asked for the endpoint's own scope."""
    made: list[Any] = []

    class Credential:
        def __init__(self, *identity: str) -> None:
            made.append(identity)

        def get_token(self, *scopes: str, **_options: object) -> AccessToken:
            made.append(scopes)
            return AccessToken("fetched", 4_102_444_800)

    monkeypatch.setattr("azure.identity.ClientSecretCredential", Credential)
    connect(None, login="client", password="the-secret", extra={"tenant_id": "tenant"})

    tokens = AzureRmHook().endpoint.tokens

    assert isinstance(tokens, CredentialTokens)
    assert tokens.fetch() == "fetched"
    assert made == [("tenant", "client", "the-secret"), ("https://management.azure.com/.default",)]


def test_a_client_secret_needs_its_tenant(connect: Connect) -> None:
    """The error names the connection and the field that is missing."""
    connect(None, login="client", password="the-secret")

    with pytest.raises(ConfigurationError, match=r"'azure_rm_default'.*: tenant ID missing"):
        _ = AzureRmHook().endpoint


@pytest.mark.parametrize(
    "fields", [{"password": "the-secret"}, {"login": "client", "extra": {"tenant_id": "tenant"}}]
)
def test_half_a_credential_is_refused(connect: Connect, fields: dict[str, Any]) -> None:
    """A secret without its client, or a client without its secret, must not become somebody else's sign-in."""
    connect(None, **fields)

    with pytest.raises(ConfigurationError, match="azure_rm_default"):
        _ = AzureRmHook().endpoint


def test_a_ca_bundle_that_cannot_be_read_is_named(connect: Connect, tmp_path: Path) -> None:
    """The error names the file."""
    missing = tmp_path / "authorities.pem"
    connect("https://127.0.0.1", extra={"token": "word", "ca_bundle": str(missing)})

    with pytest.raises(ConfigurationError, match=f"CA bundle '{missing}' cannot be used"):
        _ = AzureRmHook().endpoint


def test_a_ca_bundle_is_handed_on(connect: Connect) -> None:
    """The extra authorities of the connection reach the endpoint."""
    import certifi

    connect("https://127.0.0.1", extra={"token": "word", "ca_bundle": certifi.where()})

    assert AzureRmHook().endpoint.ca_bundle == certifi.where()


def test_another_subscription_than_the_connections_is_refused(connect: Connect) -> None:
    """The error names the fleet's subscription, the connection and the connection's subscription."""
    connect(None, extra={"subscription_id": "99999999-0000-0000-0000-000000000009"})

    with pytest.raises(ConfigurationError) as caught:
        AzureRmHook().check_subscription(SUBSCRIPTION)

    for word in (SUBSCRIPTION, "azure_rm_default", "99999999-0000-0000-0000-000000000009"):
        assert word in str(caught.value)


@pytest.mark.parametrize("subscription", ["", SUBSCRIPTION, SUBSCRIPTION.upper()])
def test_the_connections_own_subscription_passes(connect: Connect, subscription: str) -> None:
    """A connection without a subscription is good for all; ids are compared without case."""
    connect(None, extra={"subscription_id": subscription})

    AzureRmHook().check_subscription(SUBSCRIPTION)


@pytest.mark.parametrize(
    ("fields", "secret"),
    [
        ({"extra": {"token": "token-to-be-hidden"}}, "token-to-be-hidden"),
        (
            {"login": "client", "password": "secret-to-be-hidden", "extra": {"tenant_id": "tenant"}},
            "secret-to-be-hidden",
        ),
    ],
)
def test_secrets_are_masked_from_then_on(connect: Connect, fields: dict[str, Any], secret: str) -> None:
    """Once the hook has read the connection, Airflow's masker hides its secrets in any text."""
    connect("https://127.0.0.1", **fields)

    _ = AzureRmHook().endpoint

    assert redact(f"Authorization: Bearer {secret}!") == "Authorization: Bearer ***!"


def test_the_endpoint_shows_no_token(connect: Connect) -> None:
    """What a traceback or a debugger prints of the endpoint holds no token."""
    connect("http://127.0.0.1", extra={"token": "token-not-to-be-shown"})

    assert "token-not-to-be-shown" not in repr(AzureRmHook().endpoint)


@pytest.mark.parametrize(
    ("host", "setting", "required"),
    [
        (None, "", True),
        (None, "false", False),
        (None, False, False),
        ("http://127.0.0.1", "", False),
        ("http://127.0.0.1", None, False),
        ("http://127.0.0.1", "True", True),
        ("http://127.0.0.1", True, True),
    ],
)
def test_require_deferral_is_a_setting_of_the_connection(
    connect: Connect, host: str | None, setting: object, required: bool
) -> None:
    """O2: true and false are obeyed, as a value or a word; empty goes by the host."""
    connect(host, extra={"token": "word", "require_deferral": setting})

    assert AzureRmHook().requires_deferral is required


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("require_deferral", "maybe", "require_deferral is 'maybe'; it must be true, false, or empty"),
        ("require_deferral", 1, "require_deferral is 1; it must be true, false, or empty"),
        ("api_version", "new", "api_version is 'new'; it must be a date such as 2024-07-01"),
        ("api_version", "2024-02-30", "api_version is '2024-02-30'; it must be a date"),
        (
            "node_upgrade_way",
            "reimage",
            "node_upgrade_way is 'reimage'; it must be one of auto, data-plane, scale-set",
        ),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_what_is_allowed(
    connect: Connect, field: str, value: object, words: str
) -> None:
    """O2, R17: one line with the field, its value and the allowed ones."""
    connect("http://127.0.0.1", extra={"token": "word", field: value})

    with pytest.raises(ConfigurationError) as caught:
        _ = AzureRmHook().requires_deferral

    assert words in str(caught.value)


def test_the_connections_api_version_is_what_scale_set_calls_carry(connect: Connect) -> None:
    """R17, O5: extra ``api_version`` reaches the endpoint."""
    connect("http://127.0.0.1", extra={"token": "word", "api_version": "2023-09-01"})

    assert AzureRmHook().endpoint.api_version == "2023-09-01"


def test_the_connections_way_is_how_nodes_are_upgraded(connect: Connect) -> None:
    """R54: extra ``node_upgrade_way`` reaches the endpoint, so that Azure's own way can be rehearsed elsewhere."""
    connect("http://127.0.0.1", extra={"token": "word", "node_upgrade_way": "scale-set"})

    assert AzureRmHook().endpoint.node_upgrade_way == "scale-set"
