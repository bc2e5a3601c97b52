"""``POST …/osRollingUpgrade``: a manual rollout to the newest version, as a run of Airflow (R42, R43)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from fleetwright.arm_api.airflow_runs import DAG_ID, AirflowRuns
from fleetwright.arm_api.errors import OperationNotAllowedError
from fleetwright.arm_api.operations import Kind, OperationId
from fleetwright.arm_api.scale_sets import OrchestratedSet
from fleetwright.domain.fleets import resource_name
from fleetwright.domain.images import LATEST
from fleetwright.domain.records import TriggerKind
from fleetwright.domain.states import TERMINAL_STATES
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.ports.clock import Clock


@dataclass(slots=True)
class Starter:
    """Starts runs, one at a time: who comes second finds the first one's run.

    :param azure_conn_id: the Airflow connection for its runs; empty leaves it to the DAG's default
    """

    ledger: SqlLedger
    airflow: AirflowRuns
    clock: Clock
    azure_conn_id: str
    _turn: Lock

    def start(self, scale_set: OrchestratedSet) -> OperationId:
        """Start a run; the operation that follows it.

        :raises OperationNotAllowedError: when a rolling upgrade of the set is under way or about to be
        """
        with self._turn:
            self._refuse_second(scale_set)
            self.airflow.require_unpaused()
            run_id = self._new_run_id(scale_set)
            self.airflow.start(run_id, self._conf(scale_set))
        return OperationId(Kind.START, scale_set.key, run_id)

    def _refuse_second(self, scale_set: OrchestratedSet) -> None:
        newest = scale_set.views[0].rollout if scale_set.views else None
        # One whose holder died is not under way: the run that is started here goes on with it.
        if newest is not None and newest.state not in TERMINAL_STATES:
            holder = self.ledger.find_holder(scale_set.key)
            if holder:
                raise _conflict(f"rollout {newest.rollout_id}, held by {holder}")
        for run in self.airflow.list_active_of(scale_set.key):
            raise _conflict(f"Airflow run {run.run_id} of {DAG_ID}, {run.state}")

    def _new_run_id(self, scale_set: OrchestratedSet) -> str:
        name = resource_name(scale_set.resource_id)
        return f"api__{name}__{self.clock.now():%Y%m%dT%H%M%SZ}__{secrets.token_hex(3)}"

    def _conf(self, scale_set: OrchestratedSet) -> Mapping[str, Any]:
        conf: dict[str, Any] = {
            "fleet": scale_set.resource_id,
            "version": LATEST,
            "trigger": str(TriggerKind.MANUAL),
            "rollback": False,
        }
        return conf | ({"azure_conn_id": self.azure_conn_id} if self.azure_conn_id else {})


def _conflict(what: str) -> OperationNotAllowedError:
    return OperationNotAllowedError(
        f"Another rolling upgrade of this scale set is in progress ({what}): wait for its end, or cancel it."
    )
