"""A Batch pool in a real Airflow: a worker dies while it closes nodes, and nodes at work are waited for without one."""

from __future__ import annotations

import pytest
from staged import NEW, POOL, POOL_NODES, Staged, eventually

pytestmark = pytest.mark.airflow

CLOSING_SECONDS = 3.0  # of real time before the call closes its node: there is a middle
AT_WORK_SECONDS = 600.0


def test_nodes_are_opened_although_a_worker_is_killed_while_it_closes_them(pools: Staged) -> None:
    """R44, R55: the retry knows whom the dead one meant to close; the wait holds no worker, and its log tells who is at work."""
    pools.work_on(POOL, AT_WORK_SECONDS)
    pools.delay_closing(CLOSING_SECONDS)
    run_id = pools.begin(POOL, drain_deadline_seconds=AT_WORK_SECONDS)
    task = pools.task(run_id, "select_batch", "running")
    pools.wait_for_closing(POOL)

    killed = pools.workers_of(task)
    for process in killed:
        process.kill()
    waiting = pools.task(run_id, "select_batch", "deferred")

    assert killed
    eventually("the end of the worker", lambda: not pools.workers_of(waiting))
    eventually("who holds it up", lambda: "tvm-0 runs job/" in pools.log(waiting))
    assert pools.closed_nodes() == ["tvm-0"]
    pools.work_on(POOL, 0)
    assert pools.end_of(run_id) == "success"
    (choice, *_others) = pools.tasks(run_id, "select_batch")
    assert choice["try_number"] == 2
    assert pools.judged_pool(POOL)["imageVersions"] == {NEW: POOL_NODES}
    assert pools.judged_pool(POOL)["runningNodesInterrupted"] == 0
    assert pools.closed_nodes() == []
    assert pools.broken_rules(POOL) == []
