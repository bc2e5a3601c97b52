"""The ``fleetwright`` command as a test calls it: in this process, or in one of its own."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from rehearsals import TOKEN, Rehearsal
from worlds import FLEET_ID

from fleetwright.cli.app import exit_code


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def body(self) -> dict[str, Any]:
        """The one JSON object that it printed."""
        found: dict[str, Any] = json.loads(self.out)
        return found

    @property
    def errors(self) -> list[str]:
        """Its lines on standard error."""
        return self.err.splitlines()


@contextmanager
def _bare_logging() -> Iterator[None]:
    """Logging as a process of its own has it: pytest's handlers would swallow stray lines."""
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        yield
    finally:
        root.handlers = handlers


def where(rehearsal: Rehearsal, **other: str | None) -> list[str]:
    """The flags that say where the fleet is; one given as None is left out."""
    flags: dict[str, str | None] = {
        "endpoint": rehearsal.url,
        "token": TOKEN,
        "fleet": FLEET_ID,
        "ledger": rehearsal.ledger_url,
        **other,
    }
    return [word for name, value in flags.items() if value is not None for word in (f"--{name}", value)]


@dataclass(frozen=True, slots=True)
class Fleetwright:
    """The command on one rehearsal, in virtual time."""

    rehearsal: Rehearsal
    capsys: pytest.CaptureFixture[str]

    def __call__(self, verb: str, *arguments: str, **other: str | None) -> Ended:
        """Run a verb."""
        return self.raw(verb, *where(self.rehearsal, **other), "--virtual-time", *arguments)

    def raw(self, *arguments: str) -> Ended:
        """Run the command with just these words."""
        self.capsys.readouterr()
        with _bare_logging():
            code = exit_code(list(arguments))
        shown = self.capsys.readouterr()
        return Ended(code, shown.out, shown.err)


_MAIN = "from fleetwright.cli.app import main; main()"


def start(rehearsal: Rehearsal, *arguments: str, virtual: bool = True) -> subprocess.Popen[str]:
    """``fleetwright run`` as a process of its own; whoever starts it ends it."""
    time = ["--virtual-time"] if virtual else []
    return subprocess.Popen(
        [sys.executable, "-c", _MAIN, "run", *where(rehearsal), *time, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # A shell that runs tests in the background has interrupts ignored, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - one thread
    )
