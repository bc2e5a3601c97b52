"""The DAG of an upgrade of node images: which step comes after which; the DAG file adds its words."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task_group

from fleetwright.airflow.node_form import node_params
from fleetwright.airflow.operators.node_beginning import (
    AcquireClusterOperator,
    PlanPoolsOperator,
    ValidateClusterOperator,
)
from fleetwright.airflow.operators.node_ending import FinishNodesOperator, ReleaseClusterOperator
from fleetwright.airflow.operators.node_pools import (
    SelectPoolOperator,
    UpgradePoolOperator,
    VerifyPoolOperator,
    WaitForPoolOperator,
)
from fleetwright.airflow.rollout_dags import CONNECTION, MAX_RUNS, STEP, rollout_is_over
from fleetwright.node_images.settings import load_node_image_settings, node_images_file

# A cluster has at most 100 pools; one whose live patches were not taken comes twice, and the end has a turn as well.
MAX_TURNS = 250


def node_rollout_dag(dag_id: str, doc: str, environment: Mapping[str, str] = os.environ) -> DAG:
    """Validate, take the cluster, plan, pool by pool until it is over, finish; the lease is always given back.

    :param doc: what the UI shows about the DAG, Markdown
    :raises ConfigFileError: when the site's settings cannot be used, naming file and line
    """
    settings = load_node_image_settings(node_images_file(environment))
    made = DAG(
        dag_id,
        schedule=None,
        catchup=False,
        max_active_runs=MAX_RUNS,
        params=node_params(settings.manners),
        default_args={"retries": 3, "retry_delay": timedelta(seconds=5)},
        tags=["fleetwright", "rollout", "node images"],
        doc_md=doc,
    )
    with made:
        _steps()
    return made


def _steps() -> None:
    validate = ValidateClusterOperator(task_id="validate", **CONNECTION)
    acquire = AcquireClusterOperator(task_id="acquire_lease", validated=validate.output, **CONNECTION)
    plan = PlanPoolsOperator(task_id="plan", **STEP)
    finish = FinishNodesOperator(task_id="finish", **STEP)
    release = ReleaseClusterOperator(task_id="release_lease", **STEP)
    acquire >> plan >> _pool.loop(max_iterations=MAX_TURNS, until=rollout_is_over) >> finish
    finish >> release.as_teardown(setups=acquire)


@task_group(group_id="pool")
def _pool() -> None:
    select = SelectPoolOperator(task_id="select_pool", **STEP)
    turn: dict[str, Any] = {"selected": select.output, **STEP}
    upgrade = UpgradePoolOperator(task_id="upgrade_pool", **turn)
    wait = WaitForPoolOperator(task_id="wait_for_pool", **turn)
    verify = VerifyPoolOperator(task_id="verify_pool", trigger_rule="none_failed_min_one_success", **turn)
    select >> upgrade >> wait >> verify
    select >> verify
