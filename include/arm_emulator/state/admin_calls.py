"""The emulator's own routes with a record of what they did."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from arm_emulator.state.recorder import Recorder

_RESET = "/reset"


class RecordedAdmin:
    """An application whose calls are noted before their answers begin."""

    def __init__(self, app: ASGIApp, recorder: Recorder) -> None:
        self._app = app
        self._recorder = recorder

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one call on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = bytearray()

        async def receive_and_keep() -> Message:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def note_and_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._note(scope, bytes(body), int(message["status"]))
            await send(message)

        await self._app(scope, receive_and_keep, note_and_send)

    def _note(self, scope: Scope, body: bytes, status: int) -> None:
        path = str(scope["path"]).removeprefix(str(scope.get("root_path") or ""))
        if path == _RESET and scope["method"] == "POST":
            if status < 400:
                self._recorder.note_beginning(body.decode("utf-8", "replace"))
            return
        self._recorder.note_admin(scope["method"], path, body)
