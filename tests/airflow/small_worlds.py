"""Worlds that are over in a second or two, and an emulator that serves one after the other."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import requests

from fleetwright_demo.batch_summary import closed_nodes
from fleetwright_demo.worlds import BATCH_WORLD, fleet_of, load_world, pool_of

OLD, NEW = "18.04.202401010", "18.04.202402010"
QUICK = {"swap": 0.2, "boot": 0.1, "extension": 0.1, "health": 0.1, "retryAfter": 0}
HEALTH_SECONDS = 2
# Half of a set at once: fewer batches, and one bad instance of four is within what is allowed.
BY_HALVES = {
    "maxBatchInstancePercent": 50,
    "maxUnhealthyInstancePercent": 50,
    "maxUnhealthyUpgradedInstancePercent": 50,
    "pauseTimeBetweenBatches": "PT0S",
}


def world(
    capacity: int = 4,
    *,
    bad: tuple[str, ...] = (),
    policy: dict[str, Any] | None = None,
    rest: float = 0.0,
) -> dict[str, Any]:
    """A set in one zone.

    :param bad: instances that never become healthy on the new version
    :param policy: its rolling upgrade policy; the default one is 20 % throughout
    :param rest: seconds of pause between two batches
    """
    made = copy.deepcopy(load_world())
    scale_set = made["scaleSets"][0]["resource"]
    scale_set["sku"]["capacity"] = capacity
    scale_set["zones"] = ["1"]
    if policy or rest:
        rolling = {**(policy or BY_HALVES), "pauseTimeBetweenBatches": f"PT{rest:g}S"}
        upgrade = scale_set["properties"]["upgradePolicy"]
        upgrade["rollingUpgradePolicy"] = rolling
        upgrade["automaticOSUpgradePolicy"]["useRollingUpgradePolicy"] = True
    made["timings"] = QUICK
    made["imageBehaviours"] = [{"version": NEW, "instances": list(bad), "health": "never"}] if bad else []
    made["referee"] = {"healthSeconds": HEALTH_SECONDS}
    return made


def pool_world(
    nodes: int = 4,
    *,
    running: Mapping[str, float] | None = None,
    bad: tuple[str, ...] = (),
    policy: dict[str, Any] | None = None,
    **timings: float,
) -> dict[str, Any]:
    """A pool with deferral in one account.

    :param running: seconds of work that are left by node; -1 never ends
    :param bad: nodes that never become healthy on the new version, by their numbers
    :param policy: its rolling upgrade policy; half of it at once unless told otherwise
    """
    made = copy.deepcopy(load_world(BATCH_WORLD))
    pool = made["batchAccounts"][0]["pools"][0]
    properties = pool["resource"]["properties"]
    properties["scaleSettings"]["fixedScale"]["targetDedicatedNodes"] = nodes
    properties["upgradePolicy"]["rollingUpgradePolicy"] = dict(policy or BY_HALVES)
    properties["upgradePolicy"]["automaticOSUpgradePolicy"]["useRollingUpgradePolicy"] = True
    pool["x-emulator"] = {"nodes": nodes, "imageVersion": OLD, "running": dict(running or {})}
    made["timings"] = {**QUICK, **timings}
    made["imageBehaviours"] = [{"version": NEW, "instances": list(bad), "health": "never"}] if bad else []
    made["referee"] = {"healthSeconds": HEALTH_SECONDS}
    return made


class Emulated:
    """A running emulator as a test talks to it.

    :param url: where it answers
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.fleet = ""

    def serve(self, document: dict[str, Any]) -> str:
        """Serve another world; return the id of its first scale set, or of its first pool where it has none."""
        self._send("POST", "reset", document)
        self.fleet = fleet_of(document) if document.get("scaleSets") else pool_of(document)
        return self.fleet

    def hit(
        self, path: str, effect: dict[str, Any], *, instances: tuple[str, ...] = (), **limits: object
    ) -> None:
        """Add a fault to POST calls of a path, or to those that name one of the instances."""
        match = {"method": "POST", "path": path, **({"instances": list(instances)} if instances else {})}
        self._send("POST", "faults", {"match": match, "effect": effect, **limits})

    def forget_faults(self) -> None:
        """Nothing goes wrong any more."""
        self._send("DELETE", "faults")

    def opt_out(self) -> None:
        """Somebody changes the tag that makes the set ours."""
        self._tag("disabled")

    def opt_in(self) -> None:
        """Its owner hands the set to us."""
        self._tag("enabled")

    def _tag(self, value: str) -> None:
        answer = requests.patch(
            f"{self.url}{self.fleet}",
            params={"api-version": "2024-07-01"},
            headers={"Authorization": "Bearer somebody"},
            json={"tags": {"fleetwright": value}},
            timeout=30,
            proxies={"http": ""},
        )
        assert answer.ok, answer.text

    def judged(self, fleet: str = "") -> dict[str, Any]:
        """The referee's report on a scale set, the first one of the world unless another is named."""
        report: dict[str, Any] = self._send("GET", "audit")["scaleSets"][fleet or self.fleet]
        return report

    def judged_pools(self) -> dict[str, dict[str, Any]]:
        """The referee's report on each Batch pool, by its id."""
        reports: dict[str, dict[str, Any]] = self._send("GET", "audit")["batchPools"]
        return reports

    def judged_pool(self) -> dict[str, Any]:
        """The referee's report on the world's first fleet, which is a Batch pool."""
        return self.judged_pools()[self.fleet]

    def end_work(self, *nodes: str) -> None:
        """Tasks on nodes of the world's pool come to their end now."""
        self._send("POST", "instances", {"id": self.fleet, "instances": list(nodes), "running": 0})

    def closed_nodes(self) -> list[str]:
        """Nodes that are given no work now."""
        return closed_nodes(self._send("GET", "world"))

    def broken_rules(self) -> list[str]:
        """What the referee saw broken, in words."""
        return [f"{one['rule']}: {one['detail']}" for one in self._send("GET", "audit")["violations"]]

    def mutating_calls(self) -> int:
        """How many calls changed something, refused ones included."""
        return int(self._send("GET", "requests")["mutating"])

    def calls(self) -> list[dict[str, Any]]:
        """The last calls, oldest first."""
        log: list[dict[str, Any]] = self._send("GET", "requests")["log"]
        return log

    def has_suspended_repairs(self) -> bool:
        """Whether automatic repairs of the scale set are suspended now."""
        found = self._send("GET", "world")["scaleSets"][0]["x-emulator"]
        return bool(found.get("repairsSuspended"))

    def _send(self, method: str, route: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = requests.request(
            method, f"{self.url}/_emulator/{route}", json=body, timeout=30, proxies={"http": ""}
        )
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found
