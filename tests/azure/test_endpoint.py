"""Endpoints: which URLs are one, whose certificates are trusted, which links may see the token."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread

import pytest
from azure_doubles import TOKEN, ScriptedServer, VirtualClock, unguarded
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect, is_public_azure
from fleetwright.azure.errors import EndpointUntrustedError
from fleetwright.azure.hosts import may_see_token
from fleetwright.domain.errors import ConfigurationError
from fleetwright.rollout.provider_errors import CallRefusedError


@pytest.mark.parametrize(
    "url",
    [
        "",
        "management.azure.com",
        "ftp://x",
        "https://",
        "http://x:port",
        "https://user:pw@x",
        "https://x?sig=1",
    ],
)
def test_what_is_no_endpoint_is_refused_in_one_line(url: str) -> None:
    """A bad URL is a configuration error that says what a good one looks like, without showing a password."""
    with pytest.raises(ConfigurationError, match=r"https://management\.azure\.com") as raised:
        AzureEndpoint(url, StaticToken(TOKEN))

    assert "pw" not in str(raised.value)


def test_trailing_slash_is_dropped() -> None:
    """URLs are built by appending a path."""
    assert AzureEndpoint("https://management.azure.com/").url == "https://management.azure.com"


def test_public_azure_is_the_default() -> None:
    """Without a URL it is public Azure, with azure-identity's default chain."""
    assert is_public_azure(AzureEndpoint().url)
    assert AzureEndpoint().tokens is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://management.azure.com", True),
        ("https://Management.Azure.com:443/", True),
        ("https://westeurope.management.azure.com", True),
        ("https://management.azure.com.evil.example", False),
        ("https://management.usgovcloudapi.net", False),
        ("http://127.0.0.1:8100", False),
    ],
)
def test_public_azure_is_told_by_its_host(url: str, expected: bool) -> None:
    """Only management.azure.com and its regional hosts are public Azure (O2)."""
    assert is_public_azure(url) is expected


def test_identity_tokens_travel_over_https_only() -> None:
    """The default chain's tokens are not sent in the clear to another machine."""
    with pytest.raises(ConfigurationError, match="https only"):
        AzureEndpoint("http://arm.example")


@pytest.mark.parametrize(
    ("endpoint", "link", "expected"),
    [
        ("https://management.azure.com", "https://management.azure.com/x", True),
        ("https://management.azure.com", "https://westeurope.management.azure.com/x", True),
        ("https://management.azure.com", "http://management.azure.com/x", False),
        ("https://management.azure.com", "https://azure.com/x", False),
        ("https://management.azure.com", "https://evilmanagement.azure.com/x", False),
        ("http://localhost:8100", "http://127.0.0.1:8100/x", True),
    ],
)
def test_links_that_may_see_the_token(endpoint: str, link: str, expected: bool) -> None:
    """The token goes to the endpoint's host and those below it, and never from https to http."""
    assert may_see_token(endpoint, link) is expected


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """A PEM file with a certificate for 127.0.0.1 and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    bundle = tmp_path / "authority.pem"
    bundle.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    return bundle


@pytest.fixture
def tls_url(authority: Path) -> Iterator[str]:
    """An https server that its own authority alone vouches for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: object) -> None: ...

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_arguments: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_extra_authority_is_trusted(tls_url: str, authority: Path, clock: VirtualClock) -> None:
    """With the bundle both halves of the client read over TLS."""
    client = connect(AzureEndpoint(tls_url, StaticToken(TOKEN), str(authority)), clock)

    assert client.get(f"{tls_url}/x") == {}
    assert asyncio.run(client.reader.get(f"{tls_url}/x")) == {}


def test_untrusted_certificate_is_named_at_once(tls_url: str, clock: VirtualClock) -> None:
    """Without the bundle nothing is retried, and the error says what to give."""
    client = connect(AzureEndpoint(tls_url, StaticToken(TOKEN)), clock)

    with pytest.raises(EndpointUntrustedError, match=f"{tls_url} cannot be trusted.*extra CA bundle"):
        client.get(f"{tls_url}/x")
    with pytest.raises(EndpointUntrustedError):
        asyncio.run(client.reader.get(f"{tls_url}/x"))
    with pytest.raises(CallRefusedError):
        client.post(f"{tls_url}/x", {"instanceIds": ["1"]}, unguarded)
    assert clock.waits == []


def test_https_to_a_server_without_tls_is_named(server: ScriptedServer, clock: VirtualClock) -> None:
    """The wrong scheme is no reason to wait for two minutes."""
    url = server.url.replace("http://", "https://")

    with pytest.raises(EndpointUntrustedError, match="is https right"):
        connect(AzureEndpoint(url, StaticToken(TOKEN)), clock).get(f"{url}/x")


def test_bundle_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A missing bundle, or one without certificates, is a configuration error before anything is sent."""
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing")

    for bundle in (tmp_path / "missing.pem", empty):
        with pytest.raises(ConfigurationError, match=bundle.name):
            AzureEndpoint("https://management.azure.com", StaticToken(TOKEN), str(bundle))
