"""An Airflow of the test session: its settings have to stand before Airflow is imported for the first time.

Every ``conftest`` of a folder whose tests import Airflow calls ``prepare`` on import. The first call makes the
home, in a temporary folder that goes with the session; the later ones find it.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from fleetwright_demo.airflow_env import airflow_env
from fleetwright_demo.layout import Ports

_MARK = "FLEETWRIGHT_TEST_AIRFLOW_HOME"


def prepare() -> Path:
    """Set Airflow's environment, once for the session; return its home."""
    if _MARK in os.environ:
        return Path(os.environ[_MARK])
    if "airflow" in sys.modules:
        raise RuntimeError("Airflow was imported before its home was set; it would use the person's own")
    home = Path(tempfile.mkdtemp(prefix="fleetwright-tests-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    for name in [name for name in os.environ if name.startswith("AIRFLOW")]:
        del os.environ[name]
    env = airflow_env(home, Ports(airflow=9, emulator=9), ledger_url="")
    os.environ.update({name: value for name, value in env.items() if name.startswith("AIRFLOW")})
    # Tasks of `dag.test()` speak to the execution API inside of this process, never to a port.
    del os.environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"]
    os.environ[_MARK] = str(home)
    return home
