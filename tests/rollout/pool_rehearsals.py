"""A rehearsal's Batch pool, seen from outside: its nodes, their work, and what the referee says of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import requests
from pool_worlds import POOL_ID
from rehearsals import TOKEN, Admin, Rehearsal
from worlds import Json

from fleetwright.domain.drains import DrainPolicy, WhenBusy
from fleetwright.domain.records import RolloutView

LONGEST_LAG = 30  # seconds after which every list shows what is
DATA_PLANE = "2024-02-01.19.0"


class PoolSide:
    """What somebody else sees of a pool, and does to it.

    :param api_version: of the data plane
    """

    def __init__(self, admin: Admin, pool_id: str = POOL_ID, api_version: str = DATA_PLANE) -> None:
        self.pool_id = pool_id
        self._admin = admin
        self._api_version = api_version
        self._http = requests.Session()
        _, _, named = pool_id.rpartition("/batchAccounts/")
        account, _, name = named.partition("/pools/")
        self._root = f"{admin.url}/_batch/{account}"
        self._pool = f"{self._root}/pools/{name}"

    def nodes(self, **query: str) -> dict[str, dict[str, Any]]:
        """Every node as the data plane shows it, by its id."""
        found: dict[str, dict[str, Any]] = {}
        link = f"{self._pool}/nodes"
        parameters = {"api-version": self._api_version, **query}
        while link:
            page = self._get(link, parameters)
            found |= {node["id"]: node for node in page["value"]}
            link, parameters = page.get("odata.nextLink", ""), {}
        return found

    def node(self, node_id: str) -> dict[str, Any]:
        """One node."""
        return self._get(f"{self._pool}/nodes/{node_id}", {"api-version": self._api_version})

    def states(self) -> dict[str, str]:
        """The state of every node."""
        return {node_id: str(node["state"]) for node_id, node in self.nodes().items()}

    def closed(self) -> set[str]:
        """The nodes whose scheduling is disabled."""
        return {i for i, node in self.nodes().items() if node["schedulingState"] == "disabled"}

    def act(self, node_id: str, action: str, **body: Json) -> int:
        """POST an action on a node, as somebody else would; its status."""
        return self._http.post(
            f"{self._pool}/nodes/{node_id}/{action}",
            params={"api-version": self._api_version},
            json=body or None,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=30,
        ).status_code

    def close(self, *node_ids: str) -> None:
        """Disable the scheduling of nodes, as somebody else would."""
        for node_id in node_ids:
            status = self.act(node_id, "disablescheduling", nodeDisableSchedulingOption="taskcompletion")
            assert status == 200, f"{node_id}: {status}"

    def open(self, *node_ids: str) -> None:
        """Enable it."""
        for node_id in node_ids:
            assert self.act(node_id, "enablescheduling") == 200, node_id

    def give_work(self, *node_ids: str, seconds: float) -> None:
        """Give nodes a task each, or end what they have with 0."""
        self._admin.post("instances", id=self.pool_id, instances=list(node_ids), running=seconds)

    def scale(self, nodes: int) -> None:
        """Give the pool another number of nodes."""
        self._admin.post("scale", id=self.pool_id, capacity=nodes)

    def audit(self) -> dict[str, Any]:
        """The referee's report on the pool."""
        found: dict[str, Any] = self._admin.get("audit")["batchPools"][self.pool_id]
        return found

    def _get(self, link: str, parameters: dict[str, str]) -> dict[str, Any]:
        answer = self._http.get(
            link, params=parameters, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30
        )
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found


def broken(rehearsal: Rehearsal, pool_id: str = POOL_ID) -> list[str]:
    """What no rollout of a pool with deferral may leave behind, whatever happened: empty when all is well."""
    pool = PoolSide(rehearsal.admin, pool_id)
    rehearsal.admin.post("clock", advance=LONGEST_LAG)
    wrong = [str(violation) for violation in rehearsal.admin.violations()]
    interrupted = pool.audit()["runningNodesInterrupted"]
    wrong += [f"{interrupted} nodes were interrupted"] if interrupted else []
    wrong += [f"{node} takes no work any more" for node in sorted(pool.closed())]
    return wrong


def pool_of(rehearsal: Rehearsal, pool_id: str = POOL_ID) -> PoolSide:
    """The rehearsal's pool."""
    return PoolSide(rehearsal.admin, pool_id)


def roll_out(rehearsal: Rehearsal, **request: Json) -> RolloutView:
    """A whole rollout of the pool."""
    return rehearsal.run(**{"fleet_id": POOL_ID, **request})


def at(
    seconds: float, deed: Callable[[PoolSide], object], pool_id: str = POOL_ID
) -> tuple[float, Callable[[Admin], object]]:
    """Something that happens to the pool from outside, for ``eventful``."""
    return seconds, lambda admin: deed(PoolSide(admin, pool_id))


def waits(minutes: float = 30, when_busy: WhenBusy = WhenBusy.SKIP, grace: float = 5) -> DrainPolicy:
    """How long nodes are waited for, in minutes."""
    return DrainPolicy(timedelta(minutes=minutes), when_busy, timedelta(minutes=grace))
