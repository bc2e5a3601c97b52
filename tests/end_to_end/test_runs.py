"""What a person sees of runs: the story in the logs, a second run on the same fleet, a run that stops."""

from __future__ import annotations

import re

import pytest
from staged import BAD, NEW, OLD, Staged

from fleetwright_demo.airflow_api import DAG_ID
from fleetwright_demo.stage import TOKEN

pytestmark = pytest.mark.airflow


@pytest.fixture(scope="module")
def told(staged: Staged) -> str:
    """An automatic run of four instances in two batches, the last of which is rolled back."""
    run_id = staged.begin("told")
    assert staged.end_of(run_id) == "success"
    return run_id


def test_the_plan_is_a_table(staged: Staged, told: str) -> None:
    """The plan's log shows every batch with zone, instances and reason, and what would stop it."""
    log = staged.log(staged.task(told, "plan", "success"))

    assert f"Plan for told (westeurope): Canonical:UbuntuServer:18.04-LTS -> {NEW}" in log
    assert re.search(r"^ *batch +zone .* instances .* reason *$", log, re.MULTILINE)
    assert re.search(r"^ *1 +1 .* 0, 1 ", log, re.MULTILINE)
    assert re.search(r"^ *2 +1 .* 2, 3 ", log, re.MULTILINE)
    assert "50 % unhealthy of the set" in log


def test_a_batch_tells_each_instance(staged: Staged, told: str) -> None:
    """The choice's log has a row for each instance: zone, version before and after, reason."""
    log = staged.log(staged.task(told, "select_batch", "success", turn=1))

    for instance in ("2", "3"):
        assert re.search(rf"^ *{instance} +1 +0 +{OLD} +{NEW} +\S.*$", log, re.MULTILINE)


def test_the_wait_tells_who_became_healthy_and_when(staged: Staged, told: str) -> None:
    """The wait's log names each instance with its seconds, and why the other one was not healthy."""
    log = staged.log(staged.task(told, "wait_for_health", "success", turn=1))

    assert re.search(rf"instance 2 is healthy on {NEW}, \d+\.\d s after its swap", log)
    assert re.search(r"instance 3 is unhealthy after its swap: health is initializing", log)


def test_the_rollback_tells_what_and_why(staged: Staged, told: str) -> None:
    """R11: the rollback's log names the instance, the version that it gets back, and the reason."""
    log = staged.log(staged.task(told, "roll_back", "success", turn=1))

    assert re.search(rf"rolling instance 3 back to {OLD} on a new disk: health is initializing", log)
    assert re.search(rf"instance 3 is healthy on {OLD}, \d+\.\d s after its rollback", log)


def test_the_end_of_a_batch_tells_the_thresholds(staged: Staged, told: str) -> None:
    """R12: the log has both shares with their limits as numbers."""
    log = staged.log(staged.task(told, "settle_batch", "success", turn=1))

    assert "failed 1 of 4 upgraded (25%, allowed 50%)" in log
    assert "in the set (0%, allowed 50%)" in log


def test_the_end_of_a_batch_still_knows_why_it_rolled_back(staged: Staged, told: str) -> None:
    """R11: whoever reads only the batch's evidence learns why the instance was rolled back."""
    log = staged.log(staged.task(told, "settle_batch", "success", turn=1))

    (row,) = re.findall(r"^ *3 +rolled back.*$", log, re.MULTILINE)
    assert "health is initializing" in row


def test_no_log_shows_the_token(staged: Staged, told: str) -> None:
    """Not one line of any task, nor of any process of this Airflow, holds the connection's token."""
    logs = staged.logs(told)
    files = [path for path in (staged.stage.folder / "logs").glob("*.log") if path.stem != "emulator"]

    assert len(files) >= 4
    assert logs.count("\n") > 100
    assert TOKEN not in logs
    assert [path.name for path in files if TOKEN in path.read_text(errors="replace")] == []


def test_a_second_run_on_the_fleet_is_held_and_names_the_holder(staged: Staged) -> None:
    """While the first run lives the second one touches nothing, is no failure, and says which run to look at."""
    staged.hit("first", {"latency": 4.0}, times=1)
    first = staged.begin("first")
    staged.task(first, "swap_os_disk", "running")

    second = staged.begin("first", "first-run-again")

    assert staged.end_of(second) == "success"
    lease = staged.task(second, "acquire_lease", "skipped")
    log = staged.log(lease)
    assert "is held by" in log
    assert f"Airflow run {first} of {DAG_ID}" in log
    assert {task["state"] for task in staged.tasks(second, "plan")} == {"skipped"}
    assert staged.end_of(first) == "success"
    assert staged.judged("first")["swaps"] == {"0": 1}


def test_a_rollout_that_stops_fails_the_run(staged: Staged) -> None:
    """R12: every upgraded instance is bad; the run is red and the last task's error has Azure's code and message."""
    run_id = staged.begin("stopped", version=BAD)

    assert staged.end_of(run_id) == "failed"
    log = staged.log(staged.task(run_id, "finish", "failed"))
    assert "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade" in log
    assert "100% of instances are in an unhealthy state after being upgraded (1 of 1: 0)" in log
    assert staged.judged("stopped")["rollbacks"] == {"0": 1}
    assert staged.judged("stopped")["imageVersions"] == {OLD: 2}
    assert {task["state"] for task in staged.tasks(run_id, "release_lease")} == {"success"}


@pytest.mark.parametrize(
    ("conf", "named"),
    [
        ({}, "fleet"),
        ({"fleet": "web"}, "fleet"),
        ({"version": "newest"}, "version"),
        ({"health_timeout_seconds": 0}, "health_timeout_seconds"),
    ],
)
def test_a_form_that_cannot_be_is_refused_over_the_api(
    staged: Staged, conf: dict[str, object], named: str
) -> None:
    """Airflow answers 400 and names the field; no run comes of it."""
    fleet = {} if conf in ({}, {"fleet": "web"}) else {"fleet": staged.fleet("told")}
    body = {"dag_run_id": "never", "logical_date": None, "conf": {**fleet, **conf}}

    answer = staged.api._request("POST", f"/api/v2/dags/{DAG_ID}/dagRuns", body)

    assert answer.status_code == 400
    assert f"Invalid input for param {named}" in answer.text
