"""Finds new versions of OS images and sends them on their way: to the phases, or to a gallery's regions.

Runs every 30 minutes; trigger it by hand to look at once. The log of ``look`` says for every image what follows
and why; a version is announced once, under its own key, and fleets that were enabled late are started here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pendulum
from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import dag

from fleetwright.airflow.assets import GALLERY_IMAGE, OS_IMAGE, WATCH_DAG
from fleetwright.airflow.form import azure_connection
from fleetwright.airflow.operators.watching import AnnounceOperator, ChooseLateOperator, LookOperator
from fleetwright.airflow.watch_schedule import watch_schedule


@dag(
    WATCH_DAG,
    schedule=watch_schedule(),
    start_date=pendulum.datetime(2024, 1, 1),
    catchup=False,
    max_active_runs=1,
    params={"azure_conn_id": azure_connection()},
    default_args={"retries": 3, "retry_delay": timedelta(seconds=30)},
    tags=["fleetwright", "watch"],
    doc_md=__doc__,
)
def image_watch() -> None:
    """Look, announce what is new, start who is late."""
    conn: dict[str, Any] = {"azure_conn_id": "{{ params.azure_conn_id }}"}
    look = LookOperator(task_id="look", **conn)
    AnnounceOperator(task_id="announce", asset=OS_IMAGE, looked=look.output, **conn)
    AnnounceOperator(task_id="announce_in_region", asset=GALLERY_IMAGE, looked=look.output, **conn)
    late = ChooseLateOperator(task_id="choose_late", looked=look.output, **conn)
    start_late = TriggerDagRunOperator.partial(task_id="start_late", skip_when_already_exists=True)
    start_late.expand_kwargs(late.output)


image_watch()
