"""What a start leaves alone: another demo that runs, settings of the person's own, processes that are not ours."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from arm_emulator.server_thread import EmulatorServer
from fleetwright_demo import demo, up
from fleetwright_demo.airflow_env import airflow_env
from fleetwright_demo.layout import HOST, Ports, free_port
from fleetwright_demo.loopback import answers
from fleetwright_demo.naming import run_name
from fleetwright_demo.worlds import fleet_of, load_world, newest_version_of, sized


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another demo listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_second_demo_does_not_remove_what_the_first_one_writes(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A demo that cannot have its port ends, and the running demo keeps its database and its ledger."""
    database = tmp_path / "demo" / "airflow" / "airflow.db"
    database.parent.mkdir(parents=True)
    database.touch()
    monkeypatch.setattr(demo, "RUN_FOLDER", tmp_path)
    monkeypatch.setenv("AIRFLOW_PORT", str(taken))
    monkeypatch.setenv("EMULATOR_PORT", str(free_port()))

    assert demo.main() == 1
    assert database.exists()


def test_a_demo_that_cannot_have_its_port_says_so_and_ends_with_1(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line names the port; the exit code tells a script."""
    monkeypatch.setattr(demo, "RUN_FOLDER", tmp_path)
    monkeypatch.setenv("AIRFLOW_PORT", str(taken))
    monkeypatch.setenv("EMULATOR_PORT", str(free_port()))

    assert demo.main() == 1
    assert f"port {taken} on 127.0.0.1 is taken" in " ".join(capsys.readouterr().out.split())


def test_up_that_cannot_have_the_port_of_azures_calls_starts_nothing(
    taken: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The port is looked at before anything is started; the line names it and the variable that chooses another."""
    monkeypatch.setattr(up, "_CHILDREN", tmp_path / "processes.json")
    monkeypatch.setattr(up, "_FOLDER", tmp_path / "up")
    monkeypatch.setenv("AIRFLOW_PORT", str(free_port()))
    monkeypatch.setenv("EMULATOR_PORT", str(free_port()))
    monkeypatch.setenv("API_PORT", str(taken))

    assert up.up(Console()) == 1
    told = " ".join(capsys.readouterr().out.split())
    assert f"port {taken} on 127.0.0.1 is taken" in told
    assert "API_PORT=<port>" in told
    assert not (tmp_path / "up").exists()


def test_airflows_settings_lie_in_the_folder_that_was_given(tmp_path: Path) -> None:
    """Database, logs and keys are below the home, everything binds to this machine, and nothing is sent home."""
    env = airflow_env(tmp_path, Ports(1234, 5678), ledger_url="sqlite:////ledger.db")

    assert env["AIRFLOW_HOME"] == str(tmp_path)
    assert env["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == f"sqlite:///{tmp_path / 'airflow.db'}"
    assert env["AIRFLOW__LOGGING__BASE_LOG_FOLDER"] == str(tmp_path / "logs")
    assert env["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert env["AIRFLOW__USAGE_DATA_COLLECTION__ENABLED"] == "False"
    assert env["AIRFLOW__CORE__TEST_CONNECTION"] == "Enabled"
    assert env["FLEETWRIGHT_LEDGER_URL"] == "sqlite:////ledger.db"


def test_keys_are_made_once_and_are_the_owners_alone(tmp_path: Path) -> None:
    """A second start finds the keys of the first one; nobody else can read them."""
    first = airflow_env(tmp_path, Ports(1, 2), ledger_url="")
    second = airflow_env(tmp_path, Ports(1, 2), ledger_url="")

    for name in ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API__SECRET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET"):
        assert first[name] == second[name]
    assert len({first[name] for name in first if name.endswith(("KEY", "JWT_SECRET"))}) == 3
    assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("*.key")} == {0}


def test_airflow_settings_of_the_person_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody's own Airflow settings do not change the demo's."""
    monkeypatch.setenv("AIRFLOW__API__HOST", "0.0.0.0")
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS", "somebody:admin")

    env = airflow_env(tmp_path, Ports(1, 2), ledger_url="")

    assert env["AIRFLOW__API__HOST"] == "127.0.0.1"
    assert "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS" not in env


@pytest.mark.parametrize(
    "name", ["AIRFLOW_CONN_AZURE_RM_DEFAULT", "AIRFLOW_CONN_FLEETWRIGHT_LEDGER", "AIRFLOW_CONFIG"]
)
def test_connections_of_the_person_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A demo must not roll out through somebody's own connection to Azure, nor write their ledger."""
    monkeypatch.setenv(name, '{"conn_type": "azure_rm", "host": "https://management.azure.com"}')

    assert name not in airflow_env(tmp_path, Ports(1, 2), ledger_url="")


def test_a_proxy_of_the_person_is_not_asked_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a company's proxy the demo still finds its own processes."""
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")

    with EmulatorServer(load_world()) as server:
        assert answers(f"{server.url}/_emulator/health")


def test_down_leaves_a_process_alone_that_up_did_not_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old list of processes must not end what has the number today; ``make clean`` calls ``down`` as well."""
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    children = tmp_path / "processes.json"
    children.write_text(
        json.dumps(
            [{"name": "scheduler", "session": stranger.pid, "started": 1.0, "log": str(tmp_path / "log")}]
        )
    )
    os.utime(children, (0, 0))
    monkeypatch.setattr(up, "_CHILDREN", children)

    try:
        up.down(Console(quiet=True))
        survived = stranger.poll() is None and _is_running(stranger.pid)
    finally:
        if stranger.returncode is None and _is_running(stranger.pid):
            stranger.kill()

    assert survived


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_down_without_a_list_says_that_nothing_ran(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ending nothing is no error."""
    monkeypatch.setattr(up, "_CHILDREN", tmp_path / "processes.json")

    assert up.down(Console()) == 0
    assert "nothing was running" in capsys.readouterr().out


def test_runs_are_named_after_fleet_and_version() -> None:
    """The list of runs in the UI says which fleet goes to which version, and when it began."""
    name = run_name(fleet_of(load_world()), "18.04.202402010", datetime(2024, 6, 1, 3, 0, tzinfo=UTC))

    assert name == "web__18.04.202402010__20240601T030000Z"


def test_the_demos_world_is_the_one_that_was_promised() -> None:
    """15 instances in three zones; instance 7 never becomes healthy on the newest version."""
    world = load_world()
    resource = world["scaleSets"][0]["resource"]

    assert resource["sku"]["capacity"] == 15
    assert resource["zones"] == ["1", "2", "3"]
    assert world["imageBehaviours"] == [
        {"version": newest_version_of(world), "instances": ["7"], "health": "never"}
    ]


def test_a_sized_world_has_nothing_that_goes_wrong() -> None:
    """The benchmark's worlds differ in size and timings alone, and leave the demo's as it is."""
    world = load_world()

    made = sized(world, 100, {"swap": 4.0})

    assert made["scaleSets"][0]["resource"]["sku"]["capacity"] == 100
    assert made["timings"] == {"swap": 4.0}
    assert made["imageBehaviours"] == []
    assert world == load_world()
