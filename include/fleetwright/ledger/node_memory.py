"""What the ledger remembers for upgrades of node images: a part of ``SqlLedger``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.evaluations import Evaluation
from fleetwright.domain.node_pools.rollouts import NodeEvent, NodeRollout, NodeRolloutSettings
from fleetwright.ledger import leases, node_rollouts, refusals
from fleetwright.ledger.database import Database
from fleetwright.ledger.event_log import Origin
from fleetwright.ledger.naming import new_rollout_id
from fleetwright.ledger.values import fleet_key_of
from fleetwright.node_images.ports import AcquiredCluster
from fleetwright.rollout.ports.leases import Lease, LeaseTerms


class NodeMemory:
    """See ``node_images.ports.NodeLedger`` for what each method promises."""

    _database: Database

    def begin_nodes(
        self, settings: NodeRolloutSettings, *, owner: str, now: datetime, terms: LeaseTerms
    ) -> AcquiredCluster:
        """Take the cluster; start a rollout, or resume its unfinished one.

        :raises HeldError: at once, naming the holder, while another owner's lease is alive
        """
        key = fleet_key_of(settings.fleet_id)
        with self._database.writing() as write:
            unfinished = node_rollouts.find_unfinished(write.connection, key)
            lease = leases.begin_fleet(write, key, owner, terms, unfinished)
            if unfinished is None:
                known, rollout_id = None, new_rollout_id(key, now)
                first = facts.started(rollout_id, settings, owner, now)
            else:
                known, rollout_id = self._find(write.connection, unfinished), unfinished
                first = facts.resumed(owner, now)
            rollout = node_rollouts.write_step(write, known, [first], rollout_id=rollout_id, actor=owner)
        return AcquiredCluster(rollout, lease, resumed=known is not None)

    def retake_nodes(
        self, rollout_id: str, *, owner: str, terms: LeaseTerms, is_teardown: bool = False
    ) -> Lease:
        """Take the rollout's own lease back with a new token.

        :raises LeaseLostError: when another owner has the cluster, or the rollout is finished and this is no teardown
        """
        with self._database.writing() as write:
            rollout = self._find(write.connection, rollout_id)
            return leases.retake_fleet(write, rollout, owner, terms, is_teardown=is_teardown)

    def release_nodes(self, rollout_id: str, *, owner: str) -> None:
        """Give the cluster back; harmless when it is not the owner's."""
        with self._database.writing() as write:
            rollout = node_rollouts.find(write.connection, rollout_id)
            if rollout is not None:
                leases.give_fleet_back(write, rollout, owner)

    def append_nodes(self, rollout_id: str, events: Sequence[NodeEvent], *, lease: Lease) -> NodeRollout:
        """Write events and return the rollout as they leave it; the heartbeat is renewed with them.

        :raises LeaseLostError: nothing was written: the token is not the newest
        :raises IllegalMoveError: nothing was written: an event contradicts the table of moves
        """
        with self._database.writing() as write:
            leases.renew_lease(write, lease)
            known = self._find(write.connection, rollout_id)
            if fleet_key_of(known.settings.fleet_id) != lease.fleet_key:
                raise refusals.wrong_fleet(lease, known)
            return node_rollouts.write_step(write, known, events, rollout_id=rollout_id, actor=lease.holder)

    def load_nodes(self, rollout_id: str) -> NodeRollout:
        """The rollout as its events tell it."""
        with self._database.reading() as connection:
            return self._find(connection, rollout_id)

    def list_node_rollouts(self, cluster_key: str, *, newest: int | None = None) -> tuple[NodeRollout, ...]:
        """The rollouts of the cluster, newest first, at most so many."""
        with self._database.reading() as connection:
            return node_rollouts.list_of_cluster(connection, fleet_key_of(cluster_key), newest)

    def record_evaluation(self, evaluation: Evaluation, *, actor: str) -> None:
        """Write down how a schedule's look at a cluster ended: it belongs to the cluster, to no rollout."""
        origin = Origin(fleet_key_of(evaluation.fleet_id), actor)
        with self._database.writing() as write:
            node_rollouts.append_events(write, origin, [facts.evaluated(evaluation)])

    def list_evaluations(self, cluster_key: str) -> tuple[Evaluation, ...]:
        """Every evaluation of a cluster, newest first."""
        with self._database.reading() as connection:
            return node_rollouts.list_evaluations(connection, fleet_key_of(cluster_key))

    def find_node_rollout(self, cluster_key: str) -> str:
        """The id of the cluster's rollout that has not ended; empty where there is none."""
        with self._database.reading() as connection:
            return node_rollouts.find_unfinished(connection, fleet_key_of(cluster_key)) or ""

    def _find(self, connection: Connection, rollout_id: str) -> NodeRollout:
        rollout = node_rollouts.find(connection, rollout_id)
        if rollout is None:
            raise LedgerError(f"ledger {self._database.label} has no rollout of node images {rollout_id!r}")
        return rollout
