"""The DAGs that keep node images current: which channel each is for, and when it looks.

When windows open is read from the file that every evaluation writes. A broken one does not stop a schedule: the usual
window stays, in which every cluster is found and the file is written anew, and the DAG's page says what is wrong.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import timedelta

import pendulum
from airflow.sdk import DAG

from fleetwright.airflow.form import azure_connection
from fleetwright.airflow.maintenance_timetable import MaintenanceWindowTimetable
from fleetwright.airflow.operators.node_evaluation import EvaluateChannelOperator, StartNodeRolloutsOperator
from fleetwright.domain.maintenance import MaintenanceWindow, write_maintenance_window
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.node_images.known_windows import KnownWindows, read_windows, windows_file
from fleetwright.node_images.settings import load_node_image_settings, node_images_file

CHANNELS = {
    "node_image_weekly": NodeOsChannel.NODE_IMAGE,
    "node_security_patch": NodeOsChannel.SECURITY_PATCH,
}
USUAL = "clusters without a window"
CONNECTION = "{{ params.azure_conn_id }}"


def schedule_dag(dag_id: str, doc: str, environment: Mapping[str, str] = os.environ) -> DAG:
    """Evaluate the clusters of the DAG's channel at each opening, then start the rollouts that it came to.

    :param dag_id: one of ``CHANNELS``
    :param doc: what the UI shows about the DAG, Markdown
    :raises ConfigFileError: when the site's settings cannot be used, naming file and line
    """
    known = read_windows(windows_file(environment))
    settings = load_node_image_settings(node_images_file(environment))
    made = DAG(
        dag_id,
        schedule=_timetable(dag_id, known, settings.window),
        start_date=pendulum.datetime(2024, 1, 1),
        catchup=False,
        max_active_runs=1,
        params={"azure_conn_id": azure_connection()},
        default_args={"retries": 3, "retry_delay": timedelta(seconds=30)},
        tags=["fleetwright", "node images"],
        doc_md=doc + _warning(known),
    )
    with made:
        evaluated = EvaluateChannelOperator(
            task_id="evaluate", channel=str(CHANNELS[dag_id]), azure_conn_id=CONNECTION
        )
        StartNodeRolloutsOperator(
            task_id="start_rollouts", evaluated=evaluated.output, azure_conn_id=CONNECTION
        )
    return made


def _timetable(dag_id: str, known: KnownWindows, usual: MaintenanceWindow) -> MaintenanceWindowTimetable:
    """At the windows of the channel's clusters, and at the usual one: new clusters are found in it."""
    mine = known.by_name([CHANNELS[dag_id]])
    return MaintenanceWindowTimetable({**mine, USUAL: write_maintenance_window(usual)})


def _warning(known: KnownWindows) -> str:
    if not known.problems:
        return ""
    lines = "".join(f"\n- {problem}" for problem in known.problems)
    return (
        f"\n\n**Windows that cannot be used**, until the next evaluation writes the file anew (trigger one by hand):"
        f"{lines}\n"
    )
