"""A server protocol that lets an application close its connection: ASGI itself has no way to leave a call unanswered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

    from starlette.types import Receive, Scope

TRANSPORT_STATE = "arm_emulator.transport"


class DroppableProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with its transport in the state of each request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as in uvicorn
        """Remember the transport for the requests to come; ``app_state`` is copied into the scope of each."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, TRANSPORT_STATE: transport}


async def drop_connection(scope: Scope, receive: Receive) -> None:
    """Close the connection of a request without an answer, and wait until the server knows.

    :raises RuntimeError: the server does not run :class:`DroppableProtocol`.
    """
    transport = scope.get("state", {}).get(TRANSPORT_STATE)
    if transport is None:
        raise RuntimeError("a connection can only be closed under arm_emulator.protocol.DroppableProtocol")
    transport.abort()
    while (await receive())["type"] != "http.disconnect":
        pass
