"""``make demo-phases``: two new images travel six regions through a real Airflow; the second one does harm on its way."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial

from rich.console import Console

from fleetwright.domain.fleets import resource_name
from fleetwright.domain.phase_runs import ENDED_PHASES, PhaseRun, PhaseState
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright_demo.demo import write_summary
from fleetwright_demo.errors import StageError
from fleetwright_demo.layout import CONFIG, RUN_FOLDER, WORLDS, chosen_ports
from fleetwright_demo.loopback import fetch_audit, publish_image
from fleetwright_demo.phases_promises import BAD, GOOD, HARMED, OF_GALLERY, PHASES, problems_of
from fleetwright_demo.phases_summary import Summary, outcome_table, versions_summary
from fleetwright_demo.playing import perform, tell_end
from fleetwright_demo.stage import Stage

SUMMARY = RUN_FOLDER / "demo-phases-summary.json"
DAGS = ("scale_set_rollout", *PHASES, "gallery_rollout", "image_watch")
_LIMIT_SECONDS = 600.0
_POLL_SECONDS = 1.0
# So long nothing follows a version that was stopped; a phase begins two or three seconds after the one before.
_SILENCE_SECONDS = 10.0
_UBUNTU = {"publisher": "Canonical", "offer": "UbuntuServer", "sku": "18.04-LTS"}
_GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/demo/providers/Microsoft.Compute"
_SHOP = {
    "gallery": f"{_GROUP}/galleries/images",
    "image": "shop",
    "version": OF_GALLERY,
    "targetRegions": ["westus2", "westeurope"],
}
_ILLNESS = {"scaleSet": f"{_GROUP}/virtualMachineScaleSets/{HARMED}", "health": "unhealthy"}
SETTINGS = {
    "FLEETWRIGHT_PHASES": str(CONFIG / "phases-demo.yaml"),
    "FLEETWRIGHT_WATCH": "events",
    "FLEETWRIGHT_WATCH_FILE": str(CONFIG / "watch-demo.yaml"),
    "FLEETWRIGHT_POLL_SECONDS": "1",
    "FLEETWRIGHT_HEALTH_TIMEOUT_SECONDS": "20",
}


def main() -> int:
    """Run the demo; 0 when everything was as promised and nothing is left running, else 1."""
    return perform(_stage, _play)


def _stage(console: Console) -> Stage:
    return Stage(
        RUN_FOLDER / "demo-phases",
        WORLDS / "demo-phases.yaml",
        chosen_ports(),
        partial(console.print, highlight=False),
        dags=DAGS,
        settings=SETTINGS,
    )


def _play(stage: Stage, console: Console) -> int:
    began = time.monotonic()
    stage.start()
    ledger = open_ledger(stage.ledger_url)
    let_travel(stage, ledger, console)
    summary = summary_of(stage, ledger)
    summary["seconds"] = round(time.monotonic() - began, 1)
    write_summary(SUMMARY, summary)
    places = f"{stage.ports.airflow_url}/assets", str(SUMMARY)
    return tell_end(console, outcome_table(summary), problems_of(summary), places)


def let_travel(stage: Stage, ledger: SqlLedger, console: Console) -> None:
    """Publish a good version and one of a gallery, and once they have arrived a bad one."""
    emulator, teller = stage.ports.emulator_url, Teller(console)
    console.print(f"publishing {GOOD} of Ubuntu, which is good, and {OF_GALLERY} of the gallery image shop")
    publish_image(emulator, {**_UBUNTU, "version": GOOD})
    publish_image(emulator, _SHOP)
    _wait(ledger, teller, lambda runs: _has_ended(runs, PHASES[-1], GOOD) and len(_of(runs, OF_GALLERY)) > 1)
    console.print(f"publishing {BAD} of Ubuntu, on which {HARMED} falls ill")
    publish_image(emulator, {**_UBUNTU, "version": BAD, "behaviours": [_ILLNESS]})
    _wait(ledger, teller, lambda runs: _has_ended(runs, PHASES[1], BAD))
    # Whatever would follow a phase follows within seconds: this one must be the last.
    time.sleep(_SILENCE_SECONDS)


class Teller:
    """Tells each change of a phase run once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told: set[str] = set()

    def __call__(self, runs: tuple[PhaseRun, ...]) -> None:
        """Tell what is new."""
        for line in (line for run in runs for line in _lines(run)):
            if line not in self._told:
                self._told.add(line)
                self._console.print(f"  {line}", highlight=False)


def _lines(run: PhaseRun) -> list[str]:
    place = f"{run.publication.version}  {run.phase}"
    fleets = [
        f"{place}: {resource_name(outcome.fleet_id)} {outcome.result}"
        + (f" ({outcome.reason})" if outcome.reason and run.state is PhaseState.FAILED else "")
        for outcome in run.outcomes.values()
    ]
    return [*fleets, f"{place}: {run.state}"]


def _wait(ledger: SqlLedger, tell: Teller, is_over: Callable[[tuple[PhaseRun, ...]], bool]) -> None:
    """Watch the ledger until it is over.

    :raises StageError: when it takes too long
    """
    deadline = time.monotonic() + _LIMIT_SECONDS
    while True:
        runs = ledger.list_phase_runs()
        tell(runs)
        if is_over(runs):
            return
        if time.monotonic() > deadline:
            raise StageError(
                f"the version has not come through within {_LIMIT_SECONDS:g} s; see Airflow's runs"
            )
        time.sleep(_POLL_SECONDS)


def _of(runs: tuple[PhaseRun, ...], version: str) -> list[PhaseRun]:
    return [run for run in runs if run.publication.version == version and run.state in ENDED_PHASES]


def _has_ended(runs: tuple[PhaseRun, ...], label: str, version: str) -> bool:
    """Whether a version has come to its end in a phase, or before it."""
    return any(run.phase == label or run.state is not PhaseState.SUCCEEDED for run in _of(runs, version))


def summary_of(stage: Stage, ledger: SqlLedger) -> Summary:
    """What ledger and referee say at the end."""
    return {
        "versions": versions_summary(ledger.list_phase_runs(), ledger.list_quarantined()),
        "audit": fetch_audit(stage.ports.emulator_url),
    }


if __name__ == "__main__":
    sys.exit(main())
