"""A clock that costs no time, and a small HTTP server that answers as it is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"
TOKEN = "s3cret-bearer-token"
FLEET_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers/Microsoft.Compute/virtualMachineScaleSets/web"
)


class VirtualClock:
    """A ``Clock`` on which waiting moves the time on and takes none."""

    def __init__(self) -> None:
        self.started = self.instant = datetime(2024, 6, 1, tzinfo=UTC)
        self.waits: list[float] = []

    def now(self) -> datetime:
        return self.instant

    def wait_until(self, instant: datetime) -> None:
        self.waits.append((instant - self.instant).total_seconds())
        self.instant = max(self.instant, instant)

    @property
    def passed(self) -> timedelta:
        return self.instant - self.started


@dataclass(frozen=True)
class Reply:
    """An answer; ``is_dropped`` closes the connection instead."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    is_dropped: bool = False


DROPPED = Reply(is_dropped=True)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived: the target byte for byte."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: Any


class ScriptedServer:
    """Answers the next reply of its script, the last one for ever."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self.replies: list[Reply | Callable[[Seen], Reply]] = []
        self.on_connection: Callable[[int], None] = lambda _port: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_connection: None  # a caller that hung up is part of some tests
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def script(self, *replies: Reply | Callable[[Seen], Reply]) -> None:
        self.replies = list(replies)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, seen: Seen) -> Reply:
        self.seen.append(seen)
        reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return reply if isinstance(reply, Reply) else reply(seen)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length)) if length else None
                outer.on_connection(self.client_address[1])
                headers = {name.lower(): value for name, value in self.headers.items()}
                reply = outer.answer(Seen(self.command, self.path, headers, body))
                if reply.is_dropped:
                    self.close_connection = True
                else:
                    self._send(reply)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that http.server asks for

            def _send(self, reply: Reply) -> None:
                content = b"" if reply.body is None else _encode(reply.body)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments: object) -> None: ...

        return Handler


def _encode(body: object) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def arm_error_body(code: str, message: str = "as it was told") -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def unguarded() -> None:
    """A guard that lets every attempt pass."""
