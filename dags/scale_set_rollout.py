"""One rollout of one scale set: a new OS image, batch by batch.

Trigger it by hand with a fleet, or let another DAG start it with ``trigger: automatic``. Every step is a
function of ``fleetwright.rollout``; this file only says which step comes after which.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import LoopDecision, dag, task_group

from fleetwright.airflow.form import rollout_params
from fleetwright.airflow.operators.batch import (
    CheckHealthOperator,
    RollBackOperator,
    SelectBatchOperator,
    SettleBatchOperator,
    SwapOsDiskOperator,
    WaitForHealthOperator,
)
from fleetwright.airflow.operators.beginning import (
    AcquireLeaseOperator,
    PlanOperator,
    ValidateFleetOperator,
)
from fleetwright.airflow.operators.ending import FinishOperator
from fleetwright.airflow.operators.teardown import ReleaseLeaseOperator

MAX_BATCHES = 1_100  # one instance a batch in the largest scale set, and some to spare
MAX_RUNS = 1_000  # each phase has its own limit, and a rollout that waits holds no worker
# A template, not an output: every step would otherwise stand right behind acquire_lease in the graph.
ROLLOUT_ID = "{{ ti.xcom_pull(task_ids='acquire_lease') }}"


def rollout_is_over(*, loop: Any) -> LoopDecision:
    """Stop when the batch was the last one, or when a threshold was exceeded."""
    return LoopDecision(stop=loop.result["stop"], reason=loop.result["reason"][:500])


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=MAX_RUNS,
    params=rollout_params(),
    default_args={"retries": 3, "retry_delay": timedelta(seconds=5)},
    tags=["fleetwright", "rollout"],
    doc_md=__doc__,
)
def scale_set_rollout() -> None:
    """Validate, take the fleet, plan, run batches until it is over, finish; the lease is always given back."""
    conn: dict[str, Any] = {"azure_conn_id": "{{ params.azure_conn_id }}"}
    validate = ValidateFleetOperator(task_id="validate", **conn)
    acquire = AcquireLeaseOperator(task_id="acquire_lease", validated=validate.output, **conn)
    step = {"rollout_id": ROLLOUT_ID, **conn}
    plan = PlanOperator(task_id="plan", validated=validate.output, **step)

    @task_group
    def batch() -> None:
        check = CheckHealthOperator(task_id="check_health", **step)
        select = SelectBatchOperator(task_id="select_batch", **step)
        turn = {"selected": select.output, **step}
        swap = SwapOsDiskOperator(task_id="swap_os_disk", **turn)
        wait = WaitForHealthOperator(task_id="wait_for_health", **turn)
        roll_back = RollBackOperator(task_id="roll_back", **turn)
        rule = "none_failed_min_one_success"
        settle = SettleBatchOperator(task_id="settle_batch", checked=check.output, trigger_rule=rule, **turn)
        check >> select >> swap >> wait >> roll_back >> settle
        [check, select, wait] >> settle

    finish = FinishOperator(task_id="finish", **step)
    release = ReleaseLeaseOperator(task_id="release_lease", **step)
    acquire >> plan >> batch.loop(max_iterations=MAX_BATCHES, until=rollout_is_over) >> finish
    finish >> release.as_teardown(setups=acquire)


scale_set_rollout()
