"""Ports that are taken, or that are none: the start ends at once, and says what to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleetwright_demo.errors import StageError
from fleetwright_demo.layout import HOST, Ports, chosen_ports, free_port, require_free
from fleetwright_demo.stage import Stage


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.parametrize(("variable", "place"), [("AIRFLOW_PORT", "airflow"), ("EMULATOR_PORT", "emulator")])
def test_a_port_that_is_taken_is_named_with_its_variable(taken: int, variable: str, place: str) -> None:
    """One line names the port and the variable that chooses another."""
    ports = {"airflow": free_port(), "emulator": free_port()} | {place: taken}

    with pytest.raises(StageError, match=rf"port {taken} on 127\.0\.0\.1 is taken .* {variable}=") as caught:
        require_free(Ports(**ports))

    assert "\n" not in str(caught.value)


def test_one_port_cannot_be_both() -> None:
    """The same number twice would make the second start fail in a less clear way."""
    port = free_port()

    with pytest.raises(StageError, match=f"AIRFLOW_PORT and EMULATOR_PORT are both {port}"):
        require_free(Ports(port, port))


def test_two_free_ports_pass() -> None:
    """Nothing is said about ports that nobody uses."""
    require_free(Ports(free_port(), free_port()))


@pytest.mark.parametrize("text", ["0", "65536", "-1", "http", "80 80", "8080.0"])
def test_a_variable_that_is_no_port_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The error shows the variable, its value, and what would be right."""
    monkeypatch.setenv("AIRFLOW_PORT", text)

    with pytest.raises(StageError, match=r"AIRFLOW_PORT is .*; it must be a port from 1 to 65535"):
        chosen_ports()


def test_the_variables_choose_the_ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them, or with empty ones as make exports them, the usual ports are used."""
    monkeypatch.setenv("AIRFLOW_PORT", "18080")
    monkeypatch.setenv("EMULATOR_PORT", "")

    assert chosen_ports() == Ports(airflow=18_080, emulator=8_100)


def test_a_stage_on_a_taken_port_starts_nothing(taken: int, tmp_path: Path) -> None:
    """The port is looked at before anything is written or started."""
    folder = tmp_path / "stage"
    stage = Stage(folder, tmp_path / "world.yaml", Ports(taken, free_port()), print)

    with pytest.raises(StageError, match=f"port {taken}"):
        stage.start()

    assert stage.children == []
    assert not folder.exists()
