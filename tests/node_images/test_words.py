"""What people say between pools: holds, releases and cancels."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cluster_rehearsals import ClusterRehearsal, pools_of
from clusters import TWO_POOLS, cluster, cluster_id, window, world
from rehearsals import Admin

from fleetwright.cli.virtual_clock import EmulatorClock
from fleetwright.domain.errors import HeldError
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.node_pools.rollouts import NodeRolloutState
from fleetwright.ledger.store import SqlLedger
from fleetwright.rollout.ports.controls import Control, ControlKind

Rehearse = Callable[..., ClusterRehearsal]
WORLD = world(cluster(*TWO_POOLS, windows=(window(),)))
DURING_THE_FIRST = datetime(2024, 3, 3, 0, 13, tzinfo=UTC)


class TimelyClock(EmulatorClock):
    """The emulator's clock, on which people say things at their instants."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.said: list[tuple[datetime, Callable[[], object]]] = []

    def wait_until(self, instant: datetime) -> None:
        """Stop at every word on the way."""
        while self.said and self.said[0][0] <= instant:
            due, say = self.said.pop(0)
            super().wait_until(due)
            say()
        super().wait_until(instant)


def staged(rehearse: Rehearse) -> tuple[ClusterRehearsal, TimelyClock, SqlLedger]:
    """A rehearsal with a clock that people speak on."""
    rehearsal = rehearse(WORLD, clock=TimelyClock)
    clock, ledger = rehearsal.clock, rehearsal.ports().ledger
    assert isinstance(clock, TimelyClock)
    assert isinstance(ledger, SqlLedger)
    return rehearsal, clock, ledger


def hold_on(name: str) -> Hold:
    """Somebody's word."""
    return Hold(HoldSubject.FLEET, name.lower(), "ann", "a trade fair", DURING_THE_FIRST)


def test_a_cancel_ends_it_after_the_pool_under_way(rehearse: Rehearse) -> None:
    """A cancelled rollout finishes and verifies the pool that is under way, and begins no other one."""
    rehearsal, clock, ledger = staged(rehearse)
    cancel = Control(ControlKind.CANCEL, "ann", "a trade fair", DURING_THE_FIRST)
    clock.said = [(DURING_THE_FIRST, lambda: ledger.add_control(cluster_id().lower(), cancel))]

    rollout = rehearsal.run()

    assert rollout.state is NodeRolloutState.CANCELLED
    assert pools_of(rollout) == {"system": "upgraded", "np1": "left"}
    assert rollout.reason == "cancelled by ann: a trade fair"


def test_a_hold_lets_no_further_pool_begin(rehearse: Rehearse, caplog: pytest.LogCaptureFixture) -> None:
    """A held cluster waits between two pools until it is released, and says who holds it, once."""
    caplog.set_level(logging.INFO, "fleetwright.node_images")
    rehearsal, clock, ledger = staged(rehearse)
    released = DURING_THE_FIRST + timedelta(hours=1)
    key = cluster_id().lower()
    clock.said = [
        (DURING_THE_FIRST, lambda: ledger.add_hold(hold_on(key))),
        (
            released,
            lambda: ledger.release_holds(
                HoldSubject.FLEET, key, actor="ann", reason="it is over", at=released
            ),
        ),
    ]

    rollout = rehearsal.run()

    began = rollout.pools[1].intended_at
    assert rollout.state is NodeRolloutState.COMPLETED
    assert began is not None
    assert began >= released
    lines = [r.getMessage() for r in caplog.records if "no further pool begins" in r.getMessage()]
    assert len(lines) == 1
    assert "fleetwright release" in lines[0]


def test_a_held_pool_is_left_and_the_others_go(rehearse: Rehearse) -> None:
    """A hold on one pool's id leaves that pool."""
    rehearsal, _clock, ledger = staged(rehearse)
    ledger.add_hold(hold_on(f"{cluster_id()}/agentPools/system"))

    rollout = rehearsal.run()

    assert pools_of(rollout) == {"system": "left", "np1": "upgraded"}
    assert "held by ann" in rollout.pools[0].reason


def test_a_held_cluster_does_not_begin(rehearse: Rehearse) -> None:
    """A hold on the cluster holds a rollout of it before anything is touched, and is written down."""
    rehearsal, _clock, ledger = staged(rehearse)
    ledger.add_hold(hold_on(cluster_id()))

    with pytest.raises(HeldError, match="held by ann"):
        rehearsal.run()
    assert isinstance(rehearsal.admin, Admin)
    assert ledger.list_node_rollouts(cluster_id()) == ()
    assert len(ledger.list_evaluations(cluster_id())) == 1
