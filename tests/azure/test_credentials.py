"""Bearer tokens: a given one, or azure-identity's."""

from __future__ import annotations

import base64
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from azure_doubles import Reply, ScriptedServer, VirtualClock, arm_error_body, unguarded

from fleetwright.azure.credentials import CredentialTokens, StaticToken, default_tokens
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.errors import AuthenticationRefusedError, EndpointUnreachableError, NoTokenError
from fleetwright.domain.errors import ConfigurationError
from fleetwright.rollout.provider_errors import CallRefusedError, is_transient

SCOPE = "https://management.azure.com/.default"


class Credential:
    """Stands for an azure-identity credential: a numbered token for each time it is asked."""

    asked: list[tuple[tuple[str, ...], str | None]]

    def __init__(self, *, lifetime: float = 3600, error: Exception | None = None) -> None:
        self.asked = []
        self.lifetime, self.error = lifetime, error

    def get_token(self, *scopes: str, claims: str | None = None, **_options: object) -> AccessToken:
        self.asked.append((scopes, claims))
        if self.error:
            raise self.error
        return AccessToken(f"token-{len(self.asked)}", int(time.time() + self.lifetime))


def test_token_is_kept_until_shortly_before_it_expires() -> None:
    """A credential is asked once an hour, not once a call."""
    credential = Credential()
    tokens = CredentialTokens(lambda: credential, SCOPE)

    assert tokens.current() is None
    assert tokens.fetch() == "token-1"
    assert tokens.current() == "token-1"
    assert credential.asked == [((SCOPE,), None)]


def test_token_that_is_about_to_expire_is_renewed() -> None:
    """Less than five minutes left count as none."""
    tokens = CredentialTokens(lambda: Credential(lifetime=240), SCOPE)
    tokens.fetch()

    assert tokens.current() is None


def test_refused_token_is_renewed_once(server: ScriptedServer, clock: VirtualClock) -> None:
    """A 401 asks for a new token, by a new credential, with the claims that Azure named."""
    made: list[Credential] = []

    def make() -> Credential:
        made.append(Credential())
        return made[-1]

    claims = base64.b64encode(b'{"access_token":{}}').decode().rstrip("=")
    challenge = f'Bearer error="insufficient_claims", claims="{claims}"'
    server.script(Reply(401, headers={"WWW-Authenticate": challenge}), Reply(200, {"name": "web"}))
    client = connect(AzureEndpoint(server.url, CredentialTokens(make, SCOPE)), clock)

    assert client.get(f"{server.url}/x") == {"name": "web"}
    assert len(made) == 2
    assert made[1].asked == [((SCOPE,), '{"access_token":{}}')]
    assert len(server.seen) == 2


def test_token_that_is_refused_twice_ends_the_call(server: ScriptedServer, clock: VirtualClock) -> None:
    """The second 401 is believed."""
    server.script(Reply(401, arm_error_body("InvalidAuthenticationToken")))
    client = connect(AzureEndpoint(server.url, CredentialTokens(Credential, SCOPE)), clock)

    with pytest.raises(AuthenticationRefusedError):
        client.get(f"{server.url}/x")

    assert len(server.seen) == 2


def test_nobody_to_sign_in_as_is_one_line(server: ScriptedServer, clock: VirtualClock) -> None:
    """Without a credential the first line of azure-identity's reason stands with what would be right."""
    error = ClientAuthenticationError("DefaultAzureCredential found nothing\nAttempted credentials:\n\t...")
    client = connect(
        AzureEndpoint(server.url, CredentialTokens(lambda: Credential(error=error), SCOPE)), clock
    )

    with pytest.raises(NoTokenError, match=r"DefaultAzureCredential found nothing; .*az login") as raised:
        client.get(f"{server.url}/x")

    assert "\n" not in str(raised.value)


def test_write_without_a_token_was_refused(server: ScriptedServer, clock: VirtualClock) -> None:
    """A POST that never left is told as one that changed nothing."""
    error = ClientAuthenticationError("expired")
    client = connect(
        AzureEndpoint(server.url, CredentialTokens(lambda: Credential(error=error), SCOPE)), clock
    )

    with pytest.raises(CallRefusedError, match="was not sent: no token"):
        client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, unguarded)


def test_sign_in_service_that_does_not_answer_is_transient() -> None:
    """A wait goes on while nobody can be signed in for a moment."""
    tokens = CredentialTokens(lambda: Credential(error=ServiceRequestError("no route")), SCOPE)

    with pytest.raises(EndpointUnreachableError) as raised:
        tokens.fetch()

    assert is_transient(raised.value)


@pytest.mark.parametrize("token", ["", "  ", "two words", "line\nbreak", "sécret"])
def test_token_that_no_header_can_carry_is_refused_without_showing_it(token: str) -> None:
    """A mistyped token is a configuration error that does not print it."""
    with pytest.raises(ConfigurationError) as raised:
        StaticToken(token)

    assert token.strip() == "" or token not in str(raised.value)


def test_scope_follows_the_endpoint() -> None:
    """Each cloud has its own scope; an endpoint of nobody's cloud gets public Azure's."""
    scopes = [
        default_tokens(url)._scope
        for url in (
            "https://management.azure.com",
            "https://westeurope.management.azure.com",
            "https://management.usgovcloudapi.net",
            "http://127.0.0.1:8100",
        )
    ]

    assert scopes == [SCOPE, SCOPE, "https://management.usgovcloudapi.net/.default", SCOPE]


def test_secrets_are_in_no_repr() -> None:
    """An endpoint can be logged."""
    endpoint = AzureEndpoint("http://127.0.0.1:1", StaticToken("s3cret"))

    assert "s3cret" not in repr(endpoint)
    assert "s3cret" not in repr(endpoint.tokens)


def test_importing_the_driver_leaves_azure_identity_and_httpx_out() -> None:
    """Every Airflow task pays for imports: the heavy ones wait until they are used."""
    program = (
        "import sys; import fleetwright.azure.scale_sets, fleetwright.azure.catalogue, fleetwright.azure.endpoint;"
        "print([name for name in ('azure.identity', 'azure.core', 'httpx', 'airflow') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert result.stdout.strip() == "[]"


def test_default_chain_signs_in_by_itself(
    server: ScriptedServer, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With nothing given, azure-identity's own chain finds the managed identity and the call carries its token."""
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{server.url}/identity")
    monkeypatch.setenv("IDENTITY_HEADER", "proof")
    granted = {
        "access_token": "managed-identity-token",
        "expires_on": str(int(time.time()) + 3600),
        "resource": "https://management.azure.com",
        "token_type": "Bearer",
    }
    server.script(
        lambda seen: Reply(200, granted if seen.target.startswith("/identity") else {"name": "web"})
    )
    client = connect(AzureEndpoint(server.url), clock)

    client.get(f"{server.url}/x")
    client.get(f"{server.url}/x")

    asked, *calls = server.seen
    assert parse_qs(urlsplit(asked.target).query)["resource"] == ["https://management.azure.com"]
    assert [call.headers["authorization"] for call in calls] == ["Bearer managed-identity-token"] * 2


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_call_whose_token_expired_is_sent_once_more(
    server: ScriptedServer, clock: VirtualClock, method: str
) -> None:
    """A 401 changed nothing, so reads and actions alike are sent again, once, with a token that is new."""
    credentials = iter([Credential(), Credential(lifetime=7200)])
    server.script(Reply(401, arm_error_body("ExpiredAuthenticationToken")), Reply(200, {}))
    client = connect(AzureEndpoint(server.url, CredentialTokens(lambda: next(credentials), SCOPE)), clock)
    guarded: list[str] = []

    if method == "GET":
        client.get(f"{server.url}/x")
    else:
        client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, lambda: guarded.append("asked"))

    assert [seen.method for seen in server.seen] == [method, method]
    assert guarded == (["asked", "asked"] if method == "POST" else [])


def test_an_action_without_a_new_token_was_refused(server: ScriptedServer, clock: VirtualClock) -> None:
    """Where no new token can be had after a 401 an action is told as refused: it may be asked for again later."""
    credentials = iter([Credential(), Credential(error=ServiceRequestError("no route"))])
    server.script(Reply(401, arm_error_body("ExpiredAuthenticationToken")))
    client = connect(AzureEndpoint(server.url, CredentialTokens(lambda: next(credentials), SCOPE)), clock)

    with pytest.raises(
        CallRefusedError, match=r"refused its token \(401\), and there is no new one: .*no route"
    ):
        client.post(f"{server.url}/x/reimage", {"instanceIds": ["1"]}, unguarded)

    assert len(server.seen) == 1


def test_a_static_token_is_never_renewed(server: ScriptedServer, clock: VirtualClock) -> None:
    """Who gave a token that has expired is told so at once, and the call is not sent again."""
    server.script(Reply(401, arm_error_body("ExpiredAuthenticationToken", "it is old")))
    client = connect(AzureEndpoint(server.url, StaticToken("a-static-token")), clock)

    with pytest.raises(
        AuthenticationRefusedError, match=r"has not expired \(a static one is never renewed\)"
    ):
        client.get(f"{server.url}/x")

    assert len(server.seen) == 1


def test_claims_go_to_credentials_that_take_them() -> None:
    """A challenge is handed on with CAE where the credential supports it, and left away where it does not."""
    asked: list[dict[str, object]] = []

    class Plain:
        def get_token(self, *_scopes: str) -> AccessToken:
            asked.append({})
            return AccessToken("plain", 4_102_444_800)

    class Modern:
        def get_token(self, *_scopes: str, claims: str | None = None, **options: object) -> AccessToken:
            asked.append({"claims": claims, **options})
            return AccessToken("modern", 4_102_444_800)

    challenge = f'Bearer claims="{base64.b64encode(b"{}").decode()}"'

    assert CredentialTokens(Plain, SCOPE).fetch(challenge) == "plain"
    assert CredentialTokens(Modern, SCOPE).fetch(challenge) == "modern"
    assert asked == [{}, {"claims": "{}", "enable_cae": True}]
