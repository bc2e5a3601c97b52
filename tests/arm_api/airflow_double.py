"""A small double of Airflow's REST API: the routes that the HTTP app calls, over a real socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

DAG = "/api/v2/dags/scale_set_rollout"
RUNS = f"{DAG}/dagRuns"
USER, PASSWORD = "ada", "lovelace"

Told = tuple[int, dict[str, Any]]


@dataclass
class AirflowDouble:
    """Runs that move when a test says so.

    :ivar runs: by id, each with ``state`` and ``conf``
    :ivar tasks: task states of a run by its id
    :ivar tokens: those that are good; a test empties it to let them run out
    :ivar refuses: answered to every start
    """

    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    tasks: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    paused: bool = False
    refuses: int = 0
    logins: int = 0

    def only(self) -> str:
        """The id of the one run there is."""
        (run_id,) = self.runs
        return run_id

    def move(self, run_id: str, state: str, **tasks: str) -> None:
        """A run comes into a state, and its tasks into theirs."""
        self.runs[run_id]["state"] = state
        self.runs[run_id]["start_date"] = "2024-06-01T00:00:00Z"
        self.runs[run_id]["end_date"] = "2024-06-01T01:00:00Z" if state in {"success", "failed"} else None
        self.tasks[run_id] = tasks

    def app(self) -> FastAPI:
        """One route for all."""
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        async def answer(request: Request) -> Response:
            status, body = self._answer(request, json.loads(await request.body() or b"{}"))
            return JSONResponse(body, status)

        return app

    def _answer(self, request: Request, body: dict[str, Any]) -> Told:
        path = request.url.path
        if path == "/auth/token":
            return self._log_in(body)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, {"detail": "Invalid JWT token"}
        if path == DAG:
            return 200, {"is_paused": self.paused}
        if path == RUNS:
            states = request.query_params.getlist("state")
            return self._start(body) if request.method == "POST" else self._list(states)
        return self._one(path.removeprefix(RUNS + "/"))

    def _log_in(self, body: dict[str, Any]) -> Told:
        if body != {"username": USER, "password": PASSWORD}:
            return 401, {"detail": "Invalid credentials"}
        self.logins += 1
        self.tokens.add(f"jwt-{self.logins}")
        return 201, {"access_token": f"jwt-{self.logins}"}

    def _start(self, body: dict[str, Any]) -> Told:
        if self.refuses:
            return self.refuses, {"detail": "Invalid input for param fleet"}
        run = {"dag_run_id": body["dag_run_id"], "conf": body["conf"], "state": "queued"}
        self.runs[body["dag_run_id"]] = run
        return 200, run

    def _list(self, states: list[str]) -> Told:
        return 200, {"dag_runs": [run for run in self.runs.values() if run["state"] in states]}

    def _one(self, path: str) -> Told:
        run_id, _, rest = path.partition("/")
        if run_id not in self.runs:
            return 404, {"detail": "not found"}
        tasks = self.tasks.get(run_id, {})
        rows = [{"task_id": task, "state": state} for task, state in tasks.items()]
        return 200, {"task_instances": rows} if rest else self.runs[run_id]
