"""``POST …/rollingUpgrades/cancel``: of the rollout under way, or of a run that is about to begin one."""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.arm_api.airflow_runs import DAG_ID, AirflowRuns
from fleetwright.arm_api.errors import OperationNotAllowedError
from fleetwright.arm_api.operations import Kind, OperationId
from fleetwright.arm_api.scale_sets import OrchestratedSet
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.cancelling import request_cancel, request_early_cancel
from fleetwright.rollout.owners import airflow_owner
from fleetwright.rollout.ports.clock import Clock

_REASON = "POST rollingUpgrades/cancel"


@dataclass(frozen=True, slots=True)
class Canceller:
    """Asks rollouts to end, and runs that have not taken their fleet yet."""

    ledger: SqlLedger
    airflow: AirflowRuns
    clock: Clock

    def cancel(self, scale_set: OrchestratedSet, caller: str) -> OperationId:
        """Write the word down; the operation that follows it.

        :raises OperationNotAllowedError: when nothing is under way or about to be (N12)
        """
        view = request_cancel(self.ledger, scale_set.key, actor=caller, reason=_REASON, now=self.clock.now())
        if view is not None:
            return OperationId(Kind.CANCEL, scale_set.key, view.rollout.rollout_id)
        return OperationId(Kind.EARLY_CANCEL, scale_set.key, self._cancel_runs(scale_set, caller))

    def _cancel_runs(self, scale_set: OrchestratedSet, caller: str) -> str:
        """Whoever has been told that a start was accepted may take it back at once, before any worker began."""
        runs = self.airflow.list_active_of(scale_set.key)
        if not runs:
            raise OperationNotAllowedError("There is no ongoing Rolling Upgrade to cancel.")
        for run in runs:
            request_early_cancel(
                self.ledger,
                scale_set.key,
                owner=airflow_owner(run.run_id, DAG_ID),
                actor=caller,
                reason=_REASON,
                now=self.clock.now(),
            )
        return runs[0].run_id
