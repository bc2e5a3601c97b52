"""``make demo-aks``: four AKS clusters, one for each channel, are kept current by the schedules of a real Airflow."""

from __future__ import annotations

import sys
import time
from functools import partial

import yaml
from rich.console import Console

from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.ledger.store import open_ledger
from fleetwright.node_images.known_windows import WINDOWS_VARIABLE, write_windows
from fleetwright.node_images.settings import NODE_IMAGES_VARIABLE
from fleetwright.rollout.clocks import SystemClock
from fleetwright_demo.aks_promises import problems_of
from fleetwright_demo.aks_summary import outcome_table, summarise
from fleetwright_demo.aks_watching import SCHEDULES, AksWatch, watch_schedules
from fleetwright_demo.aks_world import AKS_WORLD, cluster_ids, opened_at
from fleetwright_demo.demo import write_summary
from fleetwright_demo.layout import CONFIG, RUN_FOLDER, chosen_ports
from fleetwright_demo.loopback import fetch_audit
from fleetwright_demo.playing import perform, tell_end
from fleetwright_demo.stage import TOKEN, Stage
from fleetwright_demo.worlds import load_world

SUMMARY = RUN_FOLDER / "demo-aks-summary.json"
_FOLDER = RUN_FOLDER / "demo-aks"
_WORLD = RUN_FOLDER / "demo-aks-world.yaml"
_WINDOWS = _FOLDER / "node-windows.json"
_LIMIT_SECONDS = 420.0


def main() -> int:
    """Run the demo; 0 when everything was as promised and nothing is left running, else 1."""
    return perform(_stage, _play)


def _stage(console: Console) -> Stage:
    world = opened_at(load_world(AKS_WORLD), SystemClock().now())
    _WORLD.parent.mkdir(parents=True, exist_ok=True)
    _WORLD.write_text(yaml.safe_dump(world, sort_keys=False))
    return Stage(
        _FOLDER,
        _WORLD,
        chosen_ports(),
        partial(console.print, highlight=False),
        dags=("node_pool_rollout", *SCHEDULES),
        settings={
            NODE_IMAGES_VARIABLE: str(CONFIG / "node-images-demo.yaml"),
            WINDOWS_VARIABLE: str(_WINDOWS),
        },
        prepare=_learn_windows,
    )


def _learn_windows(stage: Stage) -> None:
    """What an evaluation of last week would have left: when the clusters' windows open."""
    endpoint = AzureEndpoint(stage.ports.emulator_url, StaticToken(TOKEN))
    client = connect(endpoint, SystemClock())
    try:
        clusters = AksDriver(client).list_clusters()
    finally:
        client.close()
    write_windows(_WINDOWS, clusters)
    stage.say(f"windows of {len(clusters)} clusters are known: {_WINDOWS}")


def _play(stage: Stage, console: Console) -> int:
    began = time.monotonic()
    stage.start()
    ledger = open_ledger(stage.ledger_url)
    try:
        watch = AksWatch(stage.airflow, ledger, tuple(cluster_ids(load_world(stage.world))))
        runs = watch_schedules(watch, console, _LIMIT_SECONDS)
        summary = summarise(watch, runs, fetch_audit(stage.ports.emulator_url))
    finally:
        ledger.close()
    summary["seconds"] = round(time.monotonic() - began, 1)
    problems = problems_of(summary)
    summary["promises"] = {"kept": not problems, "broken": problems}
    write_summary(SUMMARY, summary)
    page = f"{stage.ports.airflow_url}/dags/{SCHEDULES[0]}"
    return tell_end(console, outcome_table(summary), problems, (page, str(SUMMARY)))


if __name__ == "__main__":
    sys.exit(main())
