"""Ending the stage: nothing that it started stays behind. It is the last file, because it ends the stage."""

from __future__ import annotations

import psutil
import pytest
from staged import Staged, eventually

pytestmark = pytest.mark.airflow


def test_no_process_is_left_when_the_stage_ends_in_the_middle_of_a_swap(staged: Staged) -> None:
    """A task that hangs in a call is ended as well, although Airflow gives it a process group of its own."""
    staged.hit("hung", {"latency": 120.0}, times=1)
    run_id = staged.begin("hung")
    task = staged.task(run_id, "swap_os_disk", "running")
    staged.wait_for_intent("hung")
    before = staged.processes()
    assert len(staged.workers_of(task)) >= 2

    left = staged.stage.stop()

    assert left == ()
    try:
        eventually("the end of every process", lambda: not _alive(before), seconds=10)
    finally:
        for process in _alive(before):
            process.kill()


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
