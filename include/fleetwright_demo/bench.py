"""``make bench``: what the orchestrator adds to what the fleet itself needs.

Added seconds per batch change = the referee's ``overheadSeconds`` / (batches - 1), median of three runs, on
the real clock: through Airflow, and through ``fleetwright run``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.ledger.store import open_ledger
from fleetwright_demo.demo import write_summary
from fleetwright_demo.errors import StageError
from fleetwright_demo.layout import RUN_FOLDER, chosen_ports
from fleetwright_demo.loopback import fetch_audit, reset_world
from fleetwright_demo.naming import run_name
from fleetwright_demo.signals import end_kindly
from fleetwright_demo.stage import TOKEN, Stage
from fleetwright_demo.watching import Watch, watch_run
from fleetwright_demo.worlds import fleet_of, load_world, newest_version_of, sized

RESULTS = RUN_FOLDER / "bench.json"
SIZES = (15, 100)
RUNS = 3
TIMINGS = {"swap": 4.0, "boot": 2.0, "extension": 1.0, "health": 1.0}
POLL_SECONDS = 0.5
_LIMIT_SECONDS = 600.0
_FIGURES = ("overheadSecondsPerBatch", "requestsPerInstance", "wallSeconds", "busySeconds")

Figures = dict[str, float]


def main() -> int:
    """Measure everything and print it; 1 when a rollout did not complete or the referee objected."""
    console = Console()
    end_kindly()
    world_file = RUN_FOLDER / "bench-world.yaml"
    world_file.parent.mkdir(parents=True, exist_ok=True)
    world_file.write_text(yaml.safe_dump(sized(load_world(), SIZES[0], TIMINGS)))
    say = partial(console.print, highlight=False)
    stage = Stage(RUN_FOLDER / "bench", world_file, chosen_ports(), say)
    try:
        stage.start()
        results = measure(stage, console)
    except StageError as error:
        console.print(f"bench: {error}", style="red", highlight=False)
        return 1
    except KeyboardInterrupt:
        console.print("bench: interrupted before its end", style="red")
        return 1
    finally:
        stage.stop()
    write_summary(RESULTS, results)
    console.print(results_table(results))
    return 0


def measure(stage: Stage, console: Console) -> dict[str, dict[str, Figures]]:
    """Run every size in both ways, in turn."""
    ways: dict[str, Callable[[Stage, dict[str, Any]], None]] = {
        "airflow": through_airflow,
        "run": through_command,
    }
    taken: dict[str, dict[str, list[Figures]]] = {way: {str(size): [] for size in SIZES} for way in ways}
    for size in SIZES:
        for attempt in range(RUNS):
            for way, roll_out in ways.items():
                world = sized(load_world(), size, TIMINGS)
                reset_world(stage.ports.emulator_url, world)
                roll_out(stage, world)
                figures = figures_of(fetch_audit(stage.ports.emulator_url))
                taken[way][str(size)].append(figures)
                console.print(
                    f"{way}, {size} instances, run {attempt + 1} of {RUNS}: {json.dumps(figures)}",
                    highlight=False,
                )
    return {way: {size: _medians(runs) for size, runs in sizes.items()} for way, sizes in taken.items()}


def through_airflow(stage: Stage, world: dict[str, Any]) -> None:
    """One rollout as a DAG run."""
    fleet, version = fleet_of(world), newest_version_of(world)
    run_id = run_name(fleet, version, datetime.now(UTC))
    api = stage.airflow
    api.trigger(run_id, {"fleet": fleet, "trigger": "automatic", "poll_seconds": POLL_SECONDS})
    watch = Watch(api, open_ledger(stage.ledger_url), parse_fleet_id(fleet).key, run_id)
    state = watch_run(watch, lambda _view: None, _LIMIT_SECONDS)
    if state != "success":
        raise StageError(f"run {run_id} ended as {state}")


def through_command(stage: Stage, world: dict[str, Any]) -> None:
    """One rollout by ``fleetwright run``."""
    command = [str(Path(sys.executable).parent / "fleetwright"), "run", "--fleet", fleet_of(world)]
    command += ["--endpoint", stage.ports.emulator_url, "--token", TOKEN, "--trigger", "automatic"]
    command += [
        "--poll",
        str(POLL_SECONDS),
        "--ledger",
        f"{stage.ledger_url.removesuffix('ledger.db')}run.db",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_SECONDS, check=False)  # noqa: S603 - our own command
    if done.returncode:
        raise StageError(f"fleetwright run ended with {done.returncode}: {done.stderr.strip()[-500:]}")


def figures_of(audit: dict[str, Any]) -> Figures:
    """The figures of one rollout, from the referee's report.

    :raises StageError: when the referee found a violation
    """
    if audit["violations"]:
        raise StageError(f"the referee found {audit['violations'][0]}")
    judged = next(iter(audit["scaleSets"].values()))
    changes = len(judged["batches"]) - 1
    return {
        "overheadSecondsPerBatch": round(judged["overheadSeconds"] / changes, 3),
        "requestsPerInstance": round(audit["requests"]["perInstance"], 3),
        "wallSeconds": judged["wallSeconds"],
        "busySeconds": judged["busySeconds"],
    }


def results_table(results: dict[str, dict[str, Figures]]) -> Table:
    """The medians as a table."""
    table = Table(
        "through", "instances", "added seconds per batch change", "requests per instance", "wall s", "busy s"
    )
    for way, sizes in results.items():
        for size, figures in sizes.items():
            table.add_row(way, size, *(str(figures[name]) for name in _FIGURES))
    return table


def _medians(runs: list[Figures]) -> Figures:
    return {name: median(run[name] for run in runs) for name in _FIGURES}


if __name__ == "__main__":
    sys.exit(main())
