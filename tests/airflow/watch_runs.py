"""Runs of ``image_watch`` in this process, and what Airflow knows of assets and of DAGs that listen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from airflow_runs import Ran, _log_into, _results_into

from fleetwright_demo.layout import CHECKOUT

if TYPE_CHECKING:
    from airflow.sdk import DAG

WATCH_FILE = CHECKOUT / "dags" / "image_watch.py"
PHASE_0, GALLERIES = "phase_0_canary", "gallery_rollout"


def load_watch() -> DAG:
    """The DAG as the DAG processor parses it, with retries that come at once."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=WATCH_FILE, bundle_path=WATCH_FILE.parent, bundle_name="dags-folder")
    assert not bag.import_errors
    dag = bag.dags["image_watch"]
    for task in dag.tasks:
        task.retry_delay = timedelta(0)
    return dag


def run_watch() -> Ran:
    """Run the DAG to its end."""
    ran = Ran()
    with _log_into(ran), _results_into(ran, {}):
        run = load_watch().test(logical_date=None)
    ran.state = str(run.state)
    for ti in run.get_task_instances():
        name = ti.task_id if ti.map_index < 0 else f"{ti.task_id}[{ti.map_index}]"
        ran.tasks[name], ran.tries[name] = str(ti.state), ti.try_number
    return ran


def listen(dag_id: str, *, paused: bool = False) -> None:
    """Airflow knows a DAG of this name."""
    from airflow.models.dag import DagModel
    from airflow.models.dagbundle import DagBundleModel
    from airflow.utils.session import create_session

    with create_session() as session:
        session.merge(DagBundleModel(name="dags-folder"))
        session.flush()
        session.merge(
            DagModel(
                dag_id=dag_id,
                is_paused=paused,
                bundle_name="dags-folder",
                fileloc=str(WATCH_FILE),
                relative_fileloc=WATCH_FILE.name,
            )
        )


def partitions(asset: str) -> list[str | None]:
    """The keys of every event of an asset, in order."""
    from airflow.models.asset import AssetEvent, AssetModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        query = select(AssetEvent.partition_key).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        return list(session.scalars(query.where(AssetModel.name == asset).order_by(AssetEvent.id)))


def forget_events() -> None:
    """No asset has ever been changed."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(AssetEvent))


def runs_of(dag_id: str) -> dict[str, dict[str, object]]:
    """The configuration of each run of a DAG, by its id."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        found = session.execute(select(DagRun.run_id, DagRun.conf).where(DagRun.dag_id == dag_id))
        return {run_id: dict(conf or {}) for run_id, conf in found}
