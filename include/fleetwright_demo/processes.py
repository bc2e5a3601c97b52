"""Child processes in groups of their own, so that ending one ends its children too."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fleetwright_demo.errors import StageError

_GRACE_SECONDS = 15.0
_LOG_LINES = 15


@dataclass(frozen=True, slots=True)
class Child:
    """A process that leads its own group.

    :param group: the process group's id, which is the first process's id
    :param log: where its output goes
    """

    name: str
    group: int
    log: Path


def start(name: str, command: Sequence[str], env: Mapping[str, str], logs: Path, cwd: Path) -> Child:
    """Start a command in the background; its output goes to a file of its own."""
    logs.mkdir(parents=True, exist_ok=True)
    log = logs / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - our own commands
            command,
            env=dict(env),
            cwd=cwd,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    return Child(name, process.pid, log)


def is_alive(child: Child) -> bool:
    """Whether any process of the group is left."""
    with suppress(ChildProcessError):
        os.waitpid(child.group, os.WNOHANG)
    try:
        os.killpg(child.group, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # the number belongs to somebody else by now
        return False
    return True


def require_alive(child: Child) -> None:
    """Make sure that the process has not ended by itself.

    :raises StageError: with the last lines of its log
    """
    with suppress(ChildProcessError):
        ended, _status = os.waitpid(child.group, os.WNOHANG)
        if ended:
            raise StageError(f"{child.name} ended by itself; the end of {child.log}:\n{tail(child.log)}")


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


def stop(children: Iterable[Child]) -> tuple[str, ...]:
    """End process groups: first kindly, then for good.

    :returns: names of those that would not end; empty when no process is left
    """
    children = tuple(children)
    _signal(children, signal.SIGTERM)
    if not _gone(children, _GRACE_SECONDS):
        _signal(children, signal.SIGKILL)
        _gone(children, _GRACE_SECONDS)
    return tuple(child.name for child in children if is_alive(child))


def _signal(children: Iterable[Child], number: signal.Signals) -> None:
    for child in children:
        if is_alive(child):
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(child.group, number)


def _gone(children: tuple[Child, ...], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(is_alive(child) for child in children):
            return True
        time.sleep(0.1)
    return False
