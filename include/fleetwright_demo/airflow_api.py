"""Airflow's REST API, as far as the demo needs it."""

from __future__ import annotations

from typing import Any

import requests

from fleetwright_demo.errors import StageError

_TIMEOUT_SECONDS = 30
DAG_ID = "scale_set_rollout"


class AirflowApi:
    """A client that logs in as the one admin that the demo's Airflow lets everyone be.

    :param url: where Airflow answers, without a path
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False

    def log_in(self) -> None:
        """Fetch a token and use it from here on."""
        token = self._send("GET", "/auth/token")["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def health(self) -> dict[str, Any]:
        """State of the scheduler, the triggerer and the DAG processor."""
        return self._send("GET", "/api/v2/monitor/health")

    def put_connection(self, connection: dict[str, Any]) -> None:
        """Create a connection, or replace the one of the same id."""
        conn_id = connection["connection_id"]
        if self._request("GET", f"/api/v2/connections/{conn_id}").ok:
            self._send("PATCH", f"/api/v2/connections/{conn_id}", connection)
        else:
            self._send("POST", "/api/v2/connections", connection)

    def unpause(self, dag_id: str = DAG_ID) -> None:
        """Let runs of a DAG start."""
        self._send("PATCH", f"/api/v2/dags/{dag_id}", {"is_paused": False})

    def has_dag(self, dag_id: str = DAG_ID) -> bool:
        """Whether the DAG has been parsed."""
        return self._request("GET", f"/api/v2/dags/{dag_id}").ok

    def import_errors(self) -> list[dict[str, Any]]:
        """DAG files that could not be parsed."""
        errors: list[dict[str, Any]] = self._send("GET", "/api/v2/importErrors")["import_errors"]
        return errors

    def trigger(self, run_id: str, conf: dict[str, Any], dag_id: str = DAG_ID) -> None:
        """Start a DAG run with a name of ours."""
        self._send(
            "POST",
            f"/api/v2/dags/{dag_id}/dagRuns",
            {"dag_run_id": run_id, "conf": conf, "logical_date": None},
        )

    def run_state(self, run_id: str, dag_id: str = DAG_ID) -> str:
        """State of a DAG run."""
        return str(self._send("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def dag_runs(self, dag_id: str = DAG_ID) -> list[dict[str, Any]]:
        """The runs of a DAG, each with its state, its note and what it was started by."""
        found: list[dict[str, Any]] = self._send("GET", f"/api/v2/dags/{dag_id}/dagRuns?limit=100")[
            "dag_runs"
        ]
        return found

    def task_instances(self, run_id: str, dag_id: str = DAG_ID) -> list[dict[str, Any]]:
        """The task instances of a run, those of every iteration of a loop."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=1000"
        found: list[dict[str, Any]] = self._send("GET", path)["task_instances"]
        return found

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._request(method, path, body)
        if not answer.ok:
            raise StageError(f"Airflow answered {answer.status_code} to {method} {path}: {answer.text[:500]}")
        found: dict[str, Any] = answer.json()
        return found

    def _request(self, method: str, path: str, body: dict[str, Any] | None = None) -> requests.Response:
        try:
            return self._session.request(method, f"{self.url}{path}", json=body, timeout=_TIMEOUT_SECONDS)
        except requests.RequestException as error:
            raise StageError(
                f"Airflow does not answer at {self.url}{path}: {type(error).__name__}"
            ) from error
