"""From the fields of a connection to the one identity that they describe."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fleetwright.azure.credentials import CredentialTokens, StaticToken
from fleetwright.azure.identities import (
    Identity,
    IdentityFields,
    choose_identity,
    describe,
    tokens_for,
    with_variables,
)
from fleetwright.domain.errors import ConfigurationError

URL = "https://management.azure.com"
SECRET = {"client_id": "client", "client_secret": "hidden-word", "tenant_id": "tenant"}
WORKLOAD = {"client_id": "client", "tenant_id": "tenant", "workload_identity_token_file": "/token"}


@pytest.mark.parametrize(
    ("given", "identity"),
    [
        ({}, Identity.DEFAULT),
        ({"tenant_id": "tenant"}, Identity.DEFAULT),
        (SECRET, Identity.CLIENT_SECRET),
        ({"token": "word"}, Identity.TOKEN),
        ({"managed_identity_client_id": "id"}, Identity.MANAGED_IDENTITY),
        (WORKLOAD, Identity.WORKLOAD_IDENTITY),
        ({"credential": "managed_identity"}, Identity.MANAGED_IDENTITY),
        ({"credential": " Managed_Identity ", "managed_identity_client_id": "id"}, Identity.MANAGED_IDENTITY),
        ({"credential": "client_secret", **SECRET}, Identity.CLIENT_SECRET),
        ({"credential": "workload_identity", **WORKLOAD}, Identity.WORKLOAD_IDENTITY),
        ({"credential": "token", "token": "word", "tenant_id": "tenant"}, Identity.TOKEN),
        ({"credential": "default"}, Identity.DEFAULT),
    ],
)
def test_the_fields_say_who_we_are(given: dict[str, str], identity: Identity) -> None:
    """Each way to sign in is known by its fields, or by the name that is given (O2)."""
    assert choose_identity(IdentityFields(**given)) is identity


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"credential": "password"}, "it must be one of default, client_secret, managed_identity, workload_"),
        ({"token": "word", **SECRET}, "token, client secret are given at once"),
        ({"token": "word", "client_id": "c"}, "credential token does not go with client ID"),
        ({"credential": "default", "token": "word"}, "credential default does not go with token"),
        ({"credential": "managed_identity", **SECRET}, "does not go with client ID, client secret"),
        ({"credential": "client_secret", "client_id": "c"}, "client secret, tenant ID missing"),
        ({"credential": "token"}, "token missing"),
        ({"credential": "workload_identity"}, "workload_identity_token_file missing"),
        ({"client_id": "c", "tenant_id": "t"}, "client secret missing"),
    ],
)
def test_fields_that_contradict_each_other(given: dict[str, str], said: str) -> None:
    """Contradicting and missing parts are named with what is allowed, in one line, and no secret is shown (O2)."""
    with pytest.raises(ConfigurationError) as refused:
        choose_identity(IdentityFields(**given))

    line = str(refused.value)
    assert said in line
    assert "\n" not in line
    assert "hidden-word" not in line


def test_a_pods_variables_fill_a_workload_identity() -> None:
    """What Azure's webhook puts into a pod is used where the connection leaves it empty, and for no other way (O2)."""
    environ = {"AZURE_CLIENT_ID": "c", "AZURE_TENANT_ID": "t", "AZURE_FEDERATED_TOKEN_FILE": "/f"}

    filled = with_variables(IdentityFields(credential="workload_identity", tenant_id="mine"), environ)

    assert (filled.client_id, filled.tenant_id, filled.workload_identity_token_file) == ("c", "mine", "/f")
    assert with_variables(IdentityFields(), environ) == IdentityFields()
    assert choose_identity(filled) is Identity.WORKLOAD_IDENTITY


def test_a_token_file_that_cannot_be_read_is_named() -> None:
    """The file of a workload identity is looked at before anybody is asked for a token (O2)."""
    given = IdentityFields(**WORKLOAD)

    with pytest.raises(ConfigurationError, match="workload_identity_token_file '/token' cannot be read"):
        tokens_for(Identity.WORKLOAD_IDENTITY, given, URL)


def test_a_workload_identity_is_signed_in_with_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tenant, client and file reach azure-identity's own credential (O2)."""
    made: list[dict[str, str]] = []

    class Credential:
        def __init__(self, **fields: str) -> None:
            made.append(fields)
            raise ValueError("enough")

    monkeypatch.setattr("azure.identity.WorkloadIdentityCredential", Credential)
    file = tmp_path / "token"
    file.write_text("jwt")
    given = IdentityFields(**{**WORKLOAD, "workload_identity_token_file": str(file)})
    tokens = tokens_for(Identity.WORKLOAD_IDENTITY, given, URL)

    with pytest.raises(Exception, match="enough"):
        tokens.fetch()
    assert made == [{"tenant_id": "tenant", "client_id": "client", "token_file_path": str(file)}]


@contextmanager
def identity_endpoint(seen: list[str]) -> Iterator[str]:
    """What App Service and the like offer to the machines that have a managed identity."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            body = {
                "access_token": f"managed-{len(seen)}",
                "expires_on": "4102444800",
                "token_type": "Bearer",
            }
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_words: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/token"
        server.shutdown()


@pytest.mark.parametrize("client_id", ["", "33333333-0000-0000-0000-000000000003"])
def test_a_managed_identity_is_asked_for_at_its_endpoint(
    client_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """azure-identity asks the machine's own endpoint for the system-assigned identity, or the one named (O2)."""
    seen: list[str] = []
    with identity_endpoint(seen) as url:
        monkeypatch.setenv("IDENTITY_ENDPOINT", url)
        monkeypatch.setenv("IDENTITY_HEADER", "header")
        given = IdentityFields(credential="managed_identity", managed_identity_client_id=client_id)
        tokens = tokens_for(choose_identity(given), given, URL)

        assert isinstance(tokens, CredentialTokens)
        assert tokens.fetch() == "managed-1"

    assert "resource=https" in seen[0]
    assert (client_id in seen[0]) is True
    assert ("client_id=" in seen[0]) is bool(client_id)


@pytest.mark.parametrize(
    ("url", "more"),
    [
        (URL, {}),
        ("https://management.usgovcloudapi.net", {"authority": "login.microsoftonline.us"}),
        ("https://management.chinacloudapi.cn", {"authority": "login.chinacloudapi.cn"}),
    ],
)
def test_a_cloud_of_its_own_signs_in_at_its_own_authority(
    url: str, more: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A service principal of a sovereign cloud is signed in where that cloud does it (O2)."""
    made: list[dict[str, str]] = []

    class Credential:
        def __init__(self, *_words: str, **more: str) -> None:
            made.append(more)
            raise ValueError("enough")

    monkeypatch.setattr("azure.identity.ClientSecretCredential", Credential)

    with pytest.raises(Exception, match="enough"):
        tokens_for(Identity.CLIENT_SECRET, IdentityFields(**SECRET), url).fetch()
    assert made == [more]


def test_an_identity_in_words_shows_no_secret() -> None:
    """What the Test button says of the identity names it and hides its secret (O2)."""
    assert describe(Identity.CLIENT_SECRET, IdentityFields(**SECRET)) == "the client secret of client"
    assert describe(Identity.MANAGED_IDENTITY, IdentityFields()) == "the managed identity (system-assigned)"
    assert "word" not in describe(Identity.TOKEN, IdentityFields(token="word"))
    assert isinstance(tokens_for(Identity.TOKEN, IdentityFields(token="word"), URL), StaticToken)
    assert "hidden-word" not in repr(IdentityFields(**SECRET))
