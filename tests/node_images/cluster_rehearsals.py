"""Rollouts of clusters between an emulator on a manual clock and a ledger on a wall clock of its own."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Any

from clusters import cluster_id
from rehearsals import EXPIRY, TOKEN, Admin, Json, Stages, WallClock

from fleetwright.azure.aks.driver import AksDriver
from fleetwright.azure.client import ArmClient
from fleetwright.azure.credentials import StaticToken
from fleetwright.azure.endpoint import AzureEndpoint, connect
from fleetwright.cli.virtual_clock import EmulatorClock
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.ids import parse_target
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.rollouts import NodeRollout
from fleetwright.domain.records import TriggerKind
from fleetwright.ledger.store import SqlLedger, open_ledger
from fleetwright.node_images.ports import NodePorts
from fleetwright.node_images.request import NodeRequest
from fleetwright.node_images.runner import opened, roll_out_nodes
from fleetwright.node_images.validating import validate

MANNERS = Manners(poll=timedelta(seconds=30), soak=timedelta(minutes=2), spread=timedelta(0))


class ClusterAdmin(Admin):
    """The emulator's own routes, and ARM as somebody else would call it."""

    def arm(self, method: str, path: str, body: Json = None) -> Json:
        """What ARM answers."""
        return self._answer(method, path, body)


class ClusterRehearsal:
    """Rollouts of one world.

    :param stages: where the world is played
    :param folder: holds the ledger
    :param clock: how the rollouts see time
    """

    def __init__(
        self,
        stages: Stages,
        world: dict[str, Any],
        folder: Path,
        *,
        clock: type[EmulatorClock] = EmulatorClock,
    ) -> None:
        self._stages = stages
        self._server = stages.take(world)
        self.url = self._server.url
        self.admin = ClusterAdmin(self.url, cluster_id())
        self.clock = clock(self.url)
        self.wall = WallClock()
        self.ledger_url = f"sqlite:///{folder / 'ledger.db'}"
        self._open: list[SqlLedger | ArmClient] = []

    def close(self) -> None:
        """Leave the stage to others."""
        for thing in self._open:
            thing.close()
        self._stages.give_back(self._server)

    def ports(self) -> NodePorts:
        """The ports of one process: its own connections and its own ledger."""
        client = connect(AzureEndpoint(self.url, StaticToken(TOKEN)), self.clock)
        ledger = open_ledger(self.ledger_url, wall_clock=self.wall)
        self._open += [client, ledger]
        return NodePorts(self.clock, AksDriver(client), ledger)

    def run(
        self,
        ports: NodePorts | None = None,
        *,
        owner: str = "first",
        fleet: str = "",
        trigger: str = "automatic",
        **request: Json,
    ) -> NodeRollout:
        """A whole rollout, as ``fleetwright run`` does it."""
        used = ports or self.ports()
        asked = {"manners": MANNERS, **request}
        validated = validate(
            used, NodeRequest(fleet or cluster_id(), TriggerKind(trigger), **asked), actor=owner
        )
        assert not validated.nothing, validated.nothing
        with opened(
            used, validated, owner=owner, terms=EXPIRY, keep_alive=lambda _lease: nullcontext()
        ) as session:
            return roll_out_nodes(session)

    def cluster(self) -> Cluster:
        """The cluster as it is now."""
        return self.ports().driver.fetch_cluster(parse_target(cluster_id()).cluster)

    def images(self, pool: str, name: str = "web") -> dict[str, str]:
        """The image of each machine of a pool."""
        path = f"{cluster_id(name)}/agentPools/{pool}/machines?api-version=2026-04-02-preview"
        found = self.admin.arm("GET", path)["value"]
        return {m["name"]: m["properties"].get("nodeImageVersion", "") for m in found}


def pools_of(rollout: NodeRollout) -> dict[str, str]:
    """Where each pool stands, by name, in the rollout's order."""
    return {pool.name: str(pool.state) for pool in rollout.pools}
