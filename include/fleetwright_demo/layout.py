"""Where things lie in the checkout, and which ports they use."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from fleetwright_demo.errors import StageError

HOST = "127.0.0.1"
CHECKOUT = Path(__file__).resolve().parents[2]
RUN_FOLDER = CHECKOUT / ".run"
CONFIG = CHECKOUT / "include" / "config"
WORLDS = CONFIG / "worlds"

_AIRFLOW_PORT = 8080
_EMULATOR_PORT = 8100
_API_PORT = 8200


@dataclass(frozen=True, slots=True)
class Ports:
    """The two ports of the demo, both on 127.0.0.1 only."""

    airflow: int
    emulator: int

    @property
    def airflow_url(self) -> str:
        """Where Airflow's UI and API answer."""
        return f"http://{HOST}:{self.airflow}"

    @property
    def emulator_url(self) -> str:
        """Where the emulator answers."""
        return f"http://{HOST}:{self.emulator}"


def chosen_ports() -> Ports:
    """The ports from ``AIRFLOW_PORT`` and ``EMULATOR_PORT``, or the usual ones.

    :raises StageError: when a variable is no port
    """
    return Ports(_port("AIRFLOW_PORT", _AIRFLOW_PORT), _port("EMULATOR_PORT", _EMULATOR_PORT))


def chosen_api_port() -> int:
    """The port of Azure's own calls, from ``API_PORT`` or the usual one.

    :raises StageError: when the variable is no port, or the port is taken
    """
    port = _port("API_PORT", _API_PORT)
    _require_free("API_PORT", port)
    return port


def require_free(ports: Ports) -> None:
    """Make sure that both ports can be listened on.

    :raises StageError: naming the port and the variable that chooses another
    """
    if ports.airflow == ports.emulator:
        raise StageError(
            f"AIRFLOW_PORT and EMULATOR_PORT are both {ports.airflow}: choose two different ones"
        )
    _require_free("AIRFLOW_PORT", ports.airflow)
    _require_free("EMULATOR_PORT", ports.emulator)


def _require_free(variable: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise StageError(
                f"port {port} on {HOST} is taken ({error.strerror}): end what listens there, "
                f"or choose another with {variable}=<port>"
            ) from error


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _port(variable: str, usual: int) -> int:
    text = os.environ.get(variable) or str(usual)
    if not text.isdigit() or not 0 < int(text) < 65_536:
        raise StageError(f"{variable} is {text!r}; it must be a port from 1 to 65535")
    return int(text)
