"""Builds the HTTP app from the flags, and runs it."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

import click

from fleetwright.arm_api.airflow_runs import AirflowLogin, AirflowRuns
from fleetwright.arm_api.application import create_application
from fleetwright.arm_api.authentication import read_token
from fleetwright.arm_api.scale_sets import FetchFleet
from fleetwright.arm_api.server import bind, create_server
from fleetwright.arm_api.service import Service
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.azure.fleet_drivers import FleetDrivers
from fleetwright.ledger.store import open_ledger
from fleetwright.ledger.urls import resolve_ledger_url
from fleetwright.rollout.clocks import SystemClock


@dataclass(frozen=True, slots=True)
class Serving:
    """What was asked for on the command line.

    :param endpoint: ARM, where sets that the ledger does not know are looked up; None looks nowhere
    :param token: bearer token for that
    :param token_file: holds the token that callers have to show
    """

    host: str
    port: int
    airflow_url: str
    airflow_user: str
    airflow_password: str
    token_file: str | None
    endpoint: str | None
    token: str | None
    azure_conn_id: str
    ledger: str | None


def run_server(serving: Serving) -> None:
    """Serve until the process is ended.

    :raises ConfigurationError: before anything is served, for a flag that cannot be used
    """
    guard = read_token(serving.token_file, os.environ)
    login = AirflowLogin(serving.airflow_url, serving.airflow_user, serving.airflow_password)
    fetch = _fetcher(serving.endpoint, serving.token) if serving.endpoint else None
    ledger = open_ledger(resolve_ledger_url(serving.ledger, os.environ))
    service = Service(
        ledger, AirflowRuns(login), SystemClock(), fetch_fleet=fetch, azure_conn_id=serving.azure_conn_id
    )
    listener = bind(serving.host, serving.port)
    _log_to_standard_error()
    click.echo(f"serving on http://{serving.host}:{listener.getsockname()[1]}; ledger: {ledger}")
    create_server(create_application(service, guard)).run(sockets=[listener])


def _log_to_standard_error() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("fleetwright.arm_api")
    log.addHandler(handler)
    log.setLevel(logging.INFO)


def _fetcher(endpoint: str, token: str | None) -> FetchFleet:
    tokens = StaticToken(token) if token is not None else None
    return FleetDrivers(connect(AzureEndpoint(endpoint, tokens), SystemClock())).fetch_fleet
