"""The fold of a rollout of node images: what may follow what, and what a fact told twice comes to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fleetwright.domain.errors import LedgerError
from fleetwright.domain.node_pools import facts
from fleetwright.domain.node_pools.channels import UpgradeWay
from fleetwright.domain.node_pools.documents import read_rollout, write_rollout
from fleetwright.domain.node_pools.journal import fold_nodes
from fleetwright.domain.node_pools.rollouts import (
    NodeEvent,
    NodeRolloutSettings,
    NodeRolloutState,
    PoolState,
    PoolUpgrade,
)
from fleetwright.domain.states import IllegalMoveError

NOW = datetime(2024, 3, 3, 1, tzinfo=UTC)
URL = "https://arm/operations/1?api-version=2016-03-30"
SETTINGS = NodeRolloutSettings("/subscriptions/s/managedClusters/web", manners={"poll": 5.0})
START = facts.started("web-1", SETTINGS, "run 1", NOW)
PLANNED = facts.planned({}, (PoolUpgrade("system"), PoolUpgrade("np1")), NOW)
SYSTEM = PoolUpgrade("system", from_image="old", to_image="new", kubernetes_version="1.29.2", nodes=2)

COURSE = (
    START,
    PLANNED,
    facts.pool_intended(SYSTEM, NOW),
    facts.pool_sending("system", NOW),
    facts.pool_accepted("system", URL, NOW),
    facts.pool_moved("system", f"{URL}&t=1", NOW),
    facts.pool_verified("system", ["b", "a"], {"c": "it has its old image"}, NOW),
    facts.pool_ended("system", PoolState.UPGRADED, "2 of 3 nodes", NOW),
    facts.pool_ended("np1", PoolState.LEFT, "it does not fit", NOW),
    facts.finished(NodeRolloutState.WINDOW_CLOSED, "np1 is left", NOW),
)


def test_a_whole_course_is_told_by_its_events() -> None:
    """A pool from its intent to its end, and the rollout's own end, stand in the fold (R65)."""
    rollout = fold_nodes(COURSE)

    system, np1 = rollout.pools
    assert (system.state, system.verified, system.operation_url) == (
        PoolState.UPGRADED,
        ("a", "b"),
        f"{URL}&t=1",
    )
    assert dict(system.stragglers) == {"c": "it has its old image"}
    assert (np1.state, np1.reason) == (PoolState.LEFT, "it does not fit")
    assert (rollout.state, rollout.reason) == (NodeRolloutState.WINDOW_CLOSED, "np1 is left")


@pytest.mark.parametrize("told", range(1, len(COURSE)))
def test_a_fact_told_twice_changes_nothing(told: int) -> None:
    """A step that was cut off between the act and the record may tell its fact again."""
    once = fold_nodes(COURSE[: told + 1])

    assert fold_nodes((*COURSE[: told + 1], COURSE[told])) == once


@pytest.mark.parametrize("known", range(1, len(COURSE) + 1))
def test_a_rollout_survives_its_document(known: int) -> None:
    """What is written of a rollout at any point reads back as it was."""
    rollout = fold_nodes(COURSE[:known])

    assert read_rollout(write_rollout(rollout)) == rollout


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (facts.pool_sending("system", NOW), "a pool that is 'waiting' cannot become 'sending'"),
        (facts.pool_moved("system", URL, NOW), "no operation under way"),
        (facts.pool_ended("system", PoolState.UPGRADED, "", NOW), "cannot become 'upgraded'"),
        (facts.pool_intended(PoolUpgrade("other"), NOW), "it has no pool 'other'"),
    ],
)
def test_what_the_table_has_not_is_refused(event: NodeEvent, why: str) -> None:
    """A fact that contradicts the table names the rollout and the event."""
    with pytest.raises(IllegalMoveError, match=f"rollout web-1: .*{why}.* by '"):
        fold_nodes((START, PLANNED, event))


def test_pools_go_one_after_the_other() -> None:
    """R65: no pool is intended while another one is under way."""
    with pytest.raises(IllegalMoveError, match="pool system is 'upgrading'"):
        fold_nodes((*COURSE[:5], facts.pool_intended(PoolUpgrade("np1"), NOW)))


def test_nothing_moves_on_from_the_end() -> None:
    """A rollout that is over takes no further fact of its pools."""
    with pytest.raises(IllegalMoveError, match="it is WindowClosed"):
        fold_nodes((*COURSE, facts.pool_sending("np1", NOW)))


def test_a_pool_that_cannot_be_patched_live_is_intended_again() -> None:
    """R69: nodes that do not take their patches get the node image, and the old operation is not asked again."""
    live = PoolUpgrade("system", way=UpgradeWay.LIVE, from_image="old", to_image="old-2024.02.20", nodes=2)
    again = PoolUpgrade("system", from_image="other", to_image="new", nodes=2)
    rollout = fold_nodes(
        (
            START,
            PLANNED,
            facts.pool_intended(live, NOW),
            facts.pool_sending("system", NOW),
            facts.pool_accepted("system", URL, NOW),
            facts.pool_intended(again, NOW),
        )
    )

    pool = rollout.open_pool
    assert pool is not None
    assert (pool.state, pool.way, pool.to_image) == (PoolState.INTENDED, UpgradeWay.REIMAGE, "new")
    assert (pool.from_image, pool.operation_url) == ("old", "")


@pytest.mark.parametrize("first", COURSE[1:])
def test_events_begin_with_a_start(first: NodeEvent) -> None:
    """Whatever else comes first is no rollout."""
    with pytest.raises(LedgerError, match="must begin with 'node rollout started'"):
        fold_nodes((first,))
