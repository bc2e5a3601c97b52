"""The HTTP app on a real socket, and Azure's official client against it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from airflow_double import PASSWORD, USER, AirflowDouble
from azure.core.credentials import AccessToken
from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.compute import ComputeManagementClient
from fastapi import FastAPI
from rehearsals import Rehearsal
from worlds import FLEET_ID, SUBSCRIPTION

from fleetwright.arm_api.airflow_runs import DAG_ID, AirflowLogin, AirflowRuns
from fleetwright.arm_api.application import create_application
from fleetwright.arm_api.authentication import ApiToken
from fleetwright.arm_api.server import bind, create_server
from fleetwright.arm_api.service import Service
from fleetwright.domain.records import RolloutView
from fleetwright.rollout.owners import airflow_owner

API_TOKEN = "api-s3cret-token"
VERSION = "?api-version=2024-07-01"


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """An app in a thread of its own while the block lasts; its URL."""
    listener, server = bind("127.0.0.1", 0), create_server(app)
    thread = threading.Thread(target=lambda: server.run(sockets=[listener]), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


class _Credential:
    def get_token(self, *_scopes: str, **_options: object) -> AccessToken:
        return AccessToken(API_TOKEN, int(time.time()) + 3600)


class _Bearer(SansIOHTTPPolicy):  # type: ignore[type-arg]
    """Stands in for the client's own policy, which sends tokens over https only."""

    def on_request(self, request: PipelineRequest) -> None:
        request.http_request.headers["Authorization"] = f"Bearer {API_TOKEN}"


@dataclass
class Served:
    """The app over one rehearsal's ledger, beside a double of Airflow."""

    url: str
    rehearsal: Rehearsal
    airflow: AirflowDouble

    def client(self) -> ComputeManagementClient:
        """Azure's official client."""
        return ComputeManagementClient(
            _Credential(),
            SUBSCRIPTION,
            base_url=self.url,
            authentication_policy=_Bearer(),
            polling_interval=0,
            retry_total=0,
        )

    def call(
        self, method: str, path: str, *, fleet: str = FLEET_ID, query: str = VERSION, **headers: str
    ) -> requests.Response:
        """One bare call; ``path`` stands below the set."""
        sent = {"Authorization": f"Bearer {API_TOKEN}", **headers}
        return requests.request(method, f"{self.url}{fleet}/{path}{query}", headers=sent, timeout=30)

    def error(self, answer: requests.Response) -> str:
        """Its code, by Azure's error body."""
        body = answer.json()
        assert set(body) == {"error"}
        assert set(body["error"]) == {"code", "message"}
        assert "\n" not in body["error"]["message"]
        return str(body["error"]["code"])

    def carry_out(self, run_id: str, **request: float) -> RolloutView:
        """Do what Airflow's workers would do for a run."""
        self.airflow.move(run_id, "running")
        owner = airflow_owner(run_id, DAG_ID)
        view = self.rehearsal.run(owner=owner, trigger="manual", **request)
        self.airflow.move(run_id, "success" if view.rollout.state == "Completed" else "failed")
        return view


@contextmanager
def served(rehearsal: Rehearsal, airflow: AirflowDouble | None = None) -> Iterator[Served]:
    """Start both."""
    double = airflow or AirflowDouble()
    ports = rehearsal.ports()

    with serving(double.app()) as airflow_url:
        runs = AirflowRuns(AirflowLogin(airflow_url, USER, PASSWORD))
        fetch = ports.driver.fetch_fleet
        service = Service(ports.ledger, runs, rehearsal.clock, fetch_fleet=fetch, retry_after=0)  # type: ignore[arg-type]
        with serving(create_application(service, ApiToken(API_TOKEN))) as url:
            yield Served(url, rehearsal, double)
