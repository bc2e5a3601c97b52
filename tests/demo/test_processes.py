"""Process groups: they are started apart, watched, and ended with everything that they started."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from fleetwright_demo.errors import StageError
from fleetwright_demo.processes import Child, is_alive, require_alive, start, stop

SLEEP = "import time; time.sleep(120)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(120)"
PARENT = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}]); print(child.pid, flush=True); child.wait()"
APART = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {SLEEP!r}], process_group=0); print(child.pid, flush=True); child.wait()"

Begin = Callable[[str], Child]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Begin]:
    """Start Python code in a group of its own; whatever a test leaves is ended."""
    started: list[Child] = []

    def make(code: str) -> Child:
        child = start("child", [sys.executable, "-c", code], os.environ, tmp_path, tmp_path)
        started.append(child)
        return child

    yield make
    for child in started:
        for process in psutil.process_iter():
            try:
                is_ours = os.getsid(process.pid) == child.session
            except OSError:
                continue
            if is_ours:
                process.kill()


def printed(child: Child) -> str:
    """The first line that the child printed."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if lines := child.log.read_text().splitlines():
            return lines[0]
        time.sleep(0.02)
    raise AssertionError("the child printed nothing")


def watch(child: Child) -> None:
    """Look at a child again and again, as a start does while it waits."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        require_alive(child)
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_a_group_ends_with_its_children(begin: Begin) -> None:
    """What the started process started is ended with it."""
    child = begin(PARENT)
    grandchild = int(printed(child))

    left = stop([child])

    assert left == ()
    assert not is_alive(child)
    assert not is_running(grandchild)


def test_a_grandchild_in_a_group_of_its_own_ends_as_well(begin: Begin) -> None:
    """Airflow gives the process of a task a group of its own: it must not outlive its scheduler."""
    child = begin(APART)
    grandchild = int(printed(child))

    stop([child])

    assert not is_running(grandchild)


def test_a_process_that_ignores_the_first_word_is_ended_for_good(
    begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After its time of grace a process is killed."""
    monkeypatch.setattr("fleetwright_demo.processes._GRACE_SECONDS", 0.5)
    child = begin(STUBBORN)
    printed(child)

    assert stop([child]) == ()
    assert not is_running(child.session)


def test_ending_what_has_ended_is_harmless(begin: Begin) -> None:
    """A second stop finds nothing and says so."""
    child = begin(SLEEP)
    stop([child])

    assert stop([child]) == ()


def test_a_process_that_ended_by_itself_is_told_with_the_end_of_its_log(begin: Begin) -> None:
    """The error names the process, where its log lies, and its last lines."""
    child = begin("print('the reason'); raise SystemExit(3)")
    printed(child)

    with pytest.raises(StageError, match=r"child ended by itself(.|\n)*the reason"):
        watch(child)


def test_a_living_process_passes(begin: Begin) -> None:
    """Nothing is said about a process that runs."""
    child = begin(SLEEP)

    require_alive(child)

    assert is_alive(child)
