"""What the app answers to each question, as status, headers and body."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from fleetwright.arm_api.airflow_runs import AirflowRuns
from fleetwright.arm_api.cancelling import Canceller
from fleetwright.arm_api.errors import ResourceNotFoundError, error_body
from fleetwright.arm_api.operations import OperationId
from fleetwright.arm_api.routes import Asked, Question
from fleetwright.arm_api.scale_sets import FetchFleet, OrchestratedSet, OrchestratedSets
from fleetwright.arm_api.starting import Starter
from fleetwright.arm_api.statuses import find_latest, history_body, latest_body
from fleetwright.arm_api.watching import Watcher
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.cancelling import list_cancels
from fleetwright.rollout.ports.clock import Clock

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 10  # ARM's own range is 10 s to 10 min


@dataclass(frozen=True, slots=True)
class Caller:
    """How a call came in.

    :param base_url: scheme and host by which the caller reached us, no trailing slash
    :param api_version: as the call has it
    :param monitors: the call is a ``Location``, not an ``Azure-AsyncOperation``
    :param name: who calls, for the ledger
    """

    base_url: str
    api_version: str
    monitors: bool = False
    name: str = "a client of the API"


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back.

    :param body: None for an empty one
    """

    status: int = 200
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Service:
    """Answers for the orchestrated sets.

    :param fetch_fleet: reads a set that the ledger does not know at Azure; None asks nobody
    :param azure_conn_id: the Airflow connection for the runs that are started; empty is the DAG's default
    :param retry_after: seconds between two polls of a client
    """

    def __init__(
        self,
        ledger: SqlLedger,
        airflow: AirflowRuns,
        clock: Clock,
        *,
        fetch_fleet: FetchFleet | None = None,
        azure_conn_id: str = "",
        retry_after: int = RETRY_AFTER_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._retry_after = retry_after
        self._sets = OrchestratedSets(ledger, fetch_fleet)
        self._starter = Starter(ledger, airflow, clock, azure_conn_id, Lock())
        self._canceller = Canceller(ledger, airflow, clock)
        self._watcher = Watcher(ledger, airflow)
        self._answers: dict[Question, Callable[[Asked, Caller], Reply]] = {
            Question.HISTORY: self._history,
            Question.LATEST: self._latest,
            Question.START: self._start,
            Question.CANCEL: self._cancel,
            Question.OPERATION: self._operation,
        }

    def answer(self, asked: Asked, caller: Caller) -> Reply:
        """Answer a call.

        :raises ArmApiError: where the answer is an error
        """
        return self._answers[asked.question](asked, caller)

    def _history(self, asked: Asked, _caller: Caller) -> Reply:
        return Reply(body=history_body(self._sets.find(asked.fleet_id).views))

    def _latest(self, asked: Asked, _caller: Caller) -> Reply:
        found = self._sets.find(asked.fleet_id)
        view = find_latest(found.views)
        if view is None:
            raise ResourceNotFoundError(f"No rolling upgrade of {found.resource_id} has been started yet.")
        return Reply(body=latest_body(view, list_cancels(self._ledger, found.key, view.rollout)))

    def _start(self, asked: Asked, caller: Caller) -> Reply:
        found = self._sets.find(asked.fleet_id)
        operation = self._starter.start(found)
        log.info("%s started Airflow run %s for %s", caller.name, operation.subject, found.resource_id)
        return self._accepted(found, operation, caller)

    def _cancel(self, asked: Asked, caller: Caller) -> Reply:
        found = self._sets.find(asked.fleet_id)
        operation = self._canceller.cancel(found, caller.name)
        log.info("%s cancelled %s of %s", caller.name, operation.subject, found.resource_id)
        return self._accepted(found, operation, caller)

    def _accepted(self, found: OrchestratedSet, operation: OperationId, caller: Caller) -> Reply:
        subscription = found.resource_id.split("/")[2]
        url = (
            f"{caller.base_url}/subscriptions/{subscription}/providers/Microsoft.Compute"
            f"/locations/{found.location or 'global'}/operations/{operation.encode()}"
        )
        version = f"api-version={caller.api_version}"
        headers = {
            "Azure-AsyncOperation": f"{url}?{version}",
            "Location": f"{url}?monitor=true&{version}",
            "Retry-After": str(self._retry_after),
        }
        return Reply(202, None, headers)

    def _operation(self, asked: Asked, caller: Caller) -> Reply:
        state = self._watcher.look(OperationId.decode(asked.operation))
        waiting = {} if state.is_over else {"Retry-After": str(self._retry_after)}
        if not caller.monitors:
            return Reply(200, state.to_dict(asked.operation), waiting)
        if not state.is_over:
            return Reply(202, None, waiting)
        # Whoever follows only this URL must not take a failed upgrade for a good one.
        return Reply(409, error_body(state.code, state.message)) if state.code else Reply(200)
