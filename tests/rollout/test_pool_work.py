"""Nodes whose work keeps a rollout waiting: deadlines, policies, and people who open, close, cancel and hold."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from holding import Desk
from pool_rehearsals import PoolSide, at, broken, pool_of, roll_out, waits
from pool_worlds import FOR_EVER, POOL_ID, pool_world, working
from rehearsals import Admin, Happening, Rehearsal, eventful, told
from worlds import NEW, OLD

from fleetwright.domain.drains import WhenBusy
from fleetwright.domain.holds import HoldSubject
from fleetwright.rollout.ports.controls import Control, ControlKind

Rehearse = Callable[..., Rehearsal]

BUSY = {"tvm-3": FOR_EVER}


def cancelled_at(rehearsal: Rehearsal, seconds: float, *others: Happening) -> None:
    """on-call cancels so many seconds after the start; other things happen as well."""
    ledger = rehearsal.ports().ledger

    def cancel(_admin: Admin) -> None:
        said = Control(ControlKind.CANCEL, "on-call", "wrong image", rehearsal.clock.now())
        ledger.add_control(POOL_ID.lower(), said)

    happenings = sorted([(seconds, cancel), *others], key=lambda happening: happening[0])
    rehearsal.clock = eventful(*happenings)(rehearsal.url)


def test_a_node_that_never_becomes_idle_is_skipped(rehearse: Rehearse) -> None:
    """R55: with skip the node keeps its task and its version, takes work again, and the report says who and why."""
    rehearsal = rehearse(pool_world(10, running=BUSY))

    view = roll_out(rehearsal, drain=waits(10, WhenBusy.SKIP))

    audit = pool_of(rehearsal).audit()
    assert told(view)["status"] == "Completed"
    assert told(view)["progress"]["successfulInstanceCount"] == 9
    assert audit["imageVersions"] == {NEW: 9, OLD: 1}
    assert set(view.rollout.left_busy) == {"tvm-3"}
    assert "job/tvm-3-1" in view.rollout.left_busy["tvm-3"]
    assert pool_of(rehearsal).node("tvm-3")["runningTasksCount"] == 1
    assert broken(rehearsal) == []


def test_a_node_that_never_becomes_idle_is_requeued(rehearse: Rehearse) -> None:
    """R55: with requeue its task is queued again after the deadline and the grace, never before, and the node is upgraded."""
    seen: dict[float, int] = {}

    def look(seconds: float) -> Happening:
        return at(seconds, lambda pool: seen.update({seconds: pool.node("tvm-3")["runningTasksCount"]}))

    rehearsal = rehearse(pool_world(10, running=BUSY), clock=eventful(*map(look, range(30, 1000, 30))))

    view = roll_out(rehearsal, drain=waits(5, WhenBusy.REQUEUE, grace=5))

    began = view.rollout.started_at
    assert began is not None
    audit = pool_of(rehearsal).audit()
    assert told(view)["progress"]["successfulInstanceCount"] == 10
    assert audit["imageVersions"] == {NEW: 10}
    assert min(seconds for seconds, tasks in seen.items() if not tasks) >= 600
    assert audit["runningNodesInterrupted"] == 0
    assert pool_of(rehearsal).closed() == set()
    assert rehearsal.admin.violations() == []


def test_a_node_is_waited_for_without_end(rehearse: Rehearse) -> None:
    """R55: with wait a task of three hours is waited for, and then its node is upgraded."""
    rehearsal = rehearse(pool_world(5, running={"tvm-1": 3 * 3600}))

    view = roll_out(rehearsal, drain=waits(1, WhenBusy.WAIT))

    assert view.rollout.started_at is not None
    assert view.rollout.ended_at is not None
    assert view.rollout.ended_at - view.rollout.started_at >= timedelta(hours=3)
    assert told(view)["progress"]["successfulInstanceCount"] == 5
    assert broken(rehearsal) == []


def test_a_deadline_of_nothing_takes_idle_nodes_only(rehearse: Rehearse) -> None:
    """R55: with a deadline of no time and skip, what is idle is upgraded and what works is reported at once."""
    rehearsal = rehearse(pool_world(10, running=working([2, 4, 6], FOR_EVER)))

    view = roll_out(rehearsal, drain=waits(0))

    assert told(view)["progress"]["successfulInstanceCount"] == 7
    assert set(view.rollout.left_busy) == {"tvm-2", "tvm-4", "tvm-6"}
    assert broken(rehearsal) == []


def test_nodes_that_somebody_else_closed_stay_closed(rehearse: Rehearse) -> None:
    """R55: a node whose scheduling somebody else disabled is not upgraded, not opened, and reported."""
    rehearsal = rehearse(pool_world(10))
    pool = pool_of(rehearsal)
    pool.close("tvm-2")

    view = roll_out(rehearsal)

    assert told(view)["status"] == "Completed"
    assert pool.audit()["imageVersions"] == {NEW: 9, OLD: 1}
    assert pool.closed() == {"tvm-2"}
    assert rehearsal.admin.violations() == []


def test_nodes_closed_by_somebody_else_before_a_list_shows_it(rehearse: Rehearse) -> None:
    """R55: nodes that somebody else closed while lists lag are met once each poll, not in a loop, and left closed."""
    rehearsal = rehearse(pool_world(3, timings={"listLag": 20}))
    pool = pool_of(rehearsal)
    pool.close("tvm-0", "tvm-1", "tvm-2")

    roll_out(rehearsal, trigger="manual")

    assert pool.audit()["swaps"] == {}
    assert rehearsal.admin.mutating() < 20
    rehearsal.admin.post("clock", advance=30)
    assert pool.closed() == {"tvm-0", "tvm-1", "tvm-2"}


def test_somebody_opens_a_node_that_waits(rehearse: Rehearse) -> None:
    """R55: a node that somebody opens while it drains, and that gets work again, is still never swapped while it works."""
    opened: list[str] = []

    def open_all(pool: PoolSide) -> None:
        opened.extend(sorted(pool.closed()))
        pool.open(*sorted(pool.closed()))
        pool.give_work("tvm-0", "tvm-1", seconds=300)

    world = pool_world(10, running=working(range(10), 120))
    rehearsal = rehearse(world, clock=eventful(at(60, open_all)))

    view = roll_out(rehearsal)

    assert opened
    assert told(view)["status"] == "Completed"
    assert broken(rehearsal) == []


def test_a_cancel_in_the_middle_of_a_drain(rehearse: Rehearse) -> None:
    """R55: a cancel while nodes finish their work ends the rollout at once, and every node takes work again."""
    rehearsal = rehearse(pool_world(10, running=working(range(10), 3600)))
    cancelled_at(rehearsal, 120)

    view = roll_out(rehearsal, drain=waits(30, WhenBusy.WAIT))

    assert view.rollout.started_at is not None
    assert view.rollout.ended_at is not None
    assert told(view)["status"] == "Cancelled"
    assert view.rollout.ended_at - view.rollout.started_at <= timedelta(minutes=3)
    assert pool_of(rehearsal).audit()["swaps"] == {}
    assert broken(rehearsal) == []


@pytest.mark.parametrize("second", range(5, 300, 45))
def test_a_cancel_whenever_it_is_said(rehearse: Rehearse, second: int) -> None:
    """R55: whenever a cancel is said, no node is left without work, none is interrupted."""
    rehearsal = rehearse(pool_world(10, running=working(range(5), 90)))
    cancelled_at(rehearsal, second)

    roll_out(rehearsal)

    assert broken(rehearsal) == []


def test_a_hold_in_the_middle_of_a_drain(rehearse: Rehearse, desk: Desk) -> None:
    """R55, R45: while a pool is held no batch begins; released, it goes on, and no node is left without work."""
    key = POOL_ID.lower()
    said = (
        (30, desk.hold(HoldSubject.FLEET, key)),
        (1200, desk.release(HoldSubject.FLEET, key)),
    )
    rehearsal = rehearse(pool_world(10, running=working(range(6), 200)), clock=eventful(*said))
    desk.url = rehearsal.ledger_url

    view = roll_out(rehearsal)

    assert told(view)["progress"]["successfulInstanceCount"] == 10
    assert broken(rehearsal) == []


def test_a_draining_node_is_scaled_in(rehearse: Rehearse) -> None:
    """R55, R54: nodes that go while they drain are forgotten, and the rest is upgraded."""
    rehearsal = rehearse(
        pool_world(10, running=working(range(5, 10), 600)),
        clock=eventful(at(300, lambda pool: pool.scale(6))),
    )

    view = roll_out(rehearsal)

    assert told(view)["status"] == "Completed"
    assert pool_of(rehearsal).audit()["imageVersions"] == {NEW: 6}
    assert view.rollout.closed == {}
    assert broken(rehearsal) == []
