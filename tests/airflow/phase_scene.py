"""Runs of a phase's DAG in this process, with the rollout runs that it starts, and the world around them."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.jobs.job import Job
from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.asset import AssetEvent, AssetModel
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.taskinstance import TaskInstance
from airflow.models.trigger import handle_event_submit
from airflow.providers.standard.triggers.external_task import DagStateTrigger
from airflow.sdk.timezone import utcnow
from airflow.triggers.base import BaseTrigger, TriggerEvent
from airflow.utils.session import create_session
from airflow_runs import Ran, carry_out, load_dag, run_dag
from small_worlds import NEW, world
from sqlalchemy import select

from fleetwright.airflow.phase_triggers import PhaseWaitTrigger
from fleetwright_demo.layout import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.sdk.api.datamodels import _generated

DAG_FILE = CHECKOUT / "dags" / "phases.py"

IMAGE = "canonical:ubuntuserver:18.04-lts"
PUBLICATION = f"{IMAGE}|{NEW}"
FIRST, SECOND = "phase_0_first", "phase_1_second"
QUICK = {"poll_seconds": 0.1, "health_timeout_seconds": 2}
PHASES = """
regions:
  westeurope: {pair: northeurope}
  northeurope: {pair: westeurope}
phases:
  - {name: first, regions: [westeurope], bake: PT0S, concurrency: 2%s}
  - {name: second, regions: [northeurope], bake: PT0S%s}
"""


def phases_text(first: str = "", second: str = "") -> str:
    """A plan of two phases with one region each.

    :param first: more keys of the first phase, as YAML in one line, such as ``approval: true``
    """
    return PHASES % tuple(f", {more}" if more else "" for more in (first, second))


def phased_world(sets: Mapping[str, str], bad: tuple[str, ...] = ()) -> dict[str, Any]:
    """Sets of two instances.

    :param sets: their regions, by name
    :param bad: instances that never become healthy on the new version
    """
    made = world(2, bad=bad)
    (model,) = made["scaleSets"]
    made["scaleSets"] = [_scale_set(model, name, region) for name, region in sets.items()]
    made["platformImages"][0]["locations"] = ["westeurope", "northeurope"]
    return made


def _scale_set(model: dict[str, Any], name: str, region: str) -> dict[str, Any]:
    made = copy.deepcopy(model)
    made["resource"]["id"] = fleet_id(name)
    made["resource"]["location"] = region
    return made


def fleet_id(name: str) -> str:
    """The ARM id of a set of ``phased_world``."""
    return (
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/demo"
        f"/providers/Microsoft.Compute/virtualMachineScaleSets/{name}"
    )


class PhaseScene:
    """What happens around the runs of phases while they are carried out.

    :param on_wait: what happens, in order, whenever a phase waits in the triggerer for a release or a time
    :param before_rollout: what happens before a rollout run is carried out, by the name of its set
    """

    def __init__(self) -> None:
        self.paused: set[str] = set()
        self.on_wait: list[Callable[[], None]] = []
        self.before_rollout: dict[str, Callable[[], None]] = {}
        self.waits: list[str] = []
        self.rollouts: dict[str, Ran] = {}

    def run(
        self,
        label: str,
        publication: str = PUBLICATION,
        *,
        file: Path = DAG_FILE,
        after: Mapping[str, Callable[[], None]] | None = None,
    ) -> Ran:
        """Run a phase to its end, with every rollout that it starts.

        :param after: what happens when a task of that name has ended, or asked, for the first time
        """
        dag = load_dag(file, label)
        with self._trigger_in_line(), self._pauses():
            return carry_out(dag, {**QUICK, "publication": publication}, after)

    @contextmanager
    def _trigger_in_line(self) -> Iterator[None]:
        """``dag.test()`` carries out no run but its own, and no test waits for half an hour."""
        from airflow.sdk.definitions import dag as module

        original = module._run_inline_trigger

        def fire(trigger: BaseTrigger, ti: _generated.TaskInstance) -> TriggerEvent | None:
            if isinstance(trigger, PhaseWaitTrigger):
                self.waits.append(trigger.until)
                self.on_wait.pop(0)()
                return TriggerEvent({"status": "ok"})
            if isinstance(trigger, DagStateTrigger):
                for run_id in trigger.run_ids or ():
                    self._roll_out(run_id)
            return original(trigger, ti)

        module._run_inline_trigger = fire
        try:
            yield
        finally:
            module._run_inline_trigger = original

    def _roll_out(self, run_id: str) -> None:
        """Carry a queued rollout run out, under its own id."""
        with create_session() as session:
            run = session.scalar(select(DagRun).where(DagRun.run_id == run_id))
            assert run is not None
            if run.state != "queued":
                return
            conf, dag_id = dict(run.conf), run.dag_id
            session.delete(run)
        self.before_rollout.pop(conf["fleet"].rpartition("/")[2], _nothing)()
        original = DagRun.generate_run_id
        DagRun.generate_run_id = staticmethod(lambda **_: run_id)
        try:
            self.rollouts[run_id] = run_dag(dag_id=dag_id, **conf)
        finally:
            DagRun.generate_run_id = original

    @contextmanager
    def _pauses(self) -> Iterator[None]:
        """A person pauses some DAGs and unpauses the others, once Airflow knows them."""
        from airflow.sdk.definitions import dag as module

        original = module._run_task

        def pause_first(**arguments: object) -> object:
            with create_session() as session:
                for model in session.scalars(select(DagModel)):
                    model.is_paused = model.dag_id in self.paused
            return original(**arguments)

        module._run_task = pause_first
        try:
            yield
        finally:
            module._run_task = original


def _nothing() -> None:
    """Nothing happens."""


def events_of(asset: str) -> list[str]:
    """Partition keys of an asset's events, oldest first."""
    with create_session() as session:
        found = select(AssetEvent).join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        rows = session.scalars(found.where(AssetModel.name == asset).order_by(AssetEvent.id))
        return [str(row.partition_key) for row in rows]


def question_of(label: str) -> HITLDetail:
    """The newest question that the phase has asked a person."""
    with create_session() as session:
        asked = (
            select(HITLDetail)
            .join(TaskInstance, TaskInstance.id == HITLDetail.ti_id)
            .where(TaskInstance.dag_id == label)
        )
        found = session.scalars(asked.order_by(HITLDetail.created_at.desc())).first()
        assert found is not None
        return found


def note_on(label: str) -> str:
    """What the grid shows now about the newest run of a phase."""
    with create_session() as session:
        newest = select(DagRun).where(DagRun.dag_id == label).order_by(DagRun.id.desc()).limit(1)
        run = session.scalars(newest).one()
        return str(run.note or "")


def answer(label: str, option: str, name: str) -> None:
    """A person answers, as Airflow's form does."""
    ti_id = question_of(label).ti_id
    with create_session() as session:
        asked = session.get(HITLDetail, ti_id)
        assert asked is not None
        asked.responded_by = {"id": name, "name": name}
        asked.responded_at, asked.chosen_options, asked.params_input = utcnow(), [option], {}
        event = TriggerEvent(asked.as_resume_event_payload())
        handle_event_submit(event, task_instance=session.get(TaskInstance, ti_id), session=session)


def let_pass(label: str) -> None:
    """The deadline passes without an answer: the scheduler takes the default."""
    ti_id = question_of(label).ti_id
    with create_session() as session:
        asking = session.get(TaskInstance, ti_id)
        assert asking is not None
        assert asking.trigger_timeout is not None
        asking.trigger_timeout = utcnow() - timedelta(seconds=1)
    SchedulerJobRunner(Job()).check_awaiting_input_timeouts()
