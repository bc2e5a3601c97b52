"""The DAG of a rollout, for every kind of fleet: which step comes after which; a DAG file adds its words and its form."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import DAG, LoopDecision, task_group

from fleetwright.airflow.fleet_dags import kind_of
from fleetwright.airflow.operators.batch import (
    CheckHealthOperator,
    RollBackOperator,
    SelectBatchOperator,
    SettleBatchOperator,
    SwapOsDiskOperator,
    WaitForHealthOperator,
)
from fleetwright.airflow.operators.beginning import AcquireLeaseOperator, PlanOperator, ValidateFleetOperator
from fleetwright.airflow.operators.ending import FinishOperator
from fleetwright.airflow.operators.teardown import ReleaseLeaseOperator
from fleetwright.domain.fleets import FleetKind

if TYPE_CHECKING:
    from airflow.sdk import Param

# One machine a batch, and some to spare: in the largest scale set; and in a pool, where a node that finishes its work
# before the others is a batch of its own, and whose size nothing but a quota limits.
MAX_BATCHES = {FleetKind.SCALE_SET: 1_100, FleetKind.BATCH_POOL: 10_100}
MAX_RUNS = 1_000  # each phase has its own limit, and a rollout that waits holds no worker
CONNECTION: dict[str, Any] = {"azure_conn_id": "{{ params.azure_conn_id }}"}
# A template, not an output: every step would otherwise stand right behind acquire_lease in the graph.
STEP: dict[str, Any] = {"rollout_id": "{{ ti.xcom_pull(task_ids='acquire_lease') }}", **CONNECTION}


def rollout_dag(dag_id: str, params: dict[str, Param], doc: str | None) -> DAG:
    """Validate, take the fleet, plan, run batches until it is over, finish; the lease is always given back.

    :param dag_id: one of ``ROLLOUT_DAGS``; its kind of fleet is what validation takes
    :param params: the trigger form
    :param doc: what the UI shows about the DAG, Markdown
    """
    made = DAG(
        dag_id,
        schedule=None,
        catchup=False,
        max_active_runs=MAX_RUNS,
        params=params,
        default_args={"retries": 3, "retry_delay": timedelta(seconds=5)},
        tags=["fleetwright", "rollout"],
        doc_md=doc,
    )
    with made:
        _steps(kind_of(dag_id))
    return made


def _steps(kind: FleetKind) -> None:
    validate = ValidateFleetOperator(task_id="validate", kind=kind, **CONNECTION)
    acquire = AcquireLeaseOperator(task_id="acquire_lease", validated=validate.output, **CONNECTION)
    plan = PlanOperator(task_id="plan", validated=validate.output, **STEP)
    finish = FinishOperator(task_id="finish", **STEP)
    release = ReleaseLeaseOperator(task_id="release_lease", **STEP)
    acquire >> plan >> _batch.loop(max_iterations=MAX_BATCHES[kind], until=rollout_is_over) >> finish
    finish >> release.as_teardown(setups=acquire)


@task_group(group_id="batch")
def _batch() -> None:
    check = CheckHealthOperator(task_id="check_health", **STEP)
    select = SelectBatchOperator(task_id="select_batch", **STEP)
    turn = {"selected": select.output, **STEP}
    swap = SwapOsDiskOperator(task_id="swap_os_disk", **turn)
    wait = WaitForHealthOperator(task_id="wait_for_health", **turn)
    roll_back = RollBackOperator(task_id="roll_back", **turn)
    rule = "none_failed_min_one_success"
    settle = SettleBatchOperator(task_id="settle_batch", checked=check.output, trigger_rule=rule, **turn)
    check >> select >> swap >> wait >> roll_back >> settle
    [check, select, wait] >> settle


def rollout_is_over(*, loop: Any) -> LoopDecision:
    """Stop when the batch was the last one, or when a threshold was exceeded."""
    return LoopDecision(stop=loop.result["stop"], reason=loop.result["reason"][:500])
