"""``make up`` and ``make down``: the demo's emulator and Airflow, kept running in the background."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from fleetwright_demo.errors import StageError
from fleetwright_demo.layout import RUN_FOLDER, chosen_api_port, chosen_ports
from fleetwright_demo.processes import Child, is_alive, stop
from fleetwright_demo.serving import serve, token_file
from fleetwright_demo.stage import Stage
from fleetwright_demo.worlds import DEMO_WORLD

_FOLDER = RUN_FOLDER / "up"
_CHILDREN = _FOLDER / "processes.json"


def up(console: Console) -> int:
    """Start everything and leave it running."""
    if any(is_alive(child) for child in _remembered()):
        console.print("up: it is running already; `make down` ends it")
        return 1
    try:
        stage = Stage(
            _FOLDER,
            DEMO_WORLD,
            chosen_ports(),
            lambda line: console.print(line, highlight=False),
            keeps_folder=True,
        )
        port = chosen_api_port()
        stage.start()
        api_url = serve(stage, port)
    except StageError as error:
        console.print(f"up: {error}", style="red", highlight=False)
        return 1
    rows = [asdict(child) | {"log": str(child.log)} for child in stage.children]
    _CHILDREN.write_text(json.dumps(rows))
    console.print(
        f"Airflow: {stage.ports.airflow_url}   emulator: {stage.ports.emulator_url}", highlight=False
    )
    console.print(
        f"Azure's own upgrade calls: {api_url}   bearer token: {token_file(stage)}", highlight=False
    )
    console.print("`make down` ends all of them.")
    return 0


def down(console: Console) -> int:
    """End what ``up`` started."""
    children = _remembered()
    left = stop(reversed(children))
    if left:
        console.print(f"down: still running: {', '.join(left)}", style="red")
        return 1
    _CHILDREN.unlink(missing_ok=True)
    console.print("down: nothing is left running" if children else "down: nothing was running")
    return 0


def _remembered() -> list[Child]:
    if not _CHILDREN.exists():
        return []
    return [Child(**{**row, "log": Path(row["log"])}) for row in json.loads(_CHILDREN.read_text())]


if __name__ == "__main__":
    sys.exit({"up": up, "down": down}[sys.argv[1]](Console()))
