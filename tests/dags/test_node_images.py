"""The DAGs of node images: two schedules on maintenance windows, and the rollout that they start."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization

from fleetwright.airflow.maintenance_timetable import MaintenanceWindowTimetable
from fleetwright.airflow.operators.node_beginning import request_of
from fleetwright.airflow.operators.node_evaluation import rollout_run_id
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.records import TriggerKind
from fleetwright.node_images.settings import NodeImageSettings
from fleetwright_demo.layout import CHECKOUT

SCHEDULES = ("node_image_weekly", "node_security_patch")
CLUSTER = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/demo"
    "/providers/Microsoft.ContainerService/managedClusters/shop"
)
SATURDAY = {
    "schedule": {"weekly": {"intervalWeeks": 1, "dayOfWeek": "Saturday"}},
    "durationHours": 6,
    "startTime": "22:00",
    "utcOffset": "+00:00",
}


def bag_of(dag_id: str) -> DagBag:
    """What Airflow's own importer makes of the file."""
    file = CHECKOUT / "dags" / f"{dag_id}.py"
    return DagBag(dag_folder=file, bundle_path=file.parent, bundle_name="dags-folder")


def load(dag_id: str) -> DAG:
    """A DAG that has no errors."""
    bag = bag_of(dag_id)
    assert not bag.import_errors, bag.import_errors
    return bag.dags[dag_id]


@pytest.fixture
def windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of known windows, which is not there yet."""
    file = tmp_path / "node-windows.json"
    monkeypatch.setenv("FLEETWRIGHT_NODE_WINDOWS", str(file))
    return file


def known(channel: str, body: dict[str, Any]) -> str:
    """The file with one cluster in it."""
    return json.dumps({"clusters": {CLUSTER.lower(): {"channel": channel, "maintenanceWindow": body}}})


@pytest.mark.parametrize("dag_id", SCHEDULES)
def test_a_schedule_looks_on_sundays_until_it_knows_windows(windows: Path, dag_id: str) -> None:
    """N31, R70: before any cluster was seen there is the weekly Sunday window, one evaluation at a time."""
    assert not windows.exists()

    dag = load(dag_id)

    assert isinstance(dag.timetable, MaintenanceWindowTimetable)
    assert dag.timetable.summary == "every Sunday 00:00-08:00 UTC"
    assert (dag.max_active_runs, dag.catchup) == (1, False)
    assert dag.get_task("evaluate").downstream_task_ids == {"start_rollouts"}


def test_a_schedule_runs_at_its_own_channels_windows(windows: Path) -> None:
    """R69, R70: a cluster's window is one of the schedule for its channel, the Sunday window one of both."""
    windows.write_text(known("NodeImage", SATURDAY))

    weekly, patches = (load(dag_id).timetable for dag_id in SCHEDULES)

    assert list(weekly.serialize()["windows"]) == ["shop", "clusters without a window"]
    assert "every Saturday 22:00-04:00 UTC" in weekly.summary
    assert list(patches.serialize()["windows"]) == ["clusters without a window"]


def test_a_broken_file_of_windows_is_said_and_stops_nothing(windows: Path) -> None:
    """R71: the Sunday window stays, and the DAG's page names file and line until an evaluation writes it anew."""
    windows.write_text('{"clusters": {\n')

    dag = load("node_image_weekly")

    assert dag.timetable.summary == "every Sunday 00:00-08:00 UTC"
    assert dag.doc_md
    assert f"{windows}:2: is not JSON" in dag.doc_md


@pytest.mark.parametrize("dag_id", [*SCHEDULES, "node_pool_rollout"])
def test_wrong_settings_are_an_import_error_with_file_and_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dag_id: str
) -> None:
    """R72: what a person wrote wrongly is shown where the DAG would stand."""
    file = tmp_path / "node-images.yaml"
    file.write_text("spread: PT30M\nsoak: soon\n")
    monkeypatch.setenv("FLEETWRIGHT_NODE_IMAGES", str(file))

    errors = list(bag_of(dag_id).import_errors.values())

    assert [f"{file}:2" in error for error in errors] == [True]


def test_the_site_may_have_another_window_than_sunday(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, windows: Path
) -> None:
    """N31: the window of clusters without one is the site's setting."""
    file = tmp_path / "node-images.yaml"
    file.write_text(json.dumps({"maintenanceWindow": SATURDAY}))
    monkeypatch.setenv("FLEETWRIGHT_NODE_IMAGES", str(file))

    assert load("node_image_weekly").timetable.summary == "every Saturday 22:00-04:00 UTC"
    assert not windows.exists()


@pytest.mark.parametrize("dag_id", [*SCHEDULES, "node_pool_rollout"])
def test_the_dags_survive_airflows_own_serialisation(windows: Path, dag_id: str) -> None:
    """What the scheduler reads from the database has the same tasks and the same schedule (N31)."""
    windows.write_text(known("NodeImage", SATURDAY))
    dag = load(dag_id)

    again = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))

    assert set(dag.task_dict) <= set(again.task_dict)
    if dag_id in SCHEDULES:
        assert again.timetable.serialize() == dag.timetable.serialize()
        assert again.timetable.summary == dag.timetable.summary


def test_the_rollout_gives_the_cluster_back_whatever_happened() -> None:
    """``release_lease`` is the teardown of ``acquire_lease``, and one turn is one pool (R70)."""
    dag = load("node_pool_rollout")

    assert dag.get_task("release_lease").is_teardown
    assert dag.get_task("acquire_lease").is_setup
    assert dag.task_group.children["pool"].max_iterations > 100
    assert dag.schedule is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fleet", ""),
        ("fleet", "shop"),
        ("fleet", f"{CLUSTER}/agentPools"),
        ("fleet", f"{CLUSTER}/agentPools/UPPER"),
        ("not_before", "tomorrow"),
        ("not_before", "2024-06-01T00:00"),
        ("soak_seconds", -1),
        ("poll_seconds", 0),
        ("trigger", "cron"),
    ],
)
def test_the_form_refuses_what_cannot_be(name: str, value: object) -> None:
    """A value that no rollout could use never becomes a run (R72)."""
    with pytest.raises(ParamValidationError):
        load("node_pool_rollout").params.get_param(name).resolve(value)


def test_the_form_describes_a_rollout() -> None:
    """A pool's id, who asks, when and how fast; the site's settings for the rest (N31)."""
    params = {
        name: load("node_pool_rollout").params.get_param(name).value for name in ("trigger", "soak_seconds")
    }
    chosen = {"fleet": f"{CLUSTER}/agentPools/np1", "poll_seconds": 2, "not_before": "2024-06-01T00:00:30Z"}

    request = request_of({**params, **chosen}, NodeImageSettings())

    assert (request.fleet_id, request.trigger) == (chosen["fleet"], TriggerKind.MANUAL)
    assert (request.manners.poll.total_seconds(), request.manners.soak.total_seconds()) == (2, 120)
    assert str(request.not_before) == "2024-06-01 00:00:30+00:00"


def test_what_is_no_cluster_is_refused_by_name() -> None:
    """An id that the form could not check is named in one line (R72)."""
    with pytest.raises(ConfigurationError, match="neither an AKS cluster's id"):
        request_of({"fleet": "shop", "trigger": "manual"}, NodeImageSettings())


def test_a_window_has_one_run_of_a_cluster() -> None:
    """N31: the same start has the same id, whatever the case of its words; another opening has another."""
    first, second = "2024-06-02T00:00:00+00:00", "2024-06-09T00:00:00+00:00"

    assert rollout_run_id(CLUSTER, first) != rollout_run_id(CLUSTER, second)
    assert rollout_run_id(CLUSTER, first)[-8:] == rollout_run_id(CLUSTER.upper(), first)[-8:]
    assert rollout_run_id(CLUSTER, first, "manual__1") != rollout_run_id(CLUSTER, first)
