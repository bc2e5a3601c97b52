"""Emulators for the tests of the emulator."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(
    0, str(Path(__file__).parent)
)  # test folders are no packages; what tests share stands beside them

from emulated_worlds import Emulator, world

from arm_emulator.server_thread import EmulatorServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def serve() -> Iterator[Callable[..., Emulator]]:
    """Serve worlds, each by an emulator of its own, until the test is over."""
    with ExitStack() as stack:

        def start(
            document: dict[str, Any] | None = None, *, clock: str = "manual", seed: int = 0
        ) -> Emulator:
            server = stack.enter_context(EmulatorServer(document or world(), clock=clock, seed=seed))
            emulator = Emulator(server.url)
            stack.callback(emulator.http.close)
            return emulator

        yield start
