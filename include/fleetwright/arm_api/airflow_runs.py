"""Airflow's REST API, as far as rollouts are started and watched through it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from fleetwright.arm_api.errors import ServiceUnavailableError
from fleetwright.domain.errors import ConfigurationError

DAG_ID = "scale_set_rollout"

_DAG = f"/api/v2/dags/{DAG_ID}"
_TIMEOUT_SECONDS = 30
_UNAUTHENTICATED, _NOT_FOUND = 401, 404
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PAGE = 100
_MOST_PAGES = 20
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class AirflowLogin:
    """How we sign in to Airflow.

    :param user: empty where Airflow lets everybody in (``simple_auth_manager_all_admins``)
    """

    url: str
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"AirflowLogin({self.url!r}, {self.user!r})"


@dataclass(frozen=True, slots=True)
class Run:
    """One DAG run.

    :param state: ``queued``, ``running``, ``success`` or ``failed``
    :param began: when it was started or queued, as Airflow writes it
    :param ended: empty while it runs
    """

    run_id: str
    state: str
    conf: Mapping[str, Any]
    began: str = ""
    ended: str = ""

    @property
    def fleet_key(self) -> str:
        """Which fleet it was started for."""
        return str(self.conf.get("fleet", "")).rstrip("/").lower()

    @property
    def is_over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.state in {"success", "failed"}


def _check_url(url: str) -> None:
    if "@" in url:
        raise ConfigurationError(
            "Airflow's URL (--airflow-url) must not hold a user or a password: give them as --airflow-user and"
            " FLEETWRIGHT_AIRFLOW_PASSWORD, and a URL such as http://127.0.0.1:8080"
        )
    try:
        parts = urlsplit(url)
        is_one = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if not is_one:
        raise ConfigurationError(f"Airflow's URL {url!r} is none such as http://127.0.0.1:8080")


class AirflowRuns:
    """Runs of the one DAG that rolls scale sets out.

    Every method raises ``ServiceUnavailableError``, in one line, when Airflow does not answer or refuses.

    :raises ConfigurationError: when the login's URL is none
    """

    def __init__(self, login: AirflowLogin) -> None:
        _check_url(login.url)
        self._login = login
        self._url = login.url.rstrip("/")
        self._session = requests.Session()
        # No proxy stands between two processes of one machine.
        self._session.trust_env = urlsplit(login.url).hostname not in _LOOPBACK
        self._token = ""
        self._signing_in = Lock()

    def start(self, run_id: str, conf: Mapping[str, Any]) -> None:
        """Start a run with a name of ours."""
        self._send("POST", f"{_DAG}/dagRuns", {"dag_run_id": run_id, "conf": conf, "logical_date": None})

    def require_unpaused(self) -> None:
        """Refuse where a run would stay queued for ever because somebody paused the DAG."""
        answer = self._request("GET", _DAG, None)
        if answer.ok and self._read(answer).get("is_paused"):
            raise ServiceUnavailableError(f"the DAG {DAG_ID} is paused in Airflow at {self._url}: unpause it")

    def find(self, run_id: str) -> Run | None:
        """One run; None where Airflow does not know it."""
        answer = self._request("GET", f"{_DAG}/dagRuns/{quote(run_id, safe='')}", None)
        return None if answer.status_code == _NOT_FOUND else _run(self._checked(answer))

    def list_active(self) -> tuple[Run, ...]:
        """Every run that is queued or running."""
        found: list[Run] = []
        for page in range(_MOST_PAGES):
            query = f"state=queued&state=running&limit={_PAGE}&offset={page * _PAGE}"
            rows = self._send("GET", f"{_DAG}/dagRuns?{query}")["dag_runs"]
            found += [_run(row) for row in rows]
            if len(rows) < _PAGE:
                break
        return tuple(found)

    def list_active_of(self, fleet_key: str) -> tuple[Run, ...]:
        """Those of them that are about one fleet."""
        return tuple(run for run in self.list_active() if run.fleet_key == fleet_key)

    def list_task_states(self, run_id: str) -> dict[str, str]:
        """The states of a run's tasks by their ids; of a loop's turns, the last one's."""
        path = f"{_DAG}/dagRuns/{quote(run_id, safe='')}/taskInstances?limit={_PAGE * 10}"
        return {task["task_id"]: str(task["state"]) for task in self._send("GET", path)["task_instances"]}

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        return self._checked(self._request(method, path, body))

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> requests.Response:
        token = self._token or self._log_in("")
        answer = self._call(method, path, body, token)
        if answer.status_code == _UNAUTHENTICATED:
            # The token has run out: what was refused for it was not done, so it may be sent again.
            answer = self._call(method, path, body, self._log_in(token))
        return answer

    def _log_in(self, refused: str) -> str:
        """A token other than the refused one: perhaps another thread has fetched it by now."""
        with self._signing_in:
            if self._token in {"", refused}:
                login = self._login
                words = {"username": login.user, "password": login.password} if login.user else None
                answer = self._call("POST" if words else "GET", "/auth/token", words)
                self._token = str(self._checked(answer).get("access_token") or "")
            return self._token

    def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None, token: str = ""
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return self._session.request(
                method, f"{self._url}{path}", json=body, headers=headers, timeout=_TIMEOUT_SECONDS
            )
        except requests.RequestException as error:
            raise ServiceUnavailableError(
                f"Airflow does not answer at {self._url}: {type(error).__name__}"
            ) from error

    def _checked(self, answer: requests.Response) -> dict[str, Any]:
        if not answer.ok:
            path = answer.request.path_url
            raise ServiceUnavailableError(
                f"Airflow at {self._url} refused {answer.request.method} {path}: {answer.status_code}"
                f" {answer.text[:_SHOWN]}"
            )
        return self._read(answer)

    def _read(self, answer: requests.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ServiceUnavailableError(f"what answers at {self._url} is no Airflow: no JSON object came")
        return found


def _run(row: Mapping[str, Any]) -> Run:
    began = row.get("start_date") or row.get("queued_at") or row.get("run_after") or ""
    return Run(row["dag_run_id"], str(row["state"]), row.get("conf") or {}, began, row.get("end_date") or "")
