"""One real Airflow and one emulator, as a test drives them: runs, tasks, logs, clearing, killing, the referee."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psutil
import requests

from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.ledger.store import open_ledger
from fleetwright_demo.airflow_api import DAG_ID, AirflowApi
from fleetwright_demo.batch_summary import closed_nodes
from fleetwright_demo.stage import Stage
from fleetwright_demo.watching import RUN_ENDED
from fleetwright_demo.worlds import BATCH_WORLD, load_world, pool_of

OLD, NEW, BAD = "18.04.202401010", "18.04.202402010", "18.04.202403010"
HEALTH_SECONDS = 3
LIMIT_SECONDS = 120.0
PAIRS = {
    "maxBatchInstancePercent": 50,
    "maxUnhealthyInstancePercent": 50,
    "maxUnhealthyUpgradedInstancePercent": 50,
    "pauseTimeBetweenBatches": "PT0S",
}
# Each test has a set of its own. Instance 3 never becomes healthy on the new version; nobody does on the bad one.
SETS = {
    "killed": 2,
    "moved": 1,
    "waited": 1,
    "again": 4,
    "settled": 4,
    "rewaited": 4,
    "rolled": 4,
    "ended": 1,
    "first": 1,
    "told": 4,
    "stopped": 2,
    "hung": 1,
    "called": 2,
    "regretted": 2,
    "early": 2,
    "late": 2,
}
# Whoever calls Azure's routes cannot name a version: these sets' image has no bad one.
WITHOUT_BAD = {"called": "18_04-lts-gen2", "regretted": "18_04-lts-gen2"}
# The one Batch pool is the demo's, and smaller.
POOL, POOL_NODES, POOL_DAG = "frames", 2, "batch_pool_rollout"
# The phases have an image and regions of their own.
PHASED_SKU = "16.04-lts"
PHASED = {"early": "eastasia", "late": "southeastasia"}

T = TypeVar("T")
Task = dict[str, Any]


def world() -> dict[str, Any]:
    """Small sets in one zone, half of each at once, everything over in about a second."""
    made = copy.deepcopy(load_world())
    (model,) = made["scaleSets"]
    made["scaleSets"] = [_scale_set(model, name, capacity) for name, capacity in SETS.items()]
    (image,) = made["platformImages"]
    image["locations"] = [*image["locations"], *PHASED.values()]
    skus = {*WITHOUT_BAD.values(), PHASED_SKU}
    made["platformImages"] += [{**copy.deepcopy(image), "sku": sku} for sku in skus]
    image["versions"].append({"name": BAD})
    made["imageBehaviours"] = [
        {"version": NEW, "instances": ["3"], "health": "never"},
        {"version": BAD, "percent": 100, "health": "never"},
    ]
    made["batchAccounts"] = load_world(BATCH_WORLD)["batchAccounts"]
    pool = made["batchAccounts"][0]["pools"][0]
    pool["resource"]["properties"]["upgradePolicy"]["rollingUpgradePolicy"] = PAIRS
    pool["resource"]["properties"]["upgradePolicy"]["automaticOSUpgradePolicy"]["useRollingUpgradePolicy"] = (
        True
    )
    pool["x-emulator"] = {"nodes": POOL_NODES, "imageVersion": OLD}
    made["timings"] = {"swap": 0.6, "boot": 0.3, "extension": 0.2, "health": 0.2, "retryAfter": 1}
    made["referee"] = {"healthSeconds": HEALTH_SECONDS}
    return made


def _scale_set(model: dict[str, Any], name: str, capacity: int) -> dict[str, Any]:
    made = copy.deepcopy(model)
    resource = made["resource"]
    resource["id"] = resource["id"].rpartition("/")[0] + f"/{name}"
    resource["zones"] = ["1"]
    resource["sku"]["capacity"] = capacity
    reference = resource["properties"]["virtualMachineProfile"]["storageProfile"]["imageReference"]
    reference["sku"] = PHASED_SKU if name in PHASED else WITHOUT_BAD.get(name, reference["sku"])
    resource["location"] = PHASED.get(name, resource["location"])
    upgrade = resource["properties"]["upgradePolicy"]
    upgrade["rollingUpgradePolicy"] = PAIRS
    upgrade["automaticOSUpgradePolicy"]["useRollingUpgradePolicy"] = True
    return made


def eventually(what: str, look: Callable[[], T | None], seconds: float = LIMIT_SECONDS) -> T:
    """What a look comes to, as soon as it comes to something."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what}: not within {seconds:g} s")


class Staged:
    """A running stage.

    :param stage: started; the one who starts it stops it
    :param pools: whether the fleets are the stage's Batch pools, and the runs those of their DAG
    """

    def __init__(self, stage: Stage, *, pools: bool = False) -> None:
        self.stage = stage
        self.api: AirflowApi = stage.airflow
        self.dag_id = POOL_DAG if pools else DAG_ID
        sets = {name: s["resource"]["id"] for name, s in zip(SETS, world()["scaleSets"], strict=True)}
        self._fleets = {POOL: pool_of(world())} if pools else sets

    def fleet(self, name: str) -> str:
        """The resource id of a set."""
        return self._fleets[name]

    def begin(self, name: str, run_id: str = "", **conf: object) -> str:
        """Start an automatic rollout of a set to the new version; return the run's id."""
        run_id = run_id or f"{name}-run"
        quick = {
            "version": NEW,
            "trigger": "automatic",
            "poll_seconds": 0.3,
            "health_timeout_seconds": HEALTH_SECONDS,
        }
        self.api.trigger(run_id, {"fleet": self._fleets[name], **quick, **conf}, self.dag_id)
        return run_id

    def end_of(self, run_id: str) -> str:
        """The state in which a run ends."""
        return eventually(f"the end of {run_id}", lambda: self._ended(run_id))

    def tasks(self, run_id: str, task_id: str) -> list[Task]:
        """The instances of a task, one for each turn of the loop."""
        tasks = self.api.task_instances(run_id, self.dag_id)
        found = [task for task in tasks if task["task_id"].rpartition(".")[2] == task_id]
        return sorted(found, key=lambda task: int(task.get("region_index") or 0))

    def task(self, run_id: str, task_id: str, *states: str, turn: int = 0) -> Task:
        """One of them, as soon as it is in one of the states."""

        def look() -> Task | None:
            tasks = self.tasks(run_id, task_id)[turn : turn + 1]
            return next((task for task in tasks if task["state"] in states), None)

        return eventually(f"{task_id} of {run_id} {' or '.join(states)}", look)

    def log(self, task: Task, attempt: int = 0) -> str:
        """What a person reads of a task: its lines, with errors and reasons in their own words."""
        run = f"/api/v2/dags/{task['dag_id']}/dagRuns/{task['dag_run_id']}"
        path = f"{run}/taskInstances/{task['task_id']}/logs/{attempt or task['try_number']}"
        query = "?full_content=true"
        if task.get("region_id"):
            query += f"&region_id={task['region_id']}&region_index={task['region_index']}"
        return "\n".join(_words(line) for line in self.api._send("GET", path + query)["content"])

    def logs(self, run_id: str) -> str:
        """The logs of every task of a run."""
        tasks = [task for task in self.api.task_instances(run_id, self.dag_id) if task["try_number"]]
        return "\n".join(self.log(task) for task in tasks)

    def asset_page(self, name: str) -> str:
        """Where the UI draws an asset with everything that leads to it and from it."""
        assets = eventually("the assets", lambda: self.api._send("GET", "/api/v2/assets")["assets"])
        (found,) = (asset["id"] for asset in assets if asset["name"] == name)
        return f"{self.api.url}/assets/{found}"

    def clear(self, task: Task) -> None:
        """Clear this one task instance and nothing else, as the UI does."""
        body = {
            "dry_run": False,
            "only_failed": False,
            "dag_run_id": task["dag_run_id"],
            "task_instance_ids": [task["id"]],
        }
        cleared = self.api._send("POST", f"/api/v2/dags/{self.dag_id}/clearTaskInstances", body)[
            "task_instances"
        ]
        assert [one["task_id"] for one in cleared] == [task["task_id"]]

    def wait_for_intent(self, name: str) -> None:
        """Return when a swap of the set is written down: from then on its call is on its way."""
        ledger = open_ledger(self.stage.ledger_url)
        key = parse_fleet_id(self.fleet(name)).key
        eventually("the intent in the ledger", lambda: any(view.swaps for view in ledger.list_rollouts(key)))
        ledger.close()

    def workers_of(self, task: Task) -> list[psutil.Process]:
        """The worker of a running task, and the process in which it runs."""
        return [process for process in self.processes() if task["id"] in _command(process)]

    def processes(self) -> list[psutil.Process]:
        """Every process of the stage, the ones that run tasks included."""
        found = []
        for child in self.stage.children:
            if psutil.pid_exists(child.session):
                leader = psutil.Process(child.session)
                found += [leader, *leader.children(recursive=True)]
        return [
            process for process in found if process.is_running() and process.status() != psutil.STATUS_ZOMBIE
        ]

    def hit(self, name: str, effect: dict[str, Any], **limits: object) -> None:
        """Add a fault to the swaps and rollbacks of a set."""
        match = {"method": "POST", "path": f"*/{name}/reimage"}
        self._emulator("POST", "faults", {"match": match, "effect": effect, **limits})

    def delay_closing(self, seconds: float) -> None:
        """The next call that closes a node takes its time before it changes anything."""
        match = {"method": "POST", "path": "*/disablescheduling"}
        self._emulator("POST", "faults", {"match": match, "effect": {"latency": seconds}, "times": 1})

    def work_on(self, name: str, seconds: float) -> None:
        """Give every node of a pool a task, or end what they have with 0."""
        body = {"id": self._fleets[name], "instances": [f"tvm-{n}" for n in range(POOL_NODES)]}
        self._emulator("POST", "instances", {**body, "running": seconds})

    def wait_for_closing(self, name: str) -> None:
        """Return when a node is about to be closed: from then on its call is on its way."""
        ledger = open_ledger(self.stage.ledger_url)
        key = parse_fleet_id(self.fleet(name)).key
        eventually("the intent", lambda: any(view.rollout.closed for view in ledger.list_rollouts(key)))
        ledger.close()

    def closed_nodes(self) -> list[str]:
        """Nodes of the world that are given no work."""
        return closed_nodes(self._emulator("GET", "world"))

    def judged_pool(self, name: str) -> dict[str, Any]:
        """The referee's report on a pool."""
        report: dict[str, Any] = self._emulator("GET", "audit")["batchPools"][self._fleets[name]]
        return report

    def judged(self, name: str) -> dict[str, Any]:
        """The referee's report on a set."""
        report: dict[str, Any] = self._emulator("GET", "audit")["scaleSets"][self._fleets[name]]
        return report

    def broken_rules(self, name: str) -> list[str]:
        """What the referee saw broken on a set, in words."""
        found = self._emulator("GET", "audit")["violations"]
        return [f"{one['rule']}: {one['detail']}" for one in found if one["resource"] == self._fleets[name]]

    def _ended(self, run_id: str) -> str | None:
        state = self.api.run_state(run_id, self.dag_id)
        return state if state in RUN_ENDED else None

    def _emulator(self, method: str, route: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        url = f"{self.stage.ports.emulator_url}/_emulator/{route}"
        answer = requests.request(method, url, json=body, timeout=30)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


def _words(line: dict[str, Any]) -> str:
    errors = [f"{error['exc_type']}: {error['exc_value']}" for error in line.get("error_detail") or ()]
    return " ".join([str(line["event"]), str(line.get("reason") or ""), *errors]).strip()


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""
