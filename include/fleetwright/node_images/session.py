"""A rollout of node images while this process may change it, and what it stands on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import TypeAlias

from fleetwright.domain.maintenance import SUNDAY, MaintenanceWindow, read_maintenance_window
from fleetwright.domain.node_pools.clusters import Cluster
from fleetwright.domain.node_pools.ids import Target, parse_target
from fleetwright.domain.node_pools.manners import Manners
from fleetwright.domain.node_pools.plan import NodePlan
from fleetwright.domain.node_pools.rollouts import NodeEvent, NodeRollout, NodeRolloutSettings
from fleetwright.node_images.ports import NodePorts
from fleetwright.rollout.ports.leases import Lease, LeaseTerms

Observer: TypeAlias = Callable[[NodeRollout], None]


@dataclass(slots=True)
class NodeSession:
    """A rollout that this process may change, as long as its lease is the newest.

    :param cluster: as last read
    :param warnings: what the validation found, for the plan
    :param halts_told: why no further pool begins, as it was told last
    :param observe: shown the rollout after everything that is written, for progress
    :param seen_plan: what the validation has just found in the same process: nothing is asked twice for it
    """

    ports: NodePorts
    lease: Lease
    rollout: NodeRollout
    cluster: Cluster
    observe: Observer | None = None
    warnings: tuple[str, ...] = ()
    halts_told: tuple[str, ...] = ()
    seen_plan: NodePlan | None = None

    @classmethod
    def reopen(
        cls, ports: NodePorts, rollout_id: str, *, owner: str, terms: LeaseTerms, is_teardown: bool = False
    ) -> NodeSession:
        """Go on with a rollout in a new process: the lease is taken back, so every earlier process is fenced.

        :param is_teardown: also one that is over, for what comes after its end
        :raises LeaseLostError: when the cluster is somebody else's by now
        """
        lease = ports.ledger.retake_nodes(rollout_id, owner=owner, terms=terms, is_teardown=is_teardown)
        rollout = ports.ledger.load_nodes(rollout_id)
        cluster = ports.driver.fetch_cluster(parse_target(rollout.settings.fleet_id).cluster)
        return cls(ports, lease, rollout, cluster)

    @property
    def rollout_id(self) -> str:
        """Id of the rollout."""
        return self.rollout.rollout_id

    @property
    def settings(self) -> NodeRolloutSettings:
        """What the rollout was asked to do."""
        return self.rollout.settings

    @property
    def target(self) -> Target:
        """The cluster, and the one pool where only that was asked for."""
        return Target(self.cluster.cluster_id, self.settings.pool)

    @property
    def manners(self) -> Manners:
        """How the site times upgrades, fixed when the rollout was asked for."""
        return manners_of(self.settings.manners)

    @property
    def default_window(self) -> MaintenanceWindow:
        """What an automatic rollout keeps to where the cluster has no window of its own."""
        body = self.settings.default_window
        return read_maintenance_window(body) if body else SUNDAY

    def now(self) -> datetime:
        """The rollout's clock."""
        return self.ports.clock.now()

    def refresh_cluster(self) -> None:
        """Read the cluster again: its channel, its window and its pools may have changed since the last pool."""
        self.cluster = self.ports.driver.fetch_cluster(self.cluster.cluster_id)

    def write(self, *events: NodeEvent) -> None:
        """Write facts down; refused, with nothing written, when the lease is not the newest any more."""
        self.rollout = self.ports.ledger.append_nodes(self.rollout_id, events, lease=self.lease)
        if self.observe is not None:
            self.observe(self.rollout)

    def guard(self) -> None:
        """Make sure that the cluster is still ours; called before every mutating call.

        :raises LeaseLostError: when it is not: nothing may be sent
        """
        self.ports.ledger.check(self.lease)


def manners_of(seconds: Mapping[str, float]) -> Manners:
    """Manners from seconds by their names, as a rollout's settings have them; what is not named has its default."""
    known = {field.name for field in fields(Manners)}
    return Manners(**{name: timedelta(seconds=value) for name, value in seconds.items() if name in known})


def seconds_of(manners: Manners) -> dict[str, float]:
    """Manners as seconds by their names."""
    return {name: value.total_seconds() for name, value in asdict(manners).items()}
