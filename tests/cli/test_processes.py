"""``fleetwright run`` as a process of its own: killed, interrupted, and followed by the next one."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from commands import Fleetwright, start
from rehearsals import TOKEN, Rehearsal
from worlds import NEW, world

Rehearse = Callable[..., Rehearsal]

PATIENCE_SECONDS = 60


@pytest.fixture
def rehearsal(rehearse: Rehearse) -> Rehearsal:
    """A world whose time stands still: a process on real time waits in its first swap for ever."""
    return rehearse({**world(3, 0), "now": datetime.now(UTC).isoformat()})


@contextmanager
def swapping(rehearsal: Rehearsal) -> Iterator[subprocess.Popen[str]]:
    """A running process whose first swap was accepted and written down."""
    process = start(rehearsal, virtual=False)
    try:
        _await(lambda: rehearsal.admin.mutating() == 1 and _is_accepted(rehearsal))
        yield process
    finally:
        process.kill()
        process.communicate()


def test_killed_process_is_followed(rehearsal: Rehearsal, capsys: pytest.CaptureFixture[str]) -> None:
    """Kill -9 in the middle of a swap: its lease holds the fleet until it expires, then the next run ends the same rollout, swapping nobody twice."""
    fleetwright = Fleetwright(rehearsal, capsys)
    with swapping(rehearsal) as process:
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE_SECONDS)
    too_early = fleetwright("run", "--json")
    _expire_leases(rehearsal)

    ended = fleetwright("run", "--json")

    assert too_early.code == 3
    assert f"pid {process.pid}" in too_early.body["reasons"][0]
    assert ended.code == 0
    assert ended.body["progress"]["successfulInstanceCount"] == 3
    assert rehearsal.state()["swaps"] == {"0": 1, "1": 1, "2": 1}
    assert rehearsal.state()["imageVersions"] == {NEW: 3}
    assert rehearsal.admin.violations() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_process_gives_its_fleet_back(
    rehearsal: Rehearsal, capsys: pytest.CaptureFixture[str], number: signal.Signals
) -> None:
    """Ctrl-C and a kind kill: exit 1, one line that says what happens next, and the next run goes on at once."""
    with swapping(rehearsal) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE_SECONDS)

    ended = Fleetwright(rehearsal, capsys)("run", "--json")

    assert process.returncode == 1
    assert out == ""
    assert "Traceback" not in err
    assert err.splitlines()[-1].startswith("fleetwright: interrupted")
    assert ended.code == 0
    assert rehearsal.state()["swaps"] == {"0": 1, "1": 1, "2": 1}


def test_process_prints_plain_lines_and_no_token(rehearsal: Rehearsal) -> None:
    """Where its output is no terminal a process prints plain lines, and its token in none of them."""
    process = start(rehearsal)
    out, err = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 0
    assert out.startswith("Completed: ")
    assert "instance 0 is healthy" in err
    assert "\x1b" not in out + err
    assert TOKEN not in out + err


def _is_accepted(rehearsal: Rehearsal) -> bool:
    views = rehearsal.ports().ledger.list_rollouts(rehearsal.admin.fleet_id.lower())
    return bool(views) and any(swap.state == "accepted" for swap in views[0].swaps.values())


def _await(is_so: Callable[[], bool]) -> None:
    """Wait for another process to have done something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "the process did not come this far"
        time.sleep(0.05)


def _expire_leases(rehearsal: Rehearsal) -> None:
    """As if half a minute of silence had passed."""
    connection = sqlite3.connect(rehearsal.ledger_url.removeprefix("sqlite:///"))
    connection.execute("UPDATE locks SET expires_at = taken_at")
    connection.commit()
    connection.close()
