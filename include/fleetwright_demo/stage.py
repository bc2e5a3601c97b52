"""Starting and ending what the demo needs: an emulator, and an Airflow with all its processes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from fleetwright.airflow.provider_info import get_provider_info
from fleetwright.ledger.urls import default_ledger_url
from fleetwright_demo.airflow_api import DAG_ID, AirflowApi
from fleetwright_demo.airflow_env import airflow_env
from fleetwright_demo.errors import StageError
from fleetwright_demo.layout import CHECKOUT, HOST, Ports, require_free
from fleetwright_demo.loopback import answers
from fleetwright_demo.processes import Child, require_alive, start, stop, tail

CONNECTION_ID = "azure_rm_default"
TOKEN = "demo-token"  # noqa: S105 - the emulator takes any token
_START_SECONDS = 180.0

# The log servers of scheduler and triggerer listen on every address and are not needed on one machine.
_COMPONENTS = {
    "api-server": ("api-server",),
    "scheduler": ("scheduler", "--skip-serve-logs"),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
}

Say = Callable[[str], None]


@dataclass(slots=True)
class Stage:
    """One emulator and one Airflow.

    :param folder: everything they write lies below it
    :param world: the emulator's world file
    :param say: told about each step
    :param keeps_folder: go on with what an earlier start left there, instead of beginning anew
    :param dags: DAGs that have to be there, and whose runs may start
    :param settings: further variables of Airflow's processes
    :param prepare: what is done once the emulator answers, before Airflow reads its DAGs
    """

    folder: Path
    world: Path
    ports: Ports
    say: Say
    clock: str = "real"
    keeps_folder: bool = False
    dags: tuple[str, ...] = (DAG_ID,)
    settings: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Stage], None] | None = None
    children: list[Child] = field(default_factory=list)

    @property
    def ledger_url(self) -> str:
        """The ledger of this stage."""
        return default_ledger_url(self.folder)

    @property
    def airflow(self) -> AirflowApi:
        """A client of this Airflow, logged in."""
        api = AirflowApi(self.ports.airflow_url)
        api.log_in()
        return api

    def start(self) -> None:
        """Start everything and return when a run can be triggered.

        :raises StageError: when a port is taken, or something does not come up; then nothing is left running
        """
        require_free(self.ports)
        if not self.keeps_folder:
            # Only now: behind a port that is taken a stage may be running on this very folder.
            shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.start_emulator()
            if self.prepare is not None:
                self.prepare(self)
            self._start_airflow()
        except BaseException:
            self.stop()
            raise

    def start_emulator(self) -> None:
        """Start the emulator and wait until it answers."""
        command = [sys.executable, "-m", "arm_emulator", "--world", str(self.world), "--host", HOST]
        command += ["--port", str(self.ports.emulator), "--clock", self.clock]
        child = self._start("emulator", command, self._env())
        self.say(f"emulator: {self.ports.emulator_url}")
        wait_for("the emulator", lambda: answers(f"{self.ports.emulator_url}/_emulator/health"), (child,))

    def stop(self) -> tuple[str, ...]:
        """End everything.

        :returns: names of what would not end
        """
        left = stop(reversed(self.children))
        self.children = [child for child in self.children if child.name in left]
        return left

    def _start_airflow(self) -> None:
        env = self._env()
        self.say("Airflow: preparing its database")
        self._migrate(env)
        self.say("Airflow: starting API server, scheduler, DAG processor and triggerer")
        for name, arguments in _COMPONENTS.items():
            self._start(name, [sys.executable, "-m", "airflow", *arguments], env)
        children = tuple(self.children)
        wait_for(
            "Airflow's API server", lambda: answers(f"{self.ports.airflow_url}/api/v2/version"), children
        )
        api = self.airflow
        api.put_connection(self._connection())
        wait_for("Airflow's processes and DAGs", lambda: _is_ready(api, self.dags), children)
        for dag_id in self.dags:
            api.unpause(dag_id)

    def _env(self) -> dict[str, str]:
        env = airflow_env(self.folder / "airflow", self.ports, ledger_url=self.ledger_url)
        return {**env, **self.settings}

    def _start(self, name: str, command: list[str], env: dict[str, str]) -> Child:
        child = start(name, command, env, self.folder / "logs", CHECKOUT)
        self.children.append(child)
        return child

    def _migrate(self, env: dict[str, str]) -> None:
        log = self.folder / "logs" / "migrate.log"
        with log.open("ab") as output:
            code = subprocess.call(
                [sys.executable, "-m", "airflow", "db", "migrate"],
                env=env,
                cwd=CHECKOUT,
                stdout=output,
                stderr=output,
            )
        if code:
            raise StageError(f"Airflow's database could not be prepared; the end of {log}:\n{tail(log)}")

    def _connection(self) -> dict[str, str]:
        # Every field of the form is written, since an edited connection shows only those that it has.
        (form,) = get_provider_info()["connection-types"]
        empty: dict[str, str | None] = {
            name: None if "enum" in found["schema"] else "" for name, found in form["conn-fields"].items()
        }
        extra = json.dumps({**empty, "token": TOKEN})
        return {
            "connection_id": CONNECTION_ID,
            "conn_type": "azure_rm",
            "host": self.ports.emulator_url,
            "extra": extra,
            "description": "Change the endpoint and the credential to roll out on Azure itself.",
        }


def _is_ready(api: AirflowApi, dags: Iterable[str]) -> bool:
    broken = api.import_errors()
    if broken:
        raise StageError(f"DAG file {broken[0]['filename']} cannot be parsed:\n{broken[0]['stack_trace']}")
    health = api.health()
    healthy = all(health[part]["status"] == "healthy" for part in ("scheduler", "triggerer", "dag_processor"))
    return healthy and all(map(api.has_dag, dags))


def wait_for(what: str, ready: Callable[[], bool], children: tuple[Child, ...]) -> None:
    """Return when it is ready.

    :raises StageError: when one of the children ends meanwhile, or it takes too long
    """
    deadline = time.monotonic() + _START_SECONDS
    while not ready():
        for child in children:
            require_alive(child)
        if time.monotonic() > deadline:
            raise StageError(
                f"{what} did not come up within {_START_SECONDS:g} s; its log lies in {children[0].log.parent}"
            )
        time.sleep(0.25)
