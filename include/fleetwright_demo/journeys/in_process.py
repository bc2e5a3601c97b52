"""An emulator in this process: the same application and routes as behind a socket, without the socket."""

from __future__ import annotations

import json
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit

from arm_emulator.clock import clock_named
from arm_emulator.protocol import TRANSPORT_STATE
from arm_emulator.server import create_app
from arm_emulator.world.validation import validated
from fleetwright.azure.calls import Answer, Call, Lost, Outcome
from fleetwright.azure.transport import headers_for
from fleetwright_demo.errors import StageError

URL = "http://localhost"


class _Exchange:
    """One request as ASGI sees it: its body goes in, its answer comes out, or its connection is closed."""

    def __init__(self, body: bytes) -> None:
        self._received = [{"type": "http.request", "body": body, "more_body": False}]
        self.status = 0
        self.headers: dict[str, str] = {}
        self.content = b""

    async def receive(self) -> dict[str, Any]:
        return self._received.pop(0) if self._received else {"type": "http.disconnect"}

    async def send(self, message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
        else:
            self.content += message.get("body", b"")

    def abort(self) -> None:
        """The emulator closes the connection: a status of 0 says so."""


class EmulatorInProcess:
    """A world that answers calls without a server; one caller at a time.

    Faults that wait in real time need a server: their calls are refused here.

    :param world: a world document
    """

    def __init__(self, world: dict[str, Any], *, seed: int = 0) -> None:
        self._app = create_app(validated(world), clock_named("manual"), seed=seed)

    def get(self, route: str) -> Any:  # noqa: ANN401 - whatever JSON the route answers
        """What one of the emulator's own routes says."""
        return self._own("GET", route, None)

    def post(self, route: str, **body: Any) -> Any:  # noqa: ANN401 - whatever JSON the route takes and answers
        """Tell the emulator something."""
        return self._own("POST", route, body)

    def handle(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Carry a request out; None where its connection was closed before the answer."""
        exchange, parts = _Exchange(body), urlsplit(url)
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": parts.scheme,
            "path": unquote(parts.path),
            "raw_path": parts.path.encode(),
            "query_string": parts.query.encode(),
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "server": (parts.hostname, parts.port or 80),
            "client": ("127.0.0.1", 1),
            "state": {TRANSPORT_STATE: exchange},
        }
        _run(self._app(scope, exchange.receive, exchange.send), f"{method} {parts.path}")
        return Answer(exchange.status, exchange.headers, exchange.content) if exchange.status else None

    def _own(self, method: str, route: str, body: dict[str, Any] | None) -> Any:  # noqa: ANN401 - JSON
        headers = {"host": "localhost", "content-type": "application/json"}
        sent = b"" if body is None else json.dumps(body).encode()
        answer = self.handle(method, f"{URL}/_emulator/{route}", headers, sent)
        if answer is None or not answer.is_success:
            raise StageError(f"{method} /_emulator/{route} was answered {answer}")
        return json.loads(answer.content)


class InProcessTransport:
    """A ``Transport`` to such an emulator."""

    def __init__(self, emulator: EmulatorInProcess) -> None:
        self._emulator = emulator

    def send(self, call: Call, token: str) -> Outcome:
        """Carry the call out and say what became of it."""
        body = b"" if call.body is None else json.dumps(call.body).encode()
        headers = {"host": urlsplit(call.url).netloc, **headers_for(call, token)}
        answer = self._emulator.handle(call.method, call.url, headers, body)
        return Lost("the connection was closed before the answer") if answer is None else answer

    def close(self) -> None:
        """Nothing is kept."""


class InProcessClock:
    """A ``Clock``: the emulator's manual one."""

    def __init__(self, emulator: EmulatorInProcess) -> None:
        self._emulator = emulator

    def now(self) -> datetime:
        """The emulator's present instant."""
        return datetime.fromisoformat(self._emulator.get("clock")["now"])

    def wait_until(self, instant: datetime) -> None:
        """Move the emulator's clock to the instant, running what happens on the way."""
        self._emulator.post("clock", to=instant.astimezone(UTC).isoformat())


def _run(answering: Coroutine[Any, Any, None], title: str) -> None:
    """Run an application to its answer; it gives way to nobody, so it needs no event loop."""
    try:
        answering.send(None)
    except StopIteration:
        return
    except RuntimeError as error:
        raise StageError(f"{title} cannot be answered without a server: {error}") from error
    answering.close()
    raise StageError(f"{title} waits in real time, which needs a server")
