"""``fleetwright serve``: what cannot be served is told before anything listens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from commands import Fleetwright
from rehearsals import Rehearsal
from worlds import FLEET_ID, world

from fleetwright.cli.app import exit_code

Rehearse = Callable[..., Rehearsal]

AIRFLOW = ("--airflow-url", "http://127.0.0.1:9")
TOKEN = "an-api-token-of-ours"


@pytest.mark.parametrize(
    ("arguments", "token", "said"),
    [
        (AIRFLOW, "", "give --token-file FILE, or set FLEETWRIGHT_API_TOKEN"),
        (AIRFLOW, "short", "the API token has 5 characters; it must have at least 8"),
        ((*AIRFLOW, "--token-file", "/nowhere/token"), "", "/nowhere/token cannot be read"),
        ((), TOKEN, "--airflow-url"),
        (("--airflow-url", "airflow"), TOKEN, "Airflow's URL 'airflow' is none such as http"),
        (("--airflow-url", "http://[::1"), TOKEN, "Airflow's URL 'http://[::1' is none such as http"),
        ((*AIRFLOW, "--port", "99999"), TOKEN, "--port"),
        ((*AIRFLOW, "--host", "192.0.2.1"), TOKEN, "192.0.2.1:8200 cannot be listened at"),
        ((*AIRFLOW, "--endpoint", "nowhere"), TOKEN, "endpoint 'nowhere' is not a URL"),
        ((*AIRFLOW, "--ledger", "mysql://x"), TOKEN, "mysql"),
    ],
)
def test_bad_input(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: tuple[str, ...],
    token: str,
    said: str,
) -> None:
    """Each wrong flag is one line with exit code 2 (R42)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FLEETWRIGHT_API_TOKEN", token)

    code = exit_code(["serve", *arguments])

    told = capsys.readouterr().err
    assert (code, told.count("\n")) == (2, 1)
    assert said in told


@pytest.mark.parametrize("text", [f"{TOKEN}\n{TOKEN}-2\n", f"# ours\n{TOKEN}\n", f"{TOKEN} {TOKEN}-2"])
def test_token_file_with_more_than_a_token(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
) -> None:
    """A file of several lines or words is refused by its name, saying what is right and showing no token (R42)."""
    (tmp_path / "token").write_text(text)

    code = exit_code(["serve", *AIRFLOW, "--token-file", str(tmp_path / "token")])

    told = capsys.readouterr().err
    assert (code, told.count("\n")) == (2, 1)
    assert f"{tmp_path / 'token'} must hold one token" in told
    assert TOKEN not in told


@pytest.mark.parametrize(
    "url",
    [
        "http://ada:hunter2@127.0.0.1:9",
        "ada:hunter2@127.0.0.1:9",
        "ftp://ada:hunter2@host",
        "http://hunter2@h",
    ],
)
def test_password_in_airflows_url(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """Airflow's URL with a user or a password in it is refused in one line that does not repeat it (R42)."""
    monkeypatch.setenv("FLEETWRIGHT_API_TOKEN", TOKEN)

    code = exit_code(["serve", "--airflow-url", url])

    told = capsys.readouterr().err
    assert (code, told.count("\n")) == (2, 1)
    assert "--airflow-user" in told
    assert "hunter2" not in told


def test_the_command_serves(rehearse: Rehearse, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The process answers what the ledger has, says where, and ends when it is asked to (R39)."""
    fleetwright = Fleetwright(rehearse(world(1, 0)), capsys)
    assert fleetwright("run").code == 0
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    command = [sys.executable, "-c", "from fleetwright.cli.app import main; main()", "serve", "--port", "0"]
    command += [*AIRFLOW, "--token-file", str(secret), "--ledger", fleetwright.rehearsal.ledger_url]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        try:
            line = process.stdout.readline() if process.stdout else ""
            url = line.split()[2].rstrip(";")
            answer = requests.get(
                f"{url}{FLEET_ID}/osUpgradeHistory?api-version=2024-07-01",
                headers={"Authorization": f"Bearer {TOKEN}"},
                timeout=30,
            )
            refused = requests.post(
                f"{url}{FLEET_ID}/osRollingUpgrade?api-version=2024-07-01",
                headers={"Authorization": f"Bearer {TOKEN}"},
                timeout=30,
            )
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)

    assert answer.json()["value"][0]["properties"]["runningStatus"]["code"] == "Completed"
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "ServiceUnavailable")
    assert "Airflow does not answer at http://127.0.0.1:9" in refused.json()["error"]["message"]
