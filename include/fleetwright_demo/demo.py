"""``make demo``: one rollout through a real Airflow, in which one instance gets its previous image back."""

from __future__ import annotations

import json
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from fleetwright.rollout.report import report
from fleetwright_demo.layout import RUN_FOLDER, chosen_ports
from fleetwright_demo.loopback import fetch_audit
from fleetwright_demo.playing import perform, tell_end
from fleetwright_demo.rolling_out import roll_out, run_page
from fleetwright_demo.stage import Stage
from fleetwright_demo.worlds import DEMO_WORLD, fleet_of, load_world, newest_version_of

SUMMARY = RUN_FOLDER / "demo-summary.json"
HEALTH_TIMEOUT_SECONDS = 20


def main() -> int:
    """Run the demo; 0 when everything was as promised and nothing is left running, else 1."""
    return perform(_stage, _play)


def _stage(console: Console) -> Stage:
    say = partial(console.print, highlight=False)
    return Stage(RUN_FOLDER / "demo", DEMO_WORLD, chosen_ports(), say)


def _play(stage: Stage, console: Console) -> int:
    began = time.monotonic()
    stage.start()
    summary = play_rollout(stage, console)
    summary["seconds"] = round(time.monotonic() - began, 1)
    write_summary(SUMMARY, summary)
    problems = problems_of(summary)
    return tell_end(console, outcome_table(summary), problems, (run_page(stage, summary), str(SUMMARY)))


def play_rollout(stage: Stage, console: Console) -> dict[str, Any]:
    """Roll the newest version out through Airflow, and gather what everybody says about it."""
    world = load_world(stage.world)
    subject = fleet_of(world), newest_version_of(world)
    manners = {"health_timeout_seconds": HEALTH_TIMEOUT_SECONDS, "poll_seconds": 1}
    rolled = roll_out(stage, console, subject, manners)
    return {
        "rollout": report(rolled.view),
        "audit": fetch_audit(stage.ports.emulator_url),
        "dagRun": rolled.dag_run(),
    }


def problems_of(summary: dict[str, Any]) -> list[str]:
    """What differs from what the demo promises."""
    rollout, audit = summary["rollout"], summary["audit"]
    judged = next(iter(audit["scaleSets"].values()))
    expected: tuple[tuple[str, object, object], ...] = (
        ("state of the DAG run", summary["dagRun"]["state"], "success"),
        ("status", rollout["status"], "Completed"),
        ("instances upgraded", rollout["progress"]["successfulInstanceCount"], 14),
        ("instances failed", rollout["progress"]["failedInstanceCount"], 1),
        ("instances rolled back", rollout["rollbackInfo"]["successfullyRolledbackInstanceCount"], 1),
        ("rollbacks seen by the referee", judged["rollbacks"], {"7": 1}),
        ("batch of the bad instance", _batch_of(rollout, "7"), 3),
        ("violations", audit["violations"], []),
    )
    return [f"{what} is {found!r}, not {wanted!r}" for what, found, wanted in expected if found != wanted]


def outcome_table(summary: dict[str, Any]) -> Table:
    """The end of the demo in a few rows."""
    rollout, audit = summary["rollout"], summary["audit"]
    judged = next(iter(audit["scaleSets"].values()))
    table = Table("what", "how much", title=f"{rollout['status']}: {rollout['reason']['message']}")
    rows = (
        ("instances upgraded", rollout["progress"]["successfulInstanceCount"]),
        ("instances rolled back", rollout["rollbackInfo"]["successfullyRolledbackInstanceCount"]),
        ("batches", len(rollout["batches"])),
        ("most out of service at once", f"{judged['maxOutOfService']} of {judged['instances']}"),
        ("seconds, fleet busy", judged["busySeconds"]),
        ("seconds, added by the orchestrator", judged["overheadSeconds"]),
        ("seconds, with starting up", summary["seconds"]),
        ("referee", f"{len(audit['violations'])} violations"),
    )
    for what, value in rows:
        table.add_row(what, str(value))
    return table


def write_summary(path: Path, summary: dict[str, Any]) -> None:
    """Write a summary as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(summary, indent=2) + "\n")


def _batch_of(rollout: dict[str, Any], instance_id: str) -> int | None:
    return next((b["index"] + 1 for b in rollout["batches"] if instance_id in b["instances"]), None)


if __name__ == "__main__":
    sys.exit(main())
