"""``make demo-batch``: a Batch pool half of whose nodes work is upgraded through a real Airflow; one task never ends."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any

from rich.console import Console

from fleetwright_demo.batch_promises import problems_of
from fleetwright_demo.batch_summary import Summary, outcome_table, summarise
from fleetwright_demo.demo import HEALTH_TIMEOUT_SECONDS, write_summary
from fleetwright_demo.layout import RUN_FOLDER, chosen_ports
from fleetwright_demo.loopback import fetch_audit, fetch_world, reset_world
from fleetwright_demo.playing import perform, tell_end
from fleetwright_demo.rolling_out import roll_out, run_page
from fleetwright_demo.stage import Stage
from fleetwright_demo.worlds import BATCH_WORLD, load_world, newest_version_of, pool_of

SUMMARY = RUN_FOLDER / "demo-batch-summary.json"
DAG_ID = "batch_pool_rollout"
# Longer than any task takes that ends, and short enough to wait for in a demo.
MANNERS: dict[str, Any] = {
    "health_timeout_seconds": HEALTH_TIMEOUT_SECONDS,
    "poll_seconds": 1,
    "drain_deadline_seconds": 50,
    "when_busy": "skip",
}


def main() -> int:
    """Run the demo; 0 when everything was as promised and nothing is left running, else 1."""
    return perform(_stage, _play)


def _stage(console: Console) -> Stage:
    say = partial(console.print, highlight=False)
    return Stage(RUN_FOLDER / "demo-batch", BATCH_WORLD, chosen_ports(), say, dags=(DAG_ID,))


def _play(stage: Stage, console: Console) -> int:
    began = time.monotonic()
    stage.start()
    summary = play_rollout(stage, console)
    summary["seconds"] = round(time.monotonic() - began, 1)
    problems = problems_of(summary)
    summary["promises"] = {"kept": not problems, "broken": problems}
    write_summary(SUMMARY, summary)
    return tell_end(console, outcome_table(summary), problems, (run_page(stage, summary), str(SUMMARY)))


def play_rollout(stage: Stage, console: Console) -> Summary:
    """Give the nodes their work, roll the newest version out, and gather what everybody says about it."""
    world = load_world(stage.world)
    emulator = stage.ports.emulator_url
    # Work goes on while Airflow starts: only now half of the nodes have any.
    reset_world(emulator, world)
    rolled = roll_out(stage, console, (pool_of(world), newest_version_of(world)), MANNERS, DAG_ID)
    return summarise(rolled, fetch_audit(emulator), fetch_world(emulator))


if __name__ == "__main__":
    sys.exit(main())
