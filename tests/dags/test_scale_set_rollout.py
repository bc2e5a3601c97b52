"""The structure of the rollout's DAG: which step after which, whatever the size of the fleet, and its form."""

from __future__ import annotations

import itertools

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization

from fleetwright_demo.layout import CHECKOUT

DAG_FILE = CHECKOUT / "dags" / "scale_set_rollout.py"
BATCH = ("check_health", "select_batch", "swap_os_disk", "wait_for_health", "roll_back", "settle_batch")
FLEET = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/demo"
    "/providers/Microsoft.Compute/virtualMachineScaleSets/web"
)


@pytest.fixture(scope="module")
def dag() -> DAG:
    """The DAG as Airflow's own importer makes it."""
    bag = DagBag(dag_folder=DAG_FILE, bundle_path=DAG_FILE.parent, bundle_name="dags-folder")
    return bag.dags["scale_set_rollout"]


def test_the_tasks_are_the_steps_of_a_rollout(dag: DAG) -> None:
    """The task ids are the steps by name; one per step and none per instance."""
    steps = {"validate", "acquire_lease", "plan", "finish", "release_lease"}

    gate = {"batch.rollout_is_over"}  # the loop's own question, which Airflow makes a task of
    assert {task.task_id for task in dag.tasks} == steps | gate | {f"batch.{step}" for step in BATCH}
    assert not any(task.is_mapped for task in dag.tasks)


def test_the_steps_follow_each_other(dag: DAG) -> None:
    """Validate, take the fleet, plan, batches, finish."""
    after = {task.task_id: task.upstream_task_ids for task in dag.tasks}

    assert after["validate"] == set()
    assert after["acquire_lease"] == {"validate"}
    assert "acquire_lease" in after["plan"]
    assert "plan" in after["batch.check_health"]
    assert any(name.startswith("batch.") for name in after["finish"])
    assert "finish" in after["release_lease"]


def test_a_batch_is_one_way_with_one_side_road(dag: DAG) -> None:
    """Check, choose, swap, wait, then either roll back or settle; six tasks from batch to batch at most."""
    after = {task.task_id: task.upstream_task_ids for task in dag.tasks}
    way = [f"batch.{step}" for step in BATCH]

    for before, task_id in itertools.pairwise(way):
        assert before in after[task_id]
    assert after["batch.settle_batch"] == {
        "batch.check_health",
        "batch.select_batch",
        "batch.wait_for_health",
        "batch.roll_back",
    }
    assert dag.get_task("batch.settle_batch").trigger_rule == "none_failed_min_one_success"


def test_the_batches_are_a_loop(dag: DAG) -> None:
    """The batch group runs again and again, often enough for one instance a batch in the largest set."""
    group = dag.task_group.children["batch"]

    assert group.max_iterations >= 1_000


def test_the_fleet_is_given_back_whatever_happened(dag: DAG) -> None:
    """``release_lease`` is the teardown of ``acquire_lease``."""
    release = dag.get_task("release_lease")

    assert release.is_teardown
    assert dag.get_task("acquire_lease").is_setup
    assert "acquire_lease" in release.upstream_task_ids


def test_phases_alone_limit_how_many_run_at_once(dag: DAG) -> None:
    """R45: as many rollouts at once as the phases say; Airflow's own limit of 16 runs a DAG is not in their way."""
    assert dag.max_active_runs >= 1_000


def test_nothing_starts_by_itself(dag: DAG) -> None:
    """No schedule and no catching up: a person, or another DAG, starts a rollout."""
    assert dag.schedule is None
    assert not dag.catchup


def test_a_step_is_tried_again(dag: DAG) -> None:
    """A killed worker costs a retry, not the rollout."""
    assert all(task.retries >= 1 for task in dag.tasks)


def test_the_form_asks_in_a_good_order(dag: DAG) -> None:
    """What is rolled out comes first, then how, then through which connection."""
    assert list(dag.params) == [
        "fleet",
        "version",
        "dry_run",
        "trigger",
        "rollback",
        "health_timeout_seconds",
        "poll_seconds",
        "phase",
        "azure_conn_id",
    ]


def test_the_forms_defaults_are_the_careful_ones(dag: DAG) -> None:
    """R43: a manual run without rollback that is no dry run, five minutes of patience, the newest version."""
    defaults = {name: dag.params.get_param(name).value for name in dag.params}

    assert defaults == {
        "fleet": "",
        "version": "latest",
        "dry_run": False,
        "trigger": "manual",
        "rollback": False,
        "health_timeout_seconds": 300,
        "poll_seconds": 5,
        "phase": "",
        "azure_conn_id": "azure_rm_default",
    }


def test_the_form_explains_each_field(dag: DAG) -> None:
    """Every field has a title and a sentence."""
    for name in dag.params:
        param = dag.params.get_param(name)
        assert param.schema["title"]
        assert param.description


def test_the_trigger_is_a_choice_of_two(dag: DAG) -> None:
    """The form shows a list, not a box to write in."""
    assert dag.params.get_param("trigger").schema["enum"] == ["manual", "automatic"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fleet", ""),
        ("fleet", "web"),
        ("fleet", FLEET.rpartition("/")[0]),
        ("fleet", f"{FLEET}/virtualMachines/0"),
        ("fleet", FLEET.replace("00000000-0000", "zzz")),
        ("version", ""),
        ("version", "newest"),
        ("version", "18.04-LTS"),
        ("version", "1..2"),
        ("trigger", "cron"),
        ("dry_run", "yes"),
        ("rollback", 1),
        ("health_timeout_seconds", 0),
        ("health_timeout_seconds", -1),
        ("poll_seconds", 0),
        ("phase", "Phase 0"),
        ("azure_conn_id", ""),
    ],
)
def test_the_form_refuses_what_cannot_be(dag: DAG, name: str, value: object) -> None:
    """A value that no rollout could use never becomes a run."""
    with pytest.raises(ParamValidationError):
        dag.params.get_param(name).resolve(value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fleet", FLEET),
        ("fleet", FLEET.lower()),
        ("fleet", FLEET.replace("resourceGroups/demo", "resourcegroups/RG_(west).1")),
        ("version", "latest"),
        ("version", "18.04.202402010"),
        ("version", "2016.127.20180613"),
        ("trigger", "automatic"),
        ("health_timeout_seconds", 0.5),
        ("poll_seconds", 0.1),
        ("phase", "phase_0_canary"),
    ],
)
def test_the_form_takes_what_azure_knows(dag: DAG, name: str, value: object) -> None:
    """Ids in any case, resource groups with the characters that Azure allows, versions of any arity."""
    assert dag.params.get_param(name).resolve(value) == value


def test_the_dag_survives_airflows_own_serialisation(dag: DAG) -> None:
    """What the scheduler reads from the database has the same tasks, and the loop."""
    again = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))

    assert set(dag.task_dict) <= set(again.task_dict)
    assert again.task_group.children["batch"] is not None
