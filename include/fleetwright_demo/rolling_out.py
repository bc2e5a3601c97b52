"""One rollout through the Airflow of a stage: started by its API, followed in the ledger, and told by everybody at its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.records import RolloutView
from fleetwright.ledger.store import open_ledger
from fleetwright_demo.airflow_api import DAG_ID
from fleetwright_demo.errors import StageError
from fleetwright_demo.naming import run_name
from fleetwright_demo.stage import Stage
from fleetwright_demo.watching import Watch, follow

_LIMIT_SECONDS = 300.0


@dataclass(frozen=True, slots=True)
class Rolled:
    """A rollout that has ended.

    :param state: the DAG run's
    :param view: what the ledger says
    """

    dag_id: str
    run_id: str
    state: str
    view: RolloutView

    def dag_run(self) -> dict[str, Any]:
        """The DAG run as a summary names it."""
        return {"dagId": self.dag_id, "runId": self.run_id, "state": self.state}


def roll_out(
    stage: Stage, console: Console, subject: tuple[str, str], manners: dict[str, Any], dag_id: str = DAG_ID
) -> Rolled:
    """Start an automatic rollout and follow it to its end.

    :param subject: fleet and version
    :param manners: what the form asks besides
    :raises StageError: when it does not begin, or has no end in time
    """
    fleet, version = subject
    run_id = run_name(fleet, version, datetime.now(UTC))
    api = stage.airflow
    api.trigger(run_id, {"fleet": fleet, "version": version, "trigger": "automatic", **manners}, dag_id)
    console.print(f"run {run_id} of {dag_id} started", highlight=False)
    watch = Watch(api, open_ledger(stage.ledger_url), parse_fleet_id(fleet).key, run_id, dag_id)
    state = follow(watch, console, _LIMIT_SECONDS)
    view = watch.newest()
    if view is None:
        raise StageError(
            f"run {run_id} ended as {state} before a rollout began; read the log of its first task"
        )
    return Rolled(dag_id, run_id, state, view)


def run_page(stage: Stage, summary: dict[str, Any]) -> str:
    """Where Airflow shows the DAG run of a summary."""
    run = summary["dagRun"]
    return f"{stage.ports.airflow_url}/dags/{run['dagId']}/runs/{run['runId']}"
