"""Rollouts of node images in the ledger: the one chain, the one lease of a cluster, rows that their events tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from fleetwright.domain.errors import GivenBackError, HeldError, LeaseLostError, LedgerError
from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.channels import NodeOsChannel
from fleetwright.domain.node_pools.evaluations import Evaluation, Outcome
from fleetwright.domain.node_pools.rollouts import (
    NodeEventKind,
    NodeRolloutSettings,
    NodeRolloutState,
    PoolState,
    PoolUpgrade,
)
from fleetwright.domain.records import RolloutSettings, TriggerKind
from fleetwright.domain.states import IllegalMoveError
from fleetwright.ledger.store import SqlLedger
from fleetwright.ledger.tables import node_rollouts
from fleetwright.node_images.ports import AcquiredCluster
from fleetwright.rollout.ports.leases import LeaseTerms

if TYPE_CHECKING:
    from tests.ledger.conftest import WallClock

NOW = datetime(2024, 3, 3, 1, tzinfo=UTC)
CLUSTER = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/shop"
    "/providers/Microsoft.ContainerService/managedClusters/Web"
)
SETTINGS = NodeRolloutSettings(CLUSTER, trigger=TriggerKind.AUTOMATIC, manners={"soak": 60.0})
TERMS = LeaseTerms(timedelta(seconds=30))
OLD, NEW = "AKSUbuntu-2204gen2containerd-202402.12.0", "AKSUbuntu-2204gen2containerd-202402.26.0"
POOLS = (PoolUpgrade("system"), PoolUpgrade("np1"))
INTENDED = PoolUpgrade("system", from_image=OLD, to_image=NEW, kubernetes_version="1.29.2", nodes=3)


def begin(ledger: SqlLedger, owner: str = "run 1") -> AcquiredCluster:
    """Take the cluster."""
    return ledger.begin_nodes(SETTINGS, owner=owner, now=NOW, terms=TERMS)


def test_a_rollout_is_read_back_as_it_was_left(ledger: SqlLedger) -> None:
    """What a rollout of node images has come to is the same folded, read back, and in the cluster's list (R65)."""
    acquired = begin(ledger)
    rollout_id = acquired.rollout.rollout_id
    left = ledger.append_nodes(
        rollout_id,
        [
            facts.planned({"text": "two pools"}, POOLS, NOW),
            facts.pool_intended(INTENDED, NOW),
            facts.pool_sending("system", NOW),
            facts.pool_accepted("system", "https://arm/operations/1?api-version=2016-03-30", NOW),
        ],
        lease=acquired.lease,
    )

    assert ledger.load_nodes(rollout_id) == left
    assert ledger.list_node_rollouts(CLUSTER.upper()) == (left,)
    assert left.open_pool is not None
    assert (left.open_pool.state, left.open_pool.to_image) == (PoolState.UPGRADING, NEW)
    assert rollout_id.startswith("web-20240303T010000Z-")


def test_one_chain_and_neither_is_read_as_the_other(ledger: SqlLedger, settings: RolloutSettings) -> None:
    """Events of fleets and of node pools are links of one chain; each replay reads its own only."""
    fleet = ledger.begin(settings, owner="run", now=NOW, terms=TERMS)
    acquired = begin(ledger)
    ledger.record_evaluation(
        Evaluation(CLUSTER, NodeOsChannel.NODE_IMAGE, Outcome.HELD, ("its window is closed",), NOW),
        actor="run 1",
    )
    ledger.append_nodes(acquired.rollout.rollout_id, [facts.planned({}, POOLS, NOW)], lease=acquired.lease)

    assert ledger.verify_chain() is None
    assert ledger.replay() == ()
    assert ledger.list_rollouts(CLUSTER) == ()
    assert ledger.list_node_rollouts(settings.fleet_id) == ()
    assert [view.rollout.rollout_id for view in ledger.list_rollouts(settings.fleet_id)] == [
        fleet.view.rollout.rollout_id
    ]


def test_a_clusters_events_are_read_as_lines(ledger: SqlLedger) -> None:
    """Everything that was written about a cluster is listed with its kind, evaluations among it."""
    begin(ledger)
    seen = Evaluation(CLUSTER, NodeOsChannel.NONE, Outcome.NOTHING_TO_DO, ("its channel is None",), NOW)
    ledger.record_evaluation(seen, actor="node_image_weekly")

    assert [event.kind for event in ledger.list_events(CLUSTER)] == [
        NodeEventKind.STARTED,
        NodeEventKind.EVALUATED,
    ]
    assert ledger.list_evaluations(CLUSTER.lower()) == (seen,)


def test_the_newest_evaluation_comes_first(ledger: SqlLedger) -> None:
    """Evaluations are listed newest first, each with what it said."""
    first = Evaluation(CLUSTER, None, Outcome.HELD, ("the network is down",), NOW)
    second = replace(first, channel=NodeOsChannel.NODE_IMAGE, outcome=Outcome.STARTED, not_before=NOW)
    for evaluation in (first, second):
        ledger.record_evaluation(evaluation, actor="run 1")

    assert ledger.list_evaluations(CLUSTER) == (second, first)


def test_a_living_holder_keeps_the_cluster(ledger: SqlLedger) -> None:
    """Another run is held at once and told who has the cluster."""
    begin(ledger)

    with pytest.raises(HeldError, match="run 1"):
        begin(ledger, "run 2")
    assert ledger.find_holder(CLUSTER) == "run 1"


def test_the_next_run_goes_on_with_what_a_dead_one_left(ledger: SqlLedger, wall: WallClock) -> None:
    """After a lease ran out, whoever comes next resumes the same rollout, and the old token is dead (R65)."""
    first = begin(ledger)
    ledger.append_nodes(first.rollout.rollout_id, [facts.planned({}, POOLS, NOW)], lease=first.lease)
    wall.advance(31)

    second = begin(ledger, "run 2")

    assert second.resumed
    assert (second.rollout.rollout_id, second.rollout.owner) == (first.rollout.rollout_id, "run 2")
    with pytest.raises(LeaseLostError):
        ledger.append_nodes(first.rollout.rollout_id, [facts.pool_intended(INTENDED, NOW)], lease=first.lease)


def test_a_rollout_that_is_over_is_not_resumed(ledger: SqlLedger) -> None:
    """What a closed window leaves is a new rollout's, which reads the newest images anew (R71)."""
    first = begin(ledger)
    ledger.append_nodes(
        first.rollout.rollout_id,
        [facts.finished(NodeRolloutState.WINDOW_CLOSED, "np1 is left", NOW)],
        lease=first.lease,
    )
    ledger.release_nodes(first.rollout.rollout_id, owner="run 1")

    second = begin(ledger)

    assert not second.resumed
    assert second.rollout.rollout_id != first.rollout.rollout_id


def test_who_gave_the_cluster_back_does_not_go_on(ledger: SqlLedger) -> None:
    """A late step after its run's end is refused; a teardown is not."""
    rollout_id = begin(ledger).rollout.rollout_id
    ledger.release_nodes(rollout_id, owner="run 1")

    with pytest.raises(GivenBackError):
        ledger.retake_nodes(rollout_id, owner="run 1", terms=TERMS)
    assert ledger.retake_nodes(rollout_id, owner="run 1", terms=TERMS, is_teardown=True).holder == "run 1"


def test_an_edited_row_is_found(ledger: SqlLedger) -> None:
    """A rollout whose row is not what its events say is named by the replay."""
    rollout_id = begin(ledger).rollout.rollout_id
    with ledger._database.altering() as connection:  # what no port offers
        connection.execute(update(node_rollouts).values(state="Completed"))

    assert ledger.replay() == (rollout_id,)


def test_a_move_that_the_table_has_not_is_refused_whole(ledger: SqlLedger) -> None:
    """Nothing of a write is kept when one of its events contradicts the table; the rollout is named."""
    acquired = begin(ledger)
    rollout_id = acquired.rollout.rollout_id

    with pytest.raises(IllegalMoveError, match=rollout_id):
        ledger.append_nodes(
            rollout_id,
            [
                facts.planned({}, POOLS, NOW),
                facts.pool_ended("np1", PoolState.UPGRADED, "", NOW),
            ],
            lease=acquired.lease,
        )
    assert ledger.load_nodes(rollout_id).pools == ()


def test_a_rollout_that_is_not_there_is_named(ledger: SqlLedger) -> None:
    """An unknown id is told in one line."""
    with pytest.raises(LedgerError, match="no rollout of node images 'nowhere'"):
        ledger.load_nodes("nowhere")


def test_the_newest_rollouts_alone(ledger: SqlLedger) -> None:
    """As many rollouts as are asked for are read, the newest first."""
    ids = []
    for day in range(3):
        now = NOW + timedelta(days=day)
        acquired = ledger.begin_nodes(SETTINGS, owner="run 1", now=now, terms=TERMS)
        ids.insert(0, acquired.rollout.rollout_id)
        over = facts.finished(NodeRolloutState.COMPLETED, "", now)
        ledger.append_nodes(ids[0], [over], lease=acquired.lease)

    newest = ledger.list_node_rollouts(CLUSTER, newest=2)

    assert [rollout.rollout_id for rollout in newest] == ids[:2]
    assert len(ledger.list_node_rollouts(CLUSTER)) == 3
