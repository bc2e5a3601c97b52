"""What has become of an operation, by Airflow's run and the ledger."""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.arm_api.airflow_runs import DAG_ID, AirflowRuns, Run
from fleetwright.arm_api.errors import ResourceNotFoundError
from fleetwright.arm_api.operations import Kind, OperationId, OperationState, Status
from fleetwright.domain.events import EventKind
from fleetwright.domain.progress import azure_time
from fleetwright.domain.records import RolloutRecord
from fleetwright.domain.states import TERMINAL_STATES, RolloutState
from fleetwright.domain.thresholds import INTERNAL
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.owners import airflow_owner

_HELD = "OperationNotAllowed"
_MAY_BE_SKIPPED_BY_A_HOLD = ("validate", "acquire_lease")
_STATUS = {
    RolloutState.COMPLETED: Status.SUCCEEDED,
    RolloutState.CANCELLED: Status.CANCELED,
    RolloutState.FAULTED: Status.FAILED,
    RolloutState.HELD: Status.FAILED,
}


@dataclass(frozen=True, slots=True)
class Watcher:
    """Looks at operations."""

    ledger: SqlLedger
    airflow: AirflowRuns

    def look(self, operation: OperationId) -> OperationState:
        """What an operation has come to.

        :raises ResourceNotFoundError: when neither Airflow nor the ledger knows it any more
        """
        if operation.kind is Kind.CANCEL:
            return self._look_at_cancel(operation)
        return self._look_at_run(operation)

    def _look_at_run(self, operation: OperationId) -> OperationState:
        run = self.airflow.find(operation.subject)
        if run is None:
            raise _unknown(operation)
        if not run.is_over:
            return OperationState(Status.IN_PROGRESS, began=run.began)
        if operation.kind is Kind.EARLY_CANCEL:
            return OperationState(Status.SUCCEEDED, began=run.began, ended=run.ended)
        return self._outcome(operation, run)

    def _look_at_cancel(self, operation: OperationId) -> OperationState:
        """It ends when its rollout has ended, however that was."""
        for view in self.ledger.list_rollouts(operation.fleet_key):
            rollout = view.rollout
            if rollout.rollout_id == operation.subject:
                over = rollout.state in TERMINAL_STATES
                status = Status.SUCCEEDED if over else Status.IN_PROGRESS
                ended = azure_time(rollout.ended_at) or ""
                return OperationState(status, began=azure_time(rollout.started_at) or "", ended=ended)
        raise _unknown(operation)

    def _outcome(self, operation: OperationId, run: Run) -> OperationState:
        owner = airflow_owner(run.run_id, DAG_ID)
        for view in self.ledger.list_rollouts(operation.fleet_key):
            if view.rollout.owner == owner:
                return _of_rollout(view.rollout, run)
        return self._without_rollout(operation, run, owner)

    def _without_rollout(self, operation: OperationId, run: Run, owner: str) -> OperationState:
        reasons = self._hold_reasons(operation.fleet_key, owner)
        if reasons:
            return _failed(run, _HELD, "held: " + "; ".join(reasons))
        states = self.airflow.list_task_states(run.run_id)
        held = [task for task in _MAY_BE_SKIPPED_BY_A_HOLD if states.get(task) == "skipped"]
        if held:
            return _failed(
                run, _HELD, f"held: the log of {held[0]} in Airflow run {run.run_id} has the reasons"
            )
        if run.state == "success":
            return OperationState(Status.SUCCEEDED, began=run.began, ended=run.ended)
        failed = ", ".join(task for task, state in states.items() if state == "failed") or "no task"
        return _failed(run, INTERNAL, f"Airflow run {run.run_id} failed in {failed}: its log says why")

    def _hold_reasons(self, fleet_key: str, owner: str) -> tuple[str, ...]:
        events = self.ledger.list_events(fleet_key)
        held = (e for e in reversed(events) if e.kind is EventKind.HELD and e.actor == owner)
        return next((tuple(event.payload["reasons"]) for event in held), ())


def _of_rollout(rollout: RolloutRecord, run: Run) -> OperationState:
    status = _STATUS.get(rollout.state)
    if status is None:
        words = f"Airflow run {run.run_id} ended before rollout {rollout.rollout_id}; the next run goes on with it"
        return _failed(run, INTERNAL, words)
    if status is Status.SUCCEEDED:
        return OperationState(status, began=run.began, ended=run.ended)
    return OperationState(status, rollout.reason_code, rollout.reason_message, run.began, run.ended)


def _failed(run: Run, code: str, message: str) -> OperationState:
    return OperationState(Status.FAILED, code, message, run.began, run.ended)


def _unknown(operation: OperationId) -> ResourceNotFoundError:
    return ResourceNotFoundError(f"The operation of {operation.subject} is not known any more.")
