"""Runs of ``image_watch`` in this process, and what Airflow knows of assets and of DAGs that listen."""

from __future__ import annotations

from airflow_runs import Ran, carry_out, load_dag

from fleetwright_demo.layout import CHECKOUT

WATCH_FILE = CHECKOUT / "dags" / "image_watch.py"
PHASE_0, GALLERIES = "phase_0_canary", "gallery_rollout"


def run_watch() -> Ran:
    """Run image_watch to its end."""
    return carry_out(load_dag(WATCH_FILE, "image_watch"), {})


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


def forget_runs(dag_id: str) -> None:
    """The DAG has never run."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(DagRun).where(DagRun.dag_id == dag_id))


def prove_phase(label: str, key: str) -> None:
    """A publication goes through a phase that has no fleet of ours at that moment."""
    from fleetwright.airflow.watch_wiring import read_settings
    from fleetwright.airflow.wiring import build_phase_ports
    from fleetwright.domain.phase_runs import PhaseState
    from fleetwright.domain.publications import parse_publication
    from fleetwright.phases.finding import find_phase
    from fleetwright.phases.opening import open_phase

    plan, _times = read_settings()
    ports = build_phase_ports("azure_rm_default")
    opened = open_phase(ports, plan, find_phase(plan, label), parse_publication(key), owner="a test")
    ports.close()
    assert opened.run.state is PhaseState.SUCCEEDED, opened
