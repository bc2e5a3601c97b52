"""An emulator in a thread of its own, for tests."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Self

from arm_emulator.clock import clock_named
from arm_emulator.server import bind, create_app, create_server
from arm_emulator.world.validation import validated

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_START_SECONDS = 30


class EmulatorServer:
    """Serves a world on a free port of this machine while its ``with`` block lasts.

    :param world: a world document.
    :param clock: as ``--clock`` takes it.
    :param state: as ``--state`` takes it.
    :ivar url: ``http://127.0.0.1:PORT``.
    :raises WorldError: the document is wrong.
    :raises ClockError: there is no such clock.
    """

    def __init__(
        self, world: dict[str, Any], *, clock: str = "manual", seed: int = 0, state: Path | None = None
    ) -> None:
        app = create_app(validated(world), clock_named(clock), seed=seed, state=state)
        self._server = create_server(app)
        self._listener = bind("127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, name="arm_emulator", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.should_exit = True
        self._thread.join(_START_SECONDS)
        self._listener.close()

    def _serve(self) -> None:
        self._server.run(sockets=[self._listener])
