"""Airflow's settings for one machine, as environment variables; nothing is written outside the run folder."""

from __future__ import annotations

import base64
import os
import secrets
import sys
from pathlib import Path

from fleetwright_demo.layout import CHECKOUT, HOST, Ports

# A worker that dies is noticed after this long instead of five minutes.
HEARTBEAT_TIMEOUT_SECONDS = 20


def airflow_env(home: Path, ports: Ports, *, ledger_url: str) -> dict[str, str]:
    """The environment of every Airflow process.

    :param home: folder for database, logs and keys
    """
    settings = {
        "CORE__DAGS_FOLDER": str(CHECKOUT / "dags"),
        "CORE__PLUGINS_FOLDER": str(CHECKOUT / "plugins"),
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__EXECUTOR": "LocalExecutor",
        # Few workers stay warm: the first task in a cold one pays about 0.2 s more.
        "CORE__PARALLELISM": "4",
        "CORE__MAX_ACTIVE_TASKS_PER_DAG": "16",
        "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        # The Test button of connections, which is off by default.
        "CORE__TEST_CONNECTION": "Enabled",
        "CORE__EXECUTION_API_SERVER_URL": f"{ports.airflow_url}/execution/",
        "CORE__FERNET_KEY": secret(home / "fernet.key"),
        "DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "API__HOST": HOST,
        "API__PORT": str(ports.airflow),
        "API__BASE_URL": ports.airflow_url,
        "API__WORKERS": "1",
        "API__SECRET_KEY": secret(home / "api.key"),
        "API_AUTH__JWT_SECRET": secret(home / "jwt.key"),
        # Paid at every hop from task to task; 1 s is the default.
        "SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.1",
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(HEARTBEAT_TIMEOUT_SECONDS),
        "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
        # What a killed scheduler leaves running is taken up by the next one at such a look; 300 s is the default.
        "SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "30",
        # A task's supervisor may sleep this long after the task has ended, and holds its worker meanwhile; with
        # the default of 5 s a third of the hops did, and a rollout now and then waited 4 s for a free worker.
        "WORKERS__MIN_HEARTBEAT_INTERVAL": "1",
        "DAG_PROCESSOR__REFRESH_INTERVAL": "60",
        "DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "60",
        "LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "USAGE_DATA_COLLECTION__ENABLED": "False",
    }
    scripts = Path(sys.executable).parent
    return {
        # Nothing of the person's own Airflow: its connections would win over those of the stage.
        **{name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")},
        **{f"AIRFLOW__{name}": value for name, value in settings.items()},
        "AIRFLOW_HOME": str(home),
        "FLEETWRIGHT_LEDGER_URL": ledger_url,
        # Beside Airflow's own files, not those of whoever started it.
        "FLEETWRIGHT_NODE_WINDOWS": str(home.parent / "node-windows.json"),
        "PATH": f"{scripts}{os.pathsep}{os.environ.get('PATH', '')}",
        "PYTHONUNBUFFERED": "1",
        "NO_PROXY": ",".join((*filter(None, [os.environ.get("NO_PROXY")]), HOST, "localhost")),
        "no_proxy": ",".join((*filter(None, [os.environ.get("no_proxy")]), HOST, "localhost")),
    }


def secret(path: Path) -> str:
    """A key that is made once and kept, readable by the owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
    return path.read_text()
