"""The DAG of the image watch: its steps, its pace, and its switch."""

from __future__ import annotations

from datetime import timedelta

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, AssetOrTimeSchedule, DeltaTriggerTimetable
from airflow.serialization.serialized_objects import DagSerialization

from fleetwright_demo.layout import CHECKOUT

FILE = CHECKOUT / "dags" / "image_watch.py"


def load() -> DAG:
    """The DAG as it is parsed now."""
    bag = DagBag(dag_folder=FILE, bundle_path=FILE.parent, bundle_name="dags-folder")
    assert not bag.import_errors, bag.import_errors
    return bag.dags["image_watch"]


def test_it_looks_every_half_an_hour_one_at_a_time() -> None:
    """Two looks never run at once, and nothing is caught up (R29)."""
    dag = load()
    assert isinstance(dag.timetable, DeltaTriggerTimetable)
    assert dag.timetable.delta == timedelta(minutes=30)
    assert (dag.max_active_runs, dag.catchup) == (1, False)


def test_every_asset_has_a_task_of_its_own() -> None:
    """A task that succeeds emits a keyless event for every outlet without a key, so each has one outlet (R50)."""
    tasks = load().task_dict
    outlets = {name: [asset.name for asset in task.outlets] for name, task in tasks.items()}
    assert outlets == {
        "look": [],
        "announce": ["os_image"],
        "announce_in_region": ["gallery_image"],
        "choose_late": [],
        "start_late": [],
    }
    assert tasks["look"].downstream_task_ids == {"announce", "announce_in_region", "choose_late"}
    assert tasks["choose_late"].downstream_task_ids == {"start_late"}


def test_the_switch_makes_it_wait_for_events_besides(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the scheduler reads from the database has the watcher's trigger in it (R29)."""
    monkeypatch.setenv("FLEETWRIGHT_WATCH", "events")
    dag = load()
    stored = str(DagSerialization.serialize_dag(dag))
    assert isinstance(dag.timetable, AssetOrTimeSchedule)
    assert "fleetwright.airflow.news_trigger.ImageNewsTrigger" in stored


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("FLEETWRIGHT_WATCH", "minutes", "must be events"),
        ("FLEETWRIGHT_WATCH_FILE", "/nowhere/watch.yaml", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_an_import_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    """Airflow shows what is wrong where the DAG would stand (R29)."""
    monkeypatch.setenv(variable, value)
    bag = DagBag(dag_folder=FILE, bundle_path=FILE.parent, bundle_name="dags-folder")
    assert [said in error for error in bag.import_errors.values()] == [True]
