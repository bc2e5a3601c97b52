"""Worlds that are over in a second or two, and an emulator that serves one after the other."""

from __future__ import annotations

import copy
from typing import Any

import requests

from fleetwright_demo.worlds import fleet_of, load_world

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


class Emulated:
    """A running emulator as a test talks to it.

    :param url: where it answers
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.fleet = ""

    def serve(self, document: dict[str, Any]) -> str:
        """Serve another world; return the id of its first scale set."""
        self._send("POST", "reset", document)
        self.fleet = fleet_of(document)
        return self.fleet

    def hit(
        self, path: str, effect: dict[str, Any], *, instances: tuple[str, ...] = (), **limits: object
    ) -> None:
        """Add a fault to POST calls of a path, or to those that name one of the instances."""
        match = {"method": "POST", "path": path, **({"instances": list(instances)} if instances else {})}
        self._send("POST", "faults", {"match": match, "effect": effect, **limits})

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
