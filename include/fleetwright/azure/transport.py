"""One attempt of one call on ``requests``: an outcome comes back, never an exception of the library."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from typing import Protocol

import requests
from urllib3.exceptions import NewConnectionError

from fleetwright.azure.calls import Answer, Call, Lost, NotSent, Outcome
from fleetwright.azure.hosts import is_loopback
from fleetwright.azure.trust import context_for
from fleetwright.azure.verbatim import VerbatimAdapter

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
USER_AGENT = "fleetwright"

# What OpenSSL says when the other side does not speak TLS at all.
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"})


def headers_for(call: Call, token: str) -> dict[str, str]:
    """The headers of a call; the body, where it has one, is JSON."""
    headers = {
        "Authorization": f"Bearer {token}",
        "Accept": "application/json",
        "User-Agent": USER_AGENT,
        "x-ms-client-request-id": call.request_id,
    }
    return headers if call.body is None else {**headers, "Content-Type": call.media_type}


class Transport(Protocol):
    """The way of a call to whoever answers it."""

    def send(self, call: Call, token: str) -> Outcome:
        """Send the call once and say what became of it."""
        ...

    def close(self) -> None:
        """Close what is kept for the next call."""
        ...


class RequestsTransport:
    """Connections that are reused from call to call.

    :param ca_bundle: a PEM file with further authorities
    """

    def __init__(self, endpoint_url: str, ca_bundle: str | None = None) -> None:
        self._session = requests.Session()
        # A proxy is for the world outside; this machine is reached directly, whatever the environment says.
        self._session.trust_env = not is_loopback(endpoint_url)
        adapter = VerbatimAdapter(context_for(endpoint_url, ca_bundle))
        self._session.mount("https://", adapter)
        self._session.mount("http://", adapter)

    def send(self, call: Call, token: str) -> Outcome:
        """Send the call once and say what became of it."""
        try:
            return _to_answer(self._send(call, token))
        except requests.RequestException as error:
            return classify(error)

    def close(self) -> None:
        """Close the connections that are kept for the next call."""
        self._session.close()

    def _send(self, call: Call, token: str) -> requests.Response:
        body = None if call.body is None else json.dumps(call.body).encode()
        request = requests.Request(call.method, call.origin, data=body, auth=_leave_headers_alone)
        prepared = self._session.prepare_request(request)
        prepared.headers.update(headers_for(call, token))
        prepared.url = call.url  # set after preparing, which would rewrite its escapes
        proxies = self._session.merge_environment_settings(call.url, {}, stream=False, verify=None, cert=None)
        return self._session.send(
            prepared,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            **proxies,
        )


def classify(error: requests.RequestException) -> NotSent | Lost:
    """Whether a request can have reached Azure; in doubt it has."""
    causes = tuple(_causes(error))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return _classify_tls(causes)
    if isinstance(error, requests.ConnectTimeout):
        return NotSent(f"no connection within {CONNECT_SECONDS:g} s")
    if any(isinstance(cause, NewConnectionError) for cause in causes):
        refused = any(isinstance(cause, ConnectionRefusedError) for cause in causes)
        return NotSent("connection refused" if refused else "no connection to the host")
    if isinstance(error, requests.exceptions.ProxyError):
        return NotSent("the proxy refused")
    return Lost(_how_lost(error))


def _classify_tls(causes: tuple[BaseException, ...]) -> NotSent | Lost:
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return NotSent(
            "its certificate is not trusted: name its authority as an extra CA bundle", is_final=True
        )
    if any(isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS for cause in causes):
        return NotSent("it does not speak TLS: is https right?", is_final=True)
    return Lost("the TLS connection broke")


def _how_lost(error: requests.RequestException) -> str:
    if isinstance(error, requests.ReadTimeout):
        return f"no answer within {READ_SECONDS:g} s"
    return "the connection was closed before the answer"


def _to_answer(response: requests.Response) -> Answer:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status_code, headers, response.content)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error with everything that it wraps: libraries hide the cause in args, reason or __cause__."""
    found: list[BaseException | None] = [error]
    seen: set[int] = set()
    while found:
        cause = found.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        found += [cause.__cause__, cause.__context__, getattr(cause, "reason", None)]
        found += [item for item in cause.args if isinstance(item, BaseException)]


def _leave_headers_alone(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    # Without an auth of our own, requests would put a .netrc entry in the place of the bearer token.
    return prepared
