"""What upgrades of node images need from the world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from fleetwright.domain.node_pools.clusters import Cluster, Machine, NodePool, Workloads
from fleetwright.domain.node_pools.evaluations import Evaluation
from fleetwright.domain.node_pools.ids import ClusterId
from fleetwright.domain.node_pools.rollouts import NodeEvent, NodeRollout, NodeRolloutSettings
from fleetwright.domain.quotas import Usage
from fleetwright.rollout.ports.clock import Clock
from fleetwright.rollout.ports.controls import Control
from fleetwright.rollout.ports.holds import Holds
from fleetwright.rollout.ports.leases import Guard, Lease, LeaseTerms
from fleetwright.rollout.ports.operations import OperationStatus


class ClusterDriver(Protocol):
    """AKS clusters at their provider.

    All methods raise ``ProviderError`` (or a leaf of it) when Azure refuses or does not answer. Mutating calls return
    the operation's poll URL and never wait; one that was refused before anything changed raises ``CallRefusedError``,
    one whose answer was lost ``AnswerLostError``: the caller reads the pool before it does anything else.
    """

    def fetch_cluster(self, cluster_id: ClusterId) -> Cluster:
        """Read a cluster with its pools, their upgrade profiles, its window, and what its channel needs.

        :raises FleetNotFoundError: there is no such cluster
        """
        ...

    def list_clusters(self) -> tuple[Cluster, ...]:
        """Every cluster of our subscriptions, by the fewest calls: pools without their newest image, windows read."""
        ...

    def fetch_pool(self, cluster: Cluster, pool: str) -> NodePool:
        """Read one pool with its upgrade profile."""
        ...

    async def fetch_pool_async(self, cluster: Cluster, pool: str) -> NodePool:
        """The same read for a trigger."""
        ...

    def list_machines(self, cluster: Cluster, pool: str) -> tuple[Machine, ...]:
        """Read every machine of a pool, by name."""
        ...

    async def list_machines_async(self, cluster: Cluster, pool: str) -> tuple[Machine, ...]:
        """The same read for a trigger."""
        ...

    def read_workloads(self, cluster: Cluster) -> Workloads:
        """Ask the cluster itself for nodes and disruption budgets (``runCommand``); waits for the answer."""
        ...

    def list_usages(self, cluster: Cluster) -> tuple[Usage, ...]:
        """Read the quotas of the cluster's region (N32)."""
        ...

    def begin_upgrade(self, cluster: Cluster, pool: str, guard: Guard) -> str:
        """Upgrade a pool to the newest node image (``upgradeNodeImageVersion``)."""
        ...

    def begin_live_patch(self, cluster: Cluster, nodes: Sequence[str], patched_to: str, guard: Guard) -> str:
        """Have running nodes apply the security patches up to a date, ``2024.02.20`` (R69); may be sent again."""
        ...

    def abort(self, cluster: Cluster, pool: str, guard: Guard) -> str:
        """Stop a pool's operation; the poll URL, empty where there was none."""
        ...

    def register_features(self, cluster: Cluster, names: Sequence[str], guard: Guard, clock: Clock) -> None:
        """Register features, wait until each is registered, then register the resource provider anew (R63)."""
        ...

    def fetch_operation(self, url: str) -> OperationStatus:
        """Look at an operation once; a command that ended with an error has failed."""
        ...

    async def fetch_operation_async(self, url: str) -> OperationStatus:
        """The same look for a trigger."""
        ...


@dataclass(frozen=True, slots=True)
class AcquiredCluster:
    """A rollout and the right to carry it out.

    :param resumed: an earlier holder's rollout goes on: same id, same images for what it has begun
    """

    rollout: NodeRollout
    lease: Lease
    resumed: bool


class NodeLedger(Holds, Protocol):
    """The ledger as upgrades of node images use it; leases are those of fleets, on the cluster's key.

    Every method raises ``LedgerError`` when it cannot be read or written.
    """

    def begin_nodes(
        self, settings: NodeRolloutSettings, *, owner: str, now: datetime, terms: LeaseTerms
    ) -> AcquiredCluster:
        """Take the cluster and start a rollout, or resume its unfinished one, in one transaction.

        :raises HeldError: at once, naming the holder, while another owner's lease is alive
        """
        ...

    def retake_nodes(
        self, rollout_id: str, *, owner: str, terms: LeaseTerms, is_teardown: bool = False
    ) -> Lease:
        """Take the rollout's own lease back with a new token: every earlier token is dead from here on.

        :raises GivenBackError: when the owner gave the cluster back, and this is no teardown
        :raises LeaseLostError: when another owner has it, or the rollout is finished and this is no teardown
        """
        ...

    def check(self, lease: Lease) -> None:
        """Renew the heartbeat; call it before every mutating call.

        :raises LeaseLostError: when the token is not the newest any more
        """
        ...

    def release_nodes(self, rollout_id: str, *, owner: str) -> None:
        """Give the cluster back, whatever happened; harmless when it is not held by the owner."""
        ...

    def append_nodes(self, rollout_id: str, events: Sequence[NodeEvent], *, lease: Lease) -> NodeRollout:
        """Write events and return the rollout as they leave it; one transaction, token checked inside.

        :raises LeaseLostError: nothing was written
        :raises IllegalMoveError: nothing was written: an event contradicts the table of moves
        """
        ...

    def load_nodes(self, rollout_id: str) -> NodeRollout:
        """The rollout as its events tell it."""
        ...

    def list_node_rollouts(self, cluster_key: str, *, newest: int | None = None) -> tuple[NodeRollout, ...]:
        """The rollouts of the cluster, newest first.

        :param newest: at most so many; None for all
        """
        ...

    def find_holder(self, fleet_key: str) -> str:
        """The run that has a cluster and is alive; empty where nobody has it."""
        ...

    def record_evaluation(self, evaluation: Evaluation, *, actor: str) -> None:
        """Write down how a schedule's look at a cluster ended."""
        ...

    def list_evaluations(self, cluster_key: str) -> tuple[Evaluation, ...]:
        """Every evaluation of a cluster, newest first."""
        ...

    def add_control(self, fleet_key: str, control: Control) -> None:
        """Write down what a person said."""
        ...

    def list_controls(self, fleet_key: str, *, since: datetime) -> tuple[Control, ...]:
        """What was said about a cluster since an instant, oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class NodePorts:
    """Everything outside: made once by a composition root and handed to the steps.

    :param close: gives connections back
    """

    clock: Clock
    driver: ClusterDriver
    ledger: NodeLedger
    close: Callable[[], None] = lambda: None
