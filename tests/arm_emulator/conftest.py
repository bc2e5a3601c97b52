"""Emulators for the tests of the emulator."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

# Test folders are no packages: what the tests share stands beside them, and worlds with pools in tests/rollout.
sys.path.insert(0, str(Path(__file__).parent.parent / "rollout"))
sys.path.insert(0, str(Path(__file__).parent))

from emulated_worlds import Emulator, Serve, world

from arm_emulator.server_thread import EmulatorServer

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pool:
    """Servers that wait for their next test: a reset is quicker than a start."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._idle: dict[tuple[str, int], list[EmulatorServer]] = {}

    def take(self, document: dict[str, Any], clock: str, seed: int) -> EmulatorServer:
        """A server with this world, its record and its log empty."""
        idle = self._idle.setdefault((clock, seed), [])
        if not idle:
            return self._stack.enter_context(EmulatorServer(document, clock=clock, seed=seed))
        server = idle.pop()
        emulator = Emulator(server.url)
        emulator.admin("POST", "reset", document)
        emulator.http.close()
        return server

    def give_back(self, server: EmulatorServer, clock: str, seed: int) -> None:
        """The test is over."""
        self._idle[clock, seed].append(server)


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """All servers of the session."""
    with ExitStack() as stack:
        yield Pool(stack)


@pytest.fixture
def serve(pool: Pool) -> Iterator[Serve]:
    """Serve worlds, each by an emulator that no other test talks to meanwhile."""
    with ExitStack() as stack:

        def start(
            document: dict[str, Any] | None = None, *, clock: str = "manual", seed: int = 0
        ) -> Emulator:
            server = pool.take(document or world(), clock, seed)
            stack.callback(pool.give_back, server, clock, seed)
            emulator = Emulator(server.url)
            stack.callback(emulator.http.close)
            return emulator

        yield start
