"""The DAGs of the phases: one for each phase of the file, chained by assets, whatever the fleets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.sdk.exceptions import ParamValidationError
from airflow.serialization.serialized_objects import DagSerialization

from fleetwright_demo.layout import CHECKOUT

FILE = CHECKOUT / "dags" / "phases.py"
GALLERY_FILE = CHECKOUT / "dags" / "gallery_rollout.py"
PARSE_ONE = Path(__file__).with_name("parse_one.py")
STEPS = ["open_phase", "roll_out", "judge", "bake", "conclude", "emit"]
THREE = """
regions:
  westeurope: {pair: northeurope}
  northeurope: {pair: westeurope}
  eastasia: {pair: null}
phases:
  - {name: canary, regions: [westeurope], bake: PT1H, concurrency: 3}
  - {name: broad, regions: [northeurope], bake: PT1H, concurrency: 7, approval: {deadline: PT2H}}
  - {name: last, regions: [eastasia], bake: PT1H}
"""


def parse(path: Path = FILE) -> DagBag:
    """What Airflow's own importer finds in the file."""
    return DagBag(dag_folder=path, bundle_path=path.parent, bundle_name="dags-folder")


@pytest.fixture
def phases_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A phases file that the DAGs are made from; it may be written anew."""
    file = tmp_path / "phases.yaml"
    file.write_text(THREE)
    monkeypatch.setenv("FLEETWRIGHT_PHASES", str(file))
    return file


@pytest.fixture
def dags(phases_file: Path) -> dict[str, DAG]:
    """The DAGs of the three phases."""
    bag = parse()
    assert not bag.import_errors
    return bag.dags


def after(dag: DAG) -> dict[str, set[str]]:
    """What each task comes after."""
    return {task.task_id: set(task.upstream_task_ids) for task in dag.tasks}


def test_every_phase_has_a_dag(dags: dict[str, DAG]) -> None:
    """R45: one DAG for each phase, under its label."""
    assert sorted(dags) == ["phase_0_canary", "phase_1_broad", "phase_2_last"]


def test_the_assets_are_a_chain(dags: dict[str, DAG]) -> None:
    """R45: image -> phase 0 -> phase 1 -> phase 2, by asset events that carry a partition key."""
    listens = {name: dag.timetable.asset_condition.name for name, dag in dags.items()}
    emits = {name: [asset.name for asset in dag.get_task("emit").outlets] for name, dag in dags.items()}

    assert listens == {
        "phase_0_canary": "os_image",
        "phase_1_broad": "phase_0_canary",
        "phase_2_last": "phase_1_broad",
    }
    assert emits == {name: [name] for name in dags}
    assert {type(dag.timetable).__name__ for dag in dags.values()} == {"PartitionedAssetTimetable"}


def test_a_phase_checks_that_the_next_one_listens(dags: dict[str, DAG]) -> None:
    """R45: each phase knows whose DAG must not be paused when it emits; the last one has none after it."""
    listeners = [dags[name].get_task("emit").listener for name in sorted(dags)]

    assert listeners == ["phase_1_broad", "phase_2_last", ""]


def test_the_steps_of_a_phase(dags: dict[str, DAG]) -> None:
    """R51: region by region first, then each fleet's own rollout; a handful of tasks, whatever the fleets."""
    dag = dags["phase_0_canary"]

    assert [task.task_id for task in dag.topological_sort()] == STEPS
    assert [task.task_id for task in dag.tasks if task.is_mapped] == ["roll_out"]
    assert after(dag)["judge"] == {"roll_out"}
    assert dag.get_task("judge").trigger_rule == "all_done"


def test_a_person_is_asked_between_opening_and_rolling_out(dags: dict[str, DAG]) -> None:
    """R45: only the phase that asks for one has an approval; no answer within its deadline means no."""
    asking = dags["phase_1_broad"]
    approve = asking.get_task("approve")

    assert [name for name in sorted(dags) if "approve" in dags[name].task_dict] == ["phase_1_broad"]
    assert after(asking)["approve"] == {"open_phase"}
    assert after(asking)["begin"] == {"approve"}
    assert after(asking)["roll_out"] == {"begin"}
    assert approve.response_timeout.total_seconds() == 7200
    assert approve.defaults == ["Reject"]


def test_rollouts_at_once_are_limited(dags: dict[str, DAG]) -> None:
    """R45: as many rollouts of a phase at once as its file says, those that wait without a worker included."""
    limits = [dags[name].get_task("roll_out").max_active_tis_per_dagrun for name in sorted(dags)]

    assert limits == [3, 7, 10]
    assert all(dag.max_active_runs > 1 for dag in dags.values())


def test_a_step_is_tried_again(dags: dict[str, DAG]) -> None:
    """A killed worker costs a retry, not the phase."""
    assert all(task.retries >= 1 for dag in dags.values() for task in dag.tasks)


def test_the_dags_survive_airflows_own_serialisation(dags: dict[str, DAG]) -> None:
    """What the scheduler reads from the database has the same tasks."""
    for dag in dags.values():
        again = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
        assert set(again.task_dict) == set(dag.task_dict)


@pytest.mark.parametrize(
    "value", ["canonical:ubuntuserver:18.04-lts", "a:b:c|latest", "|1.0", "a|1.0|westeurope"]
)
def test_the_form_refuses_what_is_no_publication(dags: dict[str, DAG], value: str) -> None:
    """R45: a run that is started by hand is about one exact version of one image."""
    with pytest.raises(ParamValidationError):
        dags["phase_0_canary"].params.get_param("publication").resolve(value)


def test_a_broken_file_is_an_import_error_with_its_own_words(phases_file: Path) -> None:
    """R46: two paired regions in one phase: file, phase and region are named where Airflow shows import errors."""
    phases_file.write_text(
        THREE.replace("[westeurope]", "[westeurope, northeurope]").replace(
            "  - {name: broad, regions: [northeurope], bake: PT1H, concurrency: 7, approval: {deadline: PT2H}}\n",
            "",
        )
    )

    bag = parse()

    assert not bag.dags
    (words,) = bag.import_errors.values()
    assert str(phases_file) in words
    assert "canary" in words
    assert "northeurope" in words


def test_a_missing_file_is_an_import_error(phases_file: Path) -> None:
    """R45: without phases nothing rolls by itself, and Airflow says which file it looked for."""
    phases_file.unlink()

    bag = parse()

    assert not bag.dags
    assert f"{phases_file}: the phases file cannot be read" in next(iter(bag.import_errors.values()))


def test_many_phases_parse_in_under_a_second(phases_file: Path) -> None:
    """R45: twenty regions in ten phases, each with an approval: under 1 s of the processor, in a process of its own."""
    phases_file.write_text(ten_phases())

    found = [_parse_alone() for _ in range(3)]

    assert len(found[0]["dags"]) == 10
    assert found[0]["errors"] == []
    assert median(one["processor_seconds"] for one in found) < 1.0


def test_a_gallerys_version_skips_the_phases() -> None:
    """R50: one DAG of its own on the asset of galleries, with a region in its key; nothing comes after it."""
    (dag,) = parse(GALLERY_FILE).dags.values()

    assert dag.timetable.asset_condition.name == "gallery_image"
    assert [task.task_id for task in dag.topological_sort()] == STEPS[:-1]
    assert not any(task.outlets for task in dag.tasks)
    param = dag.params.get_param("publication")
    assert param.resolve("/subscriptions/s/images/web|1.0.0|westeurope")
    with pytest.raises(ParamValidationError):
        param.resolve("canonical:ubuntuserver:18.04-lts|1.0.0")


def ten_phases() -> str:
    """Ten phases with two regions each, no two of them a pair."""
    pairs = [(f"left{n}", f"right{n}") for n in range(10)]
    regions = "\n".join(f"  {a}: {{pair: {b}}}\n  {b}: {{pair: {a}}}" for a, b in pairs)
    phases = "\n".join(
        f"  - {{name: step{n}, regions: [left{n}, right{(n + 1) % 10}], bake: PT1H, approval: true}}"
        for n in range(10)
    )
    return f"regions:\n{regions}\nphases:\n{phases}\n"


def _parse_alone() -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, str(PARSE_ONE), str(FILE)], capture_output=True, text=True, timeout=120, check=True
    )
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found
