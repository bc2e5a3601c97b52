"""One attempt of one read on ``httpx``: an outcome comes back, never an exception of the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from fleetwright.azure.calls import Answer, Call, Lost, NotSent, Outcome
from fleetwright.azure.hosts import is_loopback
from fleetwright.azure.transport import headers_for
from fleetwright.azure.trust import context_for

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0


class HttpxTransport:
    """Connections for one read with its pages and attempts; closed with its ``async with`` block.

    They are not kept for the next poll: polls lie further apart than an idle connection lives, and what belongs
    to one event loop must not be met in another.

    :param ca_bundle: a PEM file with further authorities
    """

    def __init__(self, endpoint_url: str, ca_bundle: str | None = None) -> None:
        import httpx  # noqa: PLC0415 - only triggers pay for it

        self._client = httpx.AsyncClient(
            verify=context_for(endpoint_url, ca_bundle),
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS),
            trust_env=not is_loopback(endpoint_url),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self._client.aclose()

    async def send(self, call: Call, token: str) -> Outcome:
        """Send the read once and say what became of it."""
        import httpx  # noqa: PLC0415 - only triggers pay for it

        try:
            response = await self._client.get(
                call.url,
                headers=headers_for(call, token),
                extensions={"target": _target(call)},
            )
        except httpx.TransportError as error:
            return _classify(error)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content)


def _target(call: Call) -> bytes:
    # httpx would rewrite some characters; the target goes out as the link was given.
    return call.url[len(call.origin) :].partition("#")[0].encode() or b"/"


def _classify(error: httpx.TransportError) -> NotSent | Lost:
    import httpx  # noqa: PLC0415 - only triggers pay for it

    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return NotSent(
            "its certificate is not trusted: name its authority as an extra CA bundle", is_final=True
        )
    if isinstance(error, httpx.ConnectError):
        return NotSent("connection refused")
    if isinstance(error, (httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)):
        return NotSent(f"no connection within {CONNECT_SECONDS:g} s")
    return Lost("the connection was closed, or no answer came in time")
