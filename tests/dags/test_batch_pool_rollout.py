"""The DAG of Batch pools: the steps of a rollout as they are for scale sets, and a form that asks for its own besides."""

from __future__ import annotations

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization

from fleetwright.airflow.fleet_dags import ROLLOUT_DAGS, require_kind, rollout_dag_of
from fleetwright.airflow.operators.beginning import request_of
from fleetwright.domain.drains import DrainPolicy
from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.fleets import FleetKind, parse_fleet_id
from fleetwright_demo.layout import CHECKOUT

POOL = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/demo"
    "/providers/Microsoft.Batch/batchAccounts/render/pools/frames"
)
SCALE_SET = POOL.replace(
    "Microsoft.Batch/batchAccounts/render/pools/frames", "Microsoft.Compute/virtualMachineScaleSets/web"
)
OWN_FIELDS = ["drain_deadline_seconds", "when_busy", "drain_grace_seconds"]


def load(dag_id: str) -> DAG:
    """A DAG as Airflow's own importer makes it, in safe mode."""
    file = CHECKOUT / "dags" / f"{dag_id}.py"
    bag = DagBag(dag_folder=file, bundle_path=file.parent, bundle_name="dags-folder", safe_mode=True)
    assert not bag.import_errors, bag.import_errors
    return bag.dags[dag_id]


@pytest.fixture(scope="module")
def pools() -> DAG:
    """The DAG of pools."""
    return load("batch_pool_rollout")


@pytest.fixture(scope="module")
def scale_sets() -> DAG:
    """The DAG of scale sets."""
    return load("scale_set_rollout")


def test_the_steps_of_pools_are_those_of_scale_sets(pools: DAG, scale_sets: DAG) -> None:
    """R54: the same tasks, operators and ways between them; nothing is added, and nothing left out."""

    def shape(dag: DAG) -> dict[str, tuple[str, frozenset[str], str]]:
        return {
            task.task_id: (task.task_type, frozenset(task.upstream_task_ids), str(task.trigger_rule))
            for task in dag.tasks
        }

    assert shape(pools) == shape(scale_sets)


def test_one_node_a_batch_fits_the_largest_pool(pools: DAG) -> None:
    """R55: nodes that finish their work one by one are batches of one, and a run of 10,000 does not end before them."""
    assert pools.task_group.children["batch"].max_iterations > 10_000


def test_the_fleet_is_given_back_whatever_happened(pools: DAG) -> None:
    """``release_lease``, which gives nodes work again, is the teardown of ``acquire_lease`` (R55)."""
    assert pools.get_task("release_lease").is_teardown
    assert pools.get_task("acquire_lease").is_setup


def test_nothing_starts_by_itself(pools: DAG, scale_sets: DAG) -> None:
    """A person or another DAG starts it, tries come again, and phases alone say how many run at once (R45)."""
    for dag in (pools, scale_sets):
        assert (dag.schedule, dag.catchup, dag.max_active_runs) == (None, False, 1_000)
        assert all(task.retries >= 1 for task in dag.tasks)


def test_the_form_asks_what_scale_sets_ask_and_for_the_work_besides(pools: DAG, scale_sets: DAG) -> None:
    """R55: deadline, policy and grace stand before the phase and the connection, each with words."""
    asked = list(pools.params)

    assert [name for name in asked if name not in OWN_FIELDS] == list(scale_sets.params)
    assert asked[-5:] == [*OWN_FIELDS, "phase", "azure_conn_id"]
    for name in asked:
        assert pools.params.get_param(name).schema["title"]
        assert pools.params.get_param(name).description


def test_the_forms_defaults_skip_a_busy_node_after_half_an_hour(pools: DAG) -> None:
    """R55: what nobody changes ends no task: a node that is not idle in time is left as it is."""
    values = {name: pools.params.get_param(name).value for name in OWN_FIELDS}

    assert values == {"drain_deadline_seconds": 1800.0, "when_busy": "skip", "drain_grace_seconds": 300.0}


def test_each_policy_is_a_choice_in_words(pools: DAG) -> None:
    """R55: the form shows a list, and each choice says what becomes of the node."""
    schema = pools.params.get_param("when_busy").schema

    assert schema["enum"] == ["skip", "requeue", "wait"]
    assert set(schema["values_display"]) == set(schema["enum"])
    assert "end its tasks" in schema["values_display"]["requeue"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fleet", ""),
        ("fleet", "frames"),
        ("fleet", POOL.rpartition("/")[0]),
        ("fleet", f"{POOL}/nodes/tvm-1"),
        ("fleet", POOL.replace("render", "ren-der")),
        ("when_busy", "kill"),
        ("drain_deadline_seconds", -1),
        ("drain_deadline_seconds", 30 * 24 * 3600 + 1),
        ("drain_grace_seconds", "5m"),
    ],
)
def test_the_form_refuses_what_cannot_be(pools: DAG, name: str, value: object) -> None:
    """A value that no rollout could use never becomes a run (R55)."""
    with pytest.raises(ParamValidationError):
        pools.params.get_param(name).resolve(value)


@pytest.mark.parametrize("value", [POOL, POOL.lower(), POOL.replace("frames", "Frames_1-a")])
def test_the_form_takes_pools_as_azure_writes_them(pools: DAG, value: str) -> None:
    """R54: ids in any case."""
    assert pools.params.get_param("fleet").resolve(value) == value


def test_the_request_has_the_policy_of_the_form(pools: DAG) -> None:
    """R55: deadline and grace in seconds, and what becomes of a busy node."""
    params = {name: pools.params.get_param(name).value for name in pools.params}
    chosen = {"drain_deadline_seconds": 90, "when_busy": "requeue", "drain_grace_seconds": 7}

    request = request_of({**params, "fleet": POOL, **chosen}, requires_deferral=False)

    assert request.drain.to_dict() == {
        "deadline_seconds": 90.0,
        "when_busy": "requeue",
        "grace_seconds": 7.0,
    }


def test_a_form_without_the_policy_means_the_defaults(scale_sets: DAG) -> None:
    """A run of a scale set, or one that an older version started, has the careful defaults (R55)."""
    params = {name: scale_sets.params.get_param(name).value for name in scale_sets.params}

    assert request_of({**params, "fleet": SCALE_SET}, requires_deferral=False).drain == DrainPolicy()


def test_whoever_runs_airflow_sets_other_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    """R55: runs that a phase or the image watch starts have no form; the environment gives them their policy."""
    monkeypatch.setenv("FLEETWRIGHT_DRAIN_DEADLINE_SECONDS", "12")
    monkeypatch.setenv("FLEETWRIGHT_WHEN_BUSY", "wait")
    monkeypatch.setenv("FLEETWRIGHT_DRAIN_GRACE_SECONDS", "3")

    params = load("batch_pool_rollout").params

    assert [params.get_param(name).value for name in OWN_FIELDS] == [12.0, "wait", 3.0]


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("FLEETWRIGHT_WHEN_BUSY", "kill", "it must be one of skip, requeue, wait"),
        ("FLEETWRIGHT_DRAIN_DEADLINE_SECONDS", "1h", "it must be a number of seconds"),
    ],
)
def test_a_wrong_default_is_an_import_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    """Airflow shows what is wrong where the DAG would stand (R55)."""
    monkeypatch.setenv(variable, value)
    file = CHECKOUT / "dags" / "batch_pool_rollout.py"

    bag = DagBag(dag_folder=file, bundle_path=file.parent, bundle_name="dags-folder")

    assert [f"{variable} is '{value}'; {said}" in error for error in bag.import_errors.values()] == [True]


@pytest.mark.parametrize(
    ("fleet", "dag_id"), [(POOL, "batch_pool_rollout"), (SCALE_SET.upper(), "scale_set_rollout")]
)
def test_every_kind_of_fleet_has_its_dag(fleet: str, dag_id: str) -> None:
    """R54: an id leads to the DAG of its kind, in whatever case it is written, and that DAG is there."""
    assert rollout_dag_of(fleet) == dag_id
    assert load(dag_id)
    assert set(ROLLOUT_DAGS) == set(FleetKind)


@pytest.mark.parametrize(
    ("fleet", "taken", "right"),
    [
        (POOL, FleetKind.SCALE_SET, "is a Batch pool, and scale_set_rollout rolls out scale sets"),
        (SCALE_SET, FleetKind.BATCH_POOL, "is a scale set, and batch_pool_rollout rolls out Batch pools"),
    ],
)
def test_the_wrong_dag_names_the_right_one(fleet: str, taken: FleetKind, right: str) -> None:
    """One line: the fleet, what it is, and what to trigger instead (R54)."""
    with pytest.raises(ConfigurationError, match=f"{right}: trigger {rollout_dag_of(fleet)} for it"):
        require_kind(parse_fleet_id(fleet), taken)


def test_the_dag_survives_airflows_own_serialisation(pools: DAG) -> None:
    """What the scheduler reads from the database has the same tasks, and the loop."""
    again = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(pools))

    assert set(pools.task_dict) <= set(again.task_dict)
    assert again.task_group.children["batch"] is not None
