"""Runs of the DAG in this process, as ``dag.test()`` carries them out, and what they left behind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from fleetwright_demo.layout import CHECKOUT

if TYPE_CHECKING:
    from pathlib import Path

    from airflow.models.dagrun import DagRun
    from airflow.sdk import DAG
    from airflow.sdk.execution_time.supervisor import TaskRunResult

DAG_FILE = CHECKOUT / "dags" / "scale_set_rollout.py"
DAG_ID = "scale_set_rollout"


@dataclass
class Ran:
    """One DAG run.

    :param state: ``success`` or ``failed``
    :param tasks: state of each task by id, those of a loop as ``batch.swap_os_disk[0]``
    :param tries: how often each of them was started
    :param errors: the error that each task ended with, in its own words
    :param log: every line that Fleetwright logged, in order
    :param note: what the grid shows about the run
    """

    state: str = ""
    tasks: dict[str, str] = field(default_factory=dict)
    tries: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    note: str = ""

    @property
    def text(self) -> str:
        """The whole log."""
        return "\n".join(self.log)

    def states(self, task_id: str) -> list[str]:
        """States of a task of the loop, one for each iteration."""
        return [state for name, state in sorted(self.tasks.items()) if name.startswith(f"batch.{task_id}[")]


def load_dag(file: Path = DAG_FILE, dag_id: str = DAG_ID) -> DAG:
    """The DAG as the DAG processor parses it, with retries that come at once."""
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(dag_folder=file, bundle_path=file.parent, bundle_name="dags-folder")
    assert not bag.import_errors
    dag = bag.dags[dag_id]
    for task in dag.tasks:
        task.retry_delay = timedelta(0)
    return dag


def run_dag(
    after: Mapping[str, Callable[[], None]] | None = None, *, dag_id: str = DAG_ID, **conf: object
) -> Ran:
    """Run a rollout's DAG to its end.

    :param after: what happens to the world when a task of that name has ended for the first time
    :param dag_id: which kind of fleet it rolls out
    """
    return carry_out(load_dag(CHECKOUT / "dags" / f"{dag_id}.py", dag_id), conf, after)


def carry_out(
    dag: DAG, conf: Mapping[str, object], after: Mapping[str, Callable[[], None]] | None = None
) -> Ran:
    """Run a DAG to its end."""
    ran = Ran()
    with _log_into(ran), _results_into(ran, dict(after or {})):
        run = dag.test(run_conf=dict(conf), logical_date=None)
    ran.state, ran.note = str(run.state), _note_of(run)
    for ti in run.get_task_instances():
        name = ti.task_id if ti.region_index < 0 else f"{ti.task_id}[{ti.region_index}]"
        ran.tasks[name], ran.tries[name] = str(ti.state), ti.try_number
    return ran


def _note_of(run: DagRun) -> str:
    from airflow.models.dagrun import DagRunNote
    from airflow.utils.session import create_session

    with create_session() as session:
        note = session.get(DagRunNote, run.id)
        return note.content if note and note.content else ""


class When(logging.Handler):
    """Does something when a line is logged for the first time."""

    def __init__(self, line: str, deed: Callable[[], None]) -> None:
        super().__init__()
        self.done = False
        self._line, self._deed = line, deed

    def emit(self, record: logging.LogRecord) -> None:
        """Do it."""
        if not self.done and self._line in record.getMessage():
            self.done = True
            self._deed()


@contextmanager
def when(line: str, deed: Callable[[], None]) -> Iterator[When]:
    """Something happens as soon as a line is logged, in a task or in the triggerer."""
    handler, logger = When(line, deed), logging.getLogger("fleetwright")
    logger.addHandler(handler)
    try:
        yield handler
    finally:
        logger.removeHandler(handler)


@contextmanager
def _log_into(ran: Ran) -> Iterator[None]:
    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            ran.log.append(record.getMessage())

    handler, logger = Collect(), logging.getLogger("fleetwright")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


@contextmanager
def _results_into(ran: Ran, after: dict[str, Callable[[], None]]) -> Iterator[None]:
    """``dag.test()`` keeps what each task ended with to itself: listen where it runs one."""
    from airflow.sdk.definitions import dag as module

    original = module._run_task

    def listen(**arguments: object) -> TaskRunResult | None:
        result = original(**arguments)
        if result is not None and result.error is not None:
            at = f"[{result.ti.map_index}]" if result.ti.map_index >= 0 else ""
            ran.errors[f"{result.ti.task_id}{at}"] = str(result.error)
        if result is not None:
            after.pop(result.ti.task_id, _nothing)()
        return result

    module._run_task = listen
    try:
        yield
    finally:
        module._run_task = original


def _nothing() -> None:
    """Nothing happens to the world."""
