"""The mapped step of a phase: one fleet's rollout, started when its turn has come and waited for without a worker."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from fleetwright.airflow.fleet_dags import rollout_dag_of
from fleetwright.airflow.operators.phase_step import PhaseStepOperator, Place, tell
from fleetwright.airflow.operators.step import airflow_errors
from fleetwright.domain.fleets import resource_name
from fleetwright.domain.phase_runs import PROVEN, STOPPED, FleetOutcome, FleetResult, PhaseRun
from fleetwright.domain.phase_verdicts import fleet_line
from fleetwright.domain.records import TriggerKind
from fleetwright.phases.ending import record_end
from fleetwright.phases.starting import may_start

if TYPE_CHECKING:
    from airflow.sdk import Context

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
_NOT_IN_AN_ID = re.compile(r"[^A-Za-z0-9_.~-]+")


def rollout_run_id(run: PhaseRun, outcome: FleetOutcome) -> str:
    """The id of a fleet's rollout run: readable, and the same whenever the same start is asked for.

    A phase's attempt and the start's number stand in it, so that only what is to be started anew gets a new id, and
    when the phase began to roll: a ledger that was begun anew never takes an older one's runs for its own.
    """
    name = _NOT_IN_AN_ID.sub("-", resource_name(outcome.fleet_id))
    meant = f"{run.key}|{outcome.fleet_id.lower()}|{run.rolling_since}"
    digest = sha256(meant.encode()).hexdigest()[:8]
    return f"{run.publication.version}.{name}.{run.phase}.{run.attempt}.{outcome.starts}.{digest}"


class RollOutFleetOperator(PhaseStepOperator):
    """Rolls the version out on one fleet: asks whether it may begin, starts its DAG run once, waits, tells the end.

    What has been started is in the ledger before its DAG run is there, and the DAG run's id follows from that: a
    task that is retried or cleared finds the run that it started, and never starts a second one.

    :param fleet: ARM id
    """

    template_fields: Sequence[str] = (*PhaseStepOperator.template_fields, "fleet")

    def __init__(self, *, fleet: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fleet = fleet

    def step(self, context: Context) -> str:
        """Go on where the ledger says that the fleet stands."""
        place = self.place(context)
        known = place.run().outcome_of(self.fleet)
        if known is None or known.is_over:
            known = self._ask(place)
        if known.is_over:
            return _end(known)
        self._attach(context, place.run(), known)
        return ""

    def execute_complete(self, context: Context, event: Any) -> str:  # noqa: ARG002 - the ledger tells
        """Its DAG run has ended: tell what the rollout came to, or start it again where it is not over."""
        with airflow_errors():
            place = self.place(context)
            outcome = record_end(place.ports, place.key, self.fleet)
            if not outcome.is_over:
                log.warning("%s: %s", self.fleet, outcome.reason)
                outcome = self._ask(place)
            if outcome.is_over:
                tell(context, place.run())
                return _end(outcome)
            self._attach(context, place.run(), outcome)
            return ""

    def _ask(self, place: Place) -> FleetOutcome:
        """Whether the rollout begins now; waits without a worker where it does not yet."""
        answer = may_start(place.ports, place.plan, place.key, self.fleet)
        if answer.wait_until is not None:
            log.info("%s waits until %s: %s", self.fleet, answer.wait_until, answer.reason)
            self.wait_until(answer.wait_until, place)
        if answer.outcome is not None:
            return answer.outcome
        # The start has been written down; how often it was started is part of its run's id.
        return place.run().outcome_of(self.fleet) or FleetOutcome(self.fleet, FleetResult.STARTED)

    def _attach(self, context: Context, run: PhaseRun, outcome: FleetOutcome) -> None:
        """Start the rollout's DAG run where it is not there yet, and wait for it in the triggerer."""
        # Imported here: the DAG processor needs neither.
        from airflow.providers.standard.triggers.external_task import DagStateTrigger  # noqa: PLC0415
        from airflow.utils.state import DagRunState  # noqa: PLC0415

        dag_id, run_id = rollout_dag_of(self.fleet), rollout_run_id(run, outcome)
        if start_dag_run(dag_id, run_id, self._conf(context, run)):
            log.info("started run %s of %s", run_id, dag_id)
        else:
            log.info("run %s of %s is there already, and waited for", run_id, dag_id)
        tell(context, run)
        if context["ti"].get_dag(dag_id).is_paused:
            log.warning("%s is paused: unpause it, or the run stays queued", dag_id)
        ended = [DagRunState.SUCCESS, DagRunState.FAILED]
        trigger = DagStateTrigger(dag_id, ended, run_ids=[run_id], poll_interval=POLL_SECONDS)
        self.defer(trigger=trigger, method_name="execute_complete")

    def _conf(self, context: Context, run: PhaseRun) -> dict[str, Any]:
        manners = ("health_timeout_seconds", "poll_seconds", "azure_conn_id")
        return {
            "fleet": self.fleet,
            "version": run.publication.version,
            "trigger": str(TriggerKind.AUTOMATIC),
            "phase": run.phase,
            **{name: context["params"][name] for name in manners},
        }


def start_dag_run(dag_id: str, run_id: str, conf: dict[str, Any]) -> bool:
    """Start a DAG run of that id; False where it is there already.

    ``TriggerDagRunOperator`` fails there for good. Both is told apart only by the answer to the very call.
    """
    from airflow.sdk.exceptions import ErrorType  # noqa: PLC0415 - only inside of a task
    from airflow.sdk.execution_time.comms import ErrorResponse, TriggerDagRun  # noqa: PLC0415 - as above
    from airflow.sdk.execution_time.task_runner import SUPERVISOR_COMMS  # noqa: PLC0415 - set inside of a task

    answer = SUPERVISOR_COMMS.send(TriggerDagRun(dag_id=dag_id, run_id=run_id, conf=conf))
    return not (isinstance(answer, ErrorResponse) and answer.error == ErrorType.DAGRUN_ALREADY_EXISTS)


def _end(outcome: FleetOutcome) -> str:
    """End the task as the fleet's rollout did: red where it stopped, skipped where nothing was started."""
    words = fleet_line(outcome)
    if outcome.result in STOPPED:
        raise AirflowFailException(words)
    if outcome.result not in PROVEN:
        raise AirflowSkipException(words)
    log.info("%s", words)
    return str(outcome.result)
