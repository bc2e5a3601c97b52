"""One attempt of one read on ``httpx``, for the event loop that it is asked from."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from fleetwright.azure.calls import Answer, Call, Lost, NotSent, Outcome
from fleetwright.azure.hosts import is_loopback
from fleetwright.azure.transport import headers_for
from fleetwright.azure.trust import context_for

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0


class HttpxTransport:
    """Connections that are reused from read to read, as long as the event loop stays the same.

    :param ca_bundle: a PEM file with further authorities
    """

    def __init__(self, endpoint_url: str, ca_bundle: str | None = None) -> None:
        self._endpoint_url = endpoint_url
        self._ca_bundle = ca_bundle
        self._client: httpx.AsyncClient | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(self, call: Call, token: str) -> Outcome:
        """Send the read once and say what became of it."""
        import httpx  # noqa: PLC0415 - only triggers pay for it

        try:
            response = await self._connected().get(
                call.url,
                headers=headers_for(call, token),
                extensions={"target": _target(call)},
            )
        except httpx.TransportError as error:
            return _classify(error)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content)

    async def close(self) -> None:
        """Close the connections that are kept for the next read."""
        if self._client is not None and self._loop is asyncio.get_running_loop():
            await self._client.aclose()
        self._client = None

    def _connected(self) -> httpx.AsyncClient:
        import httpx  # noqa: PLC0415 - only triggers pay for it

        loop = asyncio.get_running_loop()
        if self._client is None or self._loop is not loop:
            self._loop = loop
            self._client = httpx.AsyncClient(
                verify=context_for(self._endpoint_url, self._ca_bundle),
                timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
                trust_env=not is_loopback(self._endpoint_url),
            )
        return self._client


def _target(call: Call) -> bytes:
    # httpx would rewrite some characters; the target goes out as the link was given.
    return call.url[len(call.origin) :].partition("#")[0].encode() or b"/"


def _classify(error: httpx.TransportError) -> NotSent | Lost:
    import httpx  # noqa: PLC0415 - only triggers pay for it

    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return NotSent(
            "its certificate is not trusted: name its authority as an extra CA bundle", is_final=True
        )
    if isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)):
        return NotSent("connection refused" if isinstance(error, httpx.ConnectError) else "no connection")
    return Lost("the connection was closed, or no answer came in time")
