"""From a state file to the emulator as it was."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from arm_emulator.state.clocks import RepeatingClock
from arm_emulator.state.journal import StateError
from arm_emulator.state.recorder import ADMIN, ADVANCE, ARM_HIT, ARM_LATE
from arm_emulator.wire.call import ArmCall
from arm_emulator.world.errors import WorldError
from arm_emulator.world.reading import parse_world
from arm_emulator.world.validation import validated

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message

    from arm_emulator.emulator import Emulator
    from arm_emulator.state.journal import Beginning, Entry, Journal
    from arm_emulator.wire.gateway import ArmGateway


async def replay(
    journal: Journal, beginning: Beginning, *, emulator: Emulator, gateway: ArmGateway, admin: ASGIApp
) -> None:
    """Carry out again what the journal holds; the emulator's own clock then goes on from there.

    :param admin: the emulator's own routes.
    :raises StateError: what it holds cannot be carried out by this version.
    """
    live = emulator.clock
    clock = RepeatingClock(beginning.mode)
    emulator.clock = clock
    clock.tell(beginning.instants)
    try:
        emulator.reset(validated(parse_world(beginning.text)))
    except WorldError as error:
        raise StateError(f"{journal.path} holds a world that is none for this version: {error}") from None
    for entry in journal.entries():
        clock.mode = entry.mode
        clock.tell(entry.instants or [emulator.world.now])
        await _carry_out(entry, emulator, gateway, admin)
    emulator.clock = live
    live.start_at(emulator.world.now)


async def _carry_out(entry: Entry, emulator: Emulator, gateway: ArmGateway, admin: ASGIApp) -> None:
    if entry.kind == ADVANCE:
        emulator.advance()
    elif entry.kind == ADMIN:
        await _call(admin, entry.call["method"], entry.call["path"], entry.call["body"].encode())
    else:
        call = _arm_call(entry.call)
        if entry.kind == ARM_HIT:
            gateway.take(call)
        elif entry.kind == ARM_LATE:
            gateway.repeat_late(call, entry.call["status"])
        else:
            gateway.repeat(call, entry.call["status"])


def _arm_call(said: dict[str, Any]) -> ArmCall:
    return ArmCall(
        method=said["method"],
        path=said["path"],
        query=said["query"],
        headers=said["headers"],
        base_url=said["baseUrl"],
        body=said["body"].encode(),
    )


async def _call(app: ASGIApp, method: str, path: str, body: bytes) -> None:
    """One call of an application, without a server."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", b"application/json")],
        "server": ("127.0.0.1", 0),
        "client": ("127.0.0.1", 0),
    }

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Message) -> None:
        status = message.get("status", HTTPStatus.OK)
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise StateError(f"{method} /_emulator{path} of the state file ends in {status} in this version")

    await app(scope, receive, send)
