"""Azure's own upgrade calls beside a stage: ``fleetwright serve`` on its ledger, its Airflow and its emulator."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import requests

from fleetwright_demo.airflow_env import secret
from fleetwright_demo.errors import StageError
from fleetwright_demo.layout import CHECKOUT, HOST
from fleetwright_demo.loopback import loopback_session
from fleetwright_demo.processes import start
from fleetwright_demo.stage import TOKEN, Stage, wait_for

_UNAUTHORIZED = 401
_MAIN = "from fleetwright.cli.app import main; main()"


def token_file(stage: Stage) -> Path:
    """Where the token lies that callers have to show."""
    return stage.folder / "api.token"


def serve(stage: Stage, port: int) -> str:
    """Start it, and return its URL once it answers; the stage's end is its end.

    :raises StageError: when it does not come up; then nothing of the stage is left running
    """
    secret(token_file(stage))
    url = f"http://{HOST}:{port}"
    command = [sys.executable, "-c", _MAIN, "serve", "--host", HOST, "--port", str(port)]
    command += ["--airflow-url", stage.ports.airflow_url, "--ledger", stage.ledger_url]
    command += ["--endpoint", stage.ports.emulator_url, "--token", TOKEN]
    command += ["--token-file", str(token_file(stage))]
    child = start("api", command, os.environ, stage.folder / "logs", CHECKOUT)
    stage.children.append(child)
    try:
        wait_for("the app with Azure's own calls", lambda: _refuses_strangers(url), (child,))
    except StageError:
        stage.stop()
        raise
    return url


def _refuses_strangers(url: str) -> bool:
    try:
        return loopback_session().get(url, timeout=5).status_code == _UNAUTHORIZED
    except requests.RequestException:
        return False
