"""``kill -9`` where it hurts most: in the middle of a swap, and in the middle of a wait."""

from __future__ import annotations

import sys

import psutil
import pytest
from staged import NEW, Staged, eventually

from fleetwright_demo.airflow_env import airflow_env
from fleetwright_demo.layout import CHECKOUT
from fleetwright_demo.processes import start

pytestmark = pytest.mark.airflow

SWAP_SECONDS = (
    3.0  # of real time between the call and its answer: there is a middle, and it ends before the retry
)


def test_a_worker_killed_in_the_middle_of_a_swap_costs_a_retry(staged: Staged) -> None:
    """R44: Airflow tries the task again, nothing is swapped twice, and the rollout completes."""
    staged.hit("killed", {"latency": SWAP_SECONDS}, times=1)
    run_id = staged.begin("killed")
    task = staged.task(run_id, "swap_os_disk", "running")
    staged.wait_for_intent("killed")

    workers = staged.workers_of(task)
    for process in workers:
        process.kill()

    assert len(workers) >= 2

    assert staged.end_of(run_id) == "success"
    (swap, *_others) = staged.tasks(run_id, "swap_os_disk")
    assert swap["try_number"] == 2
    assert "going on with batch 1, which was begun before" in staged.log(swap)
    assert staged.judged("killed")["swaps"] == {"0": 1, "1": 1}
    assert staged.judged("killed")["imageVersions"] == {NEW: 2}
    assert staged.broken_rules("killed") == []


def test_a_wait_goes_on_in_another_triggerer(staged: Staged) -> None:
    """The process that watches a batch is killed; a new triggerer goes on with the wait from the ledger."""
    run_id = staged.begin("moved")
    staged.task(run_id, "wait_for_health", "deferred")
    triggerer = next(child for child in staged.stage.children if child.name == "triggerer")
    leader = psutil.Process(triggerer.session)

    for runner in leader.children(recursive=True):
        runner.kill()
    eventually("the end of the triggerer", lambda: not leader.is_running() or leader.status() == "zombie")
    _start_triggerer(staged)

    assert staged.end_of(run_id) == "success"
    assert staged.judged("moved")["swaps"] == {"0": 1}
    assert {task["state"] for task in staged.tasks(run_id, "wait_for_health")} == {"success"}
    assert staged.broken_rules("moved") == []


def _start_triggerer(staged: Staged) -> None:
    stage = staged.stage
    env = airflow_env(stage.folder / "airflow", stage.ports, ledger_url=stage.ledger_url)
    command = [sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"]
    stage.children.append(start("triggerer-2", command, env, stage.folder / "logs", CHECKOUT))
