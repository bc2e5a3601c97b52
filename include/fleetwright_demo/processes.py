"""Child processes in sessions of their own, so that ending one ends whatever it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from fleetwright_demo.errors import StageError

_GRACE_SECONDS = 15.0
_LOG_LINES = 15


@dataclass(frozen=True, slots=True)
class Child:
    """A process that leads its own session.

    Process groups would not do: Airflow gives each task a group of its own, within the session.

    :param session: the session's id, which is the first process's id
    :param started: when that process was made, seconds since the epoch; its number may be another's by now
    :param log: where its output goes
    """

    name: str
    session: int
    started: float
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
    return Child(name, process.pid, psutil.Process(process.pid).create_time(), log)


def is_alive(child: Child) -> bool:
    """Whether any process of the session is left."""
    return bool(_members(child))


def require_alive(child: Child) -> None:
    """Make sure that the process has not ended by itself.

    :raises StageError: with the last lines of its log
    """
    with suppress(ChildProcessError):
        ended, _status = os.waitpid(child.session, os.WNOHANG)
        if ended:
            raise StageError(f"{child.name} ended by itself; the end of {child.log}:\n{tail(child.log)}")


def tail(log: Path) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])


def stop(children: Iterable[Child]) -> tuple[str, ...]:
    """End sessions: first kindly, then for good.

    :returns: names of those that would not end; empty when no process is left
    """
    children = tuple(children)
    _signal(children, signal.SIGTERM)
    if not _gone(children, _GRACE_SECONDS):
        _signal(children, signal.SIGKILL)
        _gone(children, _GRACE_SECONDS)
    return tuple(child.name for child in children if is_alive(child))


def _members(child: Child) -> list[psutil.Process]:
    """The living processes of the session, none where the number has become somebody else's."""
    with suppress(ChildProcessError):
        os.waitpid(child.session, os.WNOHANG)
    if psutil.boot_time() > child.started + 1 or _is_another(child):
        return []
    return [process for process in psutil.process_iter() if _is_member(process, child)]


def _is_another(child: Child) -> bool:
    try:
        return abs(psutil.Process(child.session).create_time() - child.started) > 1
    except psutil.NoSuchProcess:
        return False  # the first one has ended; those it started may live on


def _is_member(process: psutil.Process, child: Child) -> bool:
    try:
        return os.getsid(process.pid) == child.session and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, PermissionError, psutil.NoSuchProcess):
        return False


def _signal(children: Iterable[Child], number: signal.Signals) -> None:
    for child in children:
        for process in _members(child):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                process.send_signal(number)


def _gone(children: tuple[Child, ...], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if not any(is_alive(child) for child in children):
            return True
        time.sleep(0.1)
    return False
