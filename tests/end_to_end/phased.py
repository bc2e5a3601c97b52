"""The phases of the stage: two regions with one small set each and one without, and how a test drives their runs."""

from __future__ import annotations

from typing import Any

from staged import NEW, PHASED_SKU, Staged, Task, eventually

from fleetwright.domain.phase_runs import PhaseRun
from fleetwright.ledger.store import open_ledger

PUBLICATION = f"canonical:ubuntuserver:{PHASED_SKU}|{NEW}"
FIRST, SECOND, THIRD = "phase_0_first", "phase_1_second", "phase_2_third"
PHASES = """
regions:
  eastasia: {pair: southeastasia}
  southeastasia: {pair: eastasia}
  brazilsouth: {pair: null}
phases:
  - {name: first, regions: [eastasia], bake: PT1S, concurrency: 1}
  - {name: second, regions: [southeastasia], bake: PT0S, concurrency: 1, approval: {deadline: PT10M}}
  - {name: third, regions: [brazilsouth], bake: PT0S}
"""


class Phased:
    """The stage's phases.

    :param staged: the stage, with the sets of ``PHASED``
    """

    def __init__(self, staged: Staged) -> None:
        self.staged = staged
        self.api = staged.api

    def publish(self) -> None:
        """The image's asset event, as the watch emits it."""
        assets = self.api._send("GET", "/api/v2/assets?name_pattern=os_image")["assets"]
        (asset,) = [one for one in assets if one["name"] == "os_image"]
        body = {"asset_id": asset["id"], "partition_key": PUBLICATION}
        self.api._send("POST", "/api/v2/assets/events", body)

    def run_of(self, dag_id: str) -> dict[str, Any]:
        """The phase's DAG run, as soon as Airflow has started it."""

        def look() -> dict[str, Any] | None:
            runs = self.api._send("GET", f"/api/v2/dags/{dag_id}/dagRuns")["dag_runs"]
            return runs[-1] if runs else None

        return eventually(f"a run of {dag_id}", look)

    def task(self, dag_id: str, task_id: str, *states: str, tries: int = 1) -> Task:
        """A task of the phase, as soon as it is in one of the states."""
        run_id = self.run_of(dag_id)["dag_run_id"]

        def look() -> Task | None:
            tasks = self.api.task_instances(run_id, dag_id)
            return next(
                (
                    t
                    for t in tasks
                    if t["task_id"] == task_id and t["state"] in states and t["try_number"] >= tries
                ),
                None,
            )

        return eventually(f"{task_id} of {dag_id} {' or '.join(states)}", look)

    def end_of(self, dag_id: str) -> str:
        """The state in which the phase's run ends."""

        def look() -> str | None:
            state = str(self.run_of(dag_id)["state"])
            return state if state in {"success", "failed"} else None

        return eventually(f"the end of {dag_id}", look)

    def clear(self, task: Task, *, downstream: bool = False) -> None:
        """Clear this one task instance, as the UI does."""
        body = {
            "dry_run": False,
            "only_failed": False,
            "include_downstream": downstream,
            "dag_run_id": task["dag_run_id"],
            "task_instance_ids": [task["id"]],
        }
        self.api._send("POST", f"/api/v2/dags/{task['dag_id']}/clearTaskInstances", body)

    def log(self, task: Task) -> str:
        """What a person reads of a task's last try."""
        return self.staged.log(task)

    def question(self, dag_id: str) -> dict[str, Any]:
        """What the phase asks a person, as the form shows it."""
        found: dict[str, Any] = self.api._send("GET", self._answer_path(dag_id))
        return found

    def approve(self, dag_id: str) -> None:
        """A person says yes in the form."""
        self.api._send(
            "PATCH", self._answer_path(dag_id), {"chosen_options": ["Approve"], "params_input": {}}
        )

    def rollouts(self, name: str) -> list[str]:
        """Ids of the rollout runs of a set."""
        runs = self.api._send("GET", "/api/v2/dags/scale_set_rollout/dagRuns?limit=1000")["dag_runs"]
        fleet = self.staged.fleet(name)
        return [run["dag_run_id"] for run in runs if (run["conf"] or {}).get("fleet") == fleet]

    def remembered(self, label: str) -> PhaseRun:
        """The phase run in the ledger."""
        ledger = open_ledger(self.staged.stage.ledger_url)
        run = ledger.find_phase_run(f"{label}|{PUBLICATION}")
        ledger.close()
        assert run is not None
        return run

    def _answer_path(self, dag_id: str) -> str:
        run_id = self.run_of(dag_id)["dag_run_id"]
        return f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/approve/-1/hitlDetails"
