"""Batch pools with deferral: nodes are closed, drained, swapped and opened again; no task is ever interrupted (R55)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from crashes import Answer, Killed, Mortal, bent
from holding import Desk, staged
from pool_rehearsals import PoolSide, at, pool_of, roll_out, waits
from pool_worlds import FOR_EVER, POOL_ID, USER_SUBSCRIPTION, pool_world, working
from rehearsals import Rehearsal, eventful, told
from worlds import NEW, SUBSCRIPTION

from fleetwright.domain.drains import WhenBusy
from fleetwright.domain.holds import HoldSubject
from fleetwright.domain.records import RolloutView
from fleetwright.rollout.cancelling import request_cancel
from fleetwright.rollout.provider_errors import AnswerLostError, CallRefusedError

Rehearse = Callable[..., Rehearsal]

BROAD = {"maxBatchInstancePercent": 60, "maxUnhealthyInstancePercent": 60}


def is_clean(rehearsal: Rehearsal) -> bool:
    """Nothing broken, nobody interrupted, and every node takes work again."""
    pool = pool_of(rehearsal)
    interrupted = pool.audit()["runningNodesInterrupted"]
    return (rehearsal.admin.violations(), interrupted, pool.closed()) == ([], 0, set())


def versions(rehearsal: Rehearsal) -> dict[str, int]:
    """How many nodes are on which version."""
    found: dict[str, int] = pool_of(rehearsal).audit()["imageVersions"]
    return found


def stored(rehearsal: Rehearsal) -> RolloutView:
    """The newest rollout of the pool, as the ledger has it."""
    return rehearsal.ports().ledger.list_rollouts(POOL_ID.lower())[0]


def test_an_idle_pool_is_upgraded_by_three_calls_a_node(rehearse: Rehearse) -> None:
    """Each node is closed, reimaged and opened again, and nothing else is changed; the ledger ends with no closed node (R54, R55)."""
    rehearsal = rehearse(pool_world(10))

    view = roll_out(rehearsal)

    assert told(view)["status"] == "Completed"
    assert view.rollout.reason_message.startswith("10 of 10 nodes upgraded")
    assert rehearsal.admin.mutating() == 30
    assert is_clean(rehearsal)
    assert stored(rehearsal).rollout.closed == {}


def test_working_nodes_are_waited_for(rehearse: Rehearse) -> None:
    """Nodes that work for a while are upgraded once they are idle, after the idle ones, and none is interrupted (R55)."""
    rehearsal = rehearse(pool_world(10, running=working(range(5), 600)))

    view = roll_out(rehearsal)

    order = [i for batch in view.batches for i in batch.instance_ids]
    assert told(view)["status"] == "Completed"
    assert set(order[:5]) == {f"tvm-{n}" for n in range(5, 10)}
    assert is_clean(rehearsal)


def test_a_node_that_never_ends_is_left_and_reported(rehearse: Rehearse) -> None:
    """19 of 20 nodes are upgraded, the one that never becomes idle is left at its deadline with its reason, and takes work (R55)."""
    rehearsal = rehearse(pool_world(20, running={**working(range(10), 300), "tvm-7": FOR_EVER}))

    view = roll_out(rehearsal, drain=waits(20))

    (reason,) = view.rollout.left_busy.values()
    assert view.rollout.reason_message.startswith("19 of 20 nodes upgraded")
    assert f"1 left busy: tvm-7: {reason}" in view.rollout.reason_message
    assert "still ran" in reason
    assert told(view)["status"] == "Completed"
    assert told(view)["progress"]["pendingInstanceCount"] == 0
    assert view.rollout.outcome["left_busy"] == {"tvm-7": reason}
    assert is_clean(rehearsal)


def test_the_next_rollout_tries_again_what_was_left(rehearse: Rehearse) -> None:
    """A node that was left busy is upgraded by the next rollout, once it is idle (R55)."""
    rehearsal = rehearse(pool_world(5, running={"tvm-3": FOR_EVER}))
    roll_out(rehearsal, drain=waits(10))
    pool_of(rehearsal).give_work("tvm-3", seconds=0)

    view = roll_out(rehearsal, owner="second")

    assert view.rollout.reason_message.startswith("1 of 1 nodes upgraded")
    assert versions(rehearsal) == {NEW: 5}
    assert is_clean(rehearsal)


def test_tasks_are_queued_again_after_the_grace(rehearse: Rehearse) -> None:
    """With requeue the task ends after deadline and grace, not before, and the node is upgraded (R55)."""
    seen: list[str] = []
    rehearsal = rehearse(
        pool_world(5, running={"tvm-3": FOR_EVER}),
        clock=eventful(at(14 * 60, lambda pool: seen.append(pool.node("tvm-3")["state"]))),
    )

    view = roll_out(rehearsal, drain=waits(10, WhenBusy.REQUEUE, grace=5))

    assert seen == ["running"]
    assert versions(rehearsal) == {NEW: 5}
    assert told(view)["status"] == "Completed"
    assert rehearsal.admin.violations() == []
    assert pool_of(rehearsal).closed() == set()


def test_waiting_ends_with_the_task(rehearse: Rehearse) -> None:
    """With the policy to wait, a node is upgraded when its task ends, hours after any deadline (R55)."""
    rehearsal = rehearse(pool_world(5, running={"tvm-3": 5 * 3600}))

    view = roll_out(rehearsal, drain=waits(10, WhenBusy.WAIT))

    assert view.rollout.left_busy == {}
    assert versions(rehearsal) == {NEW: 5}
    assert is_clean(rehearsal)


def test_who_holds_up_the_finish_is_told(rehearse: Rehearse, caplog: pytest.LogCaptureFixture) -> None:
    """While nothing is idle the log names node, task, age, until when and what then, again every few minutes (R55)."""
    caplog.set_level(logging.INFO)
    rehearsal = rehearse(pool_world(5, running={"tvm-3": FOR_EVER}))

    roll_out(rehearsal, drain=waits(20))

    lines = [line for line in caplog.messages if line.strip().startswith("tvm-3 runs ")]
    assert len(lines) >= 3
    assert all("waited for until 2024-" in line and "then left as it is" in line for line in lines)


def test_a_node_that_somebody_else_closed_is_never_opened(rehearse: Rehearse) -> None:
    """A person's closed node is neither upgraded nor opened, and told as left out (R55)."""
    rehearsal = rehearse(pool_world(10))
    pool_of(rehearsal).close("tvm-4")

    view = roll_out(rehearsal)

    assert pool_of(rehearsal).closed() == {"tvm-4"}
    assert "tvm-4" not in view.swaps
    assert any("tvm-4" in row and "somebody else" in row for row in view.rollout.outcome["left_out"])
    assert versions(rehearsal)[NEW] == 9


def test_a_node_that_somebody_closes_meanwhile_is_theirs(rehearse: Rehearse) -> None:
    """Closed by somebody between the reading and our call: the call is refused, and the node is left to them (R55)."""
    rehearsal = rehearse(pool_world(5))
    ports, others = rehearsal.ports(), pool_of(rehearsal)
    disable = ports.driver.disable_scheduling

    def race(fleet: Any, node: str, guard: Any, **more: Any) -> None:  # noqa: ANN401 - as the port has them
        if node == "tvm-0":
            others.close(node)
        disable(fleet, node, guard, **more)

    view = roll_out(rehearsal, ports=bent(ports, disable_scheduling=race))

    assert others.closed() == {"tvm-0"}
    assert "tvm-0" not in view.swaps
    assert view.rollout.closed == {}


def test_a_node_that_somebody_opens_is_closed_again(rehearse: Rehearse) -> None:
    """A draining node that somebody enables is closed again before its swap, and its new work is waited for (R55)."""

    def meddle(pool: PoolSide) -> None:
        pool.open("tvm-3")
        pool.give_work("tvm-3", seconds=900)

    rehearsal = rehearse(pool_world(5, running={"tvm-3": 3000}), clock=eventful(at(2000, meddle)))

    view = roll_out(rehearsal, drain=waits(when_busy=WhenBusy.WAIT))

    assert told(view)["status"] == "Completed"
    assert versions(rehearsal) == {NEW: 5}
    assert is_clean(rehearsal)


@pytest.mark.parametrize("is_applied", [True, False], ids=["applied", "never arrived"])
@pytest.mark.parametrize("method", ["disable_scheduling", "enable_scheduling"])
def test_a_lost_answer_closes_and_opens_once(rehearse: Rehearse, method: str, is_applied: bool) -> None:
    """A call whose answer is lost is read before it is sent again: the node is upgraded and opened all the same (R55)."""
    rehearsal = rehearse(pool_world(5))
    ports, lost = rehearsal.ports(), []
    inner: Callable[..., None] = getattr(ports.driver, method)

    def lose(fleet: Any, node: str, guard: Any, **more: Any) -> None:  # noqa: ANN401 - as the port has them
        if node == "tvm-2" and not lost:
            lost.append(node)
            if is_applied:
                inner(fleet, node, guard, **more)
            raise AnswerLostError("the connection was cut")
        inner(fleet, node, guard, **more)

    view = roll_out(rehearsal, ports=bent(ports, **{method: lose}))

    assert lost == ["tvm-2"]
    assert told(view)["status"] == "Completed"
    assert versions(rehearsal) == {NEW: 5}
    assert is_clean(rehearsal)


def refusing(rehearsal: Rehearsal, method: str, *nodes: str) -> Any:  # noqa: ANN401 - ports
    """Ports whose calls about some nodes are refused; about all, where none are named."""
    ports = rehearsal.ports()
    inner: Callable[..., Answer] = getattr(ports.driver, method)

    def refuse(fleet: Any, node: str, guard: Any, **more: Any) -> Answer:  # noqa: ANN401 - as the port has them
        if not nodes or node in nodes:
            raise CallRefusedError(
                "AuthorizationFailed: no permission for Batch nodes", "AuthorizationFailed", 403
            )
        return inner(fleet, node, guard, **more)

    return bent(ports, **{method: refuse})


def test_nobody_is_swapped_where_nobody_can_be_closed(rehearse: Rehearse) -> None:
    """Azure lets no node be closed: the rollout stops with its words, nothing swapped and nothing closed (R55)."""
    rehearsal = rehearse(pool_world(5))

    view = roll_out(rehearsal, ports=refusing(rehearsal, "disable_scheduling"))

    assert told(view)["status"] == "Faulted"
    assert "no permission for Batch nodes" in view.rollout.reason_message
    assert (view.swaps, view.rollout.closed) == ({}, {})


def test_one_node_that_cannot_be_closed_is_left(rehearse: Rehearse) -> None:
    """One node that Azure lets nobody close is left and reported, the others are upgraded (R55)."""
    rehearsal = rehearse(pool_world(10))

    view = roll_out(rehearsal, ports=refusing(rehearsal, "disable_scheduling", "tvm-1"))

    assert told(view)["status"] == "Completed"
    assert "1 left busy: tvm-1: Azure refused to disable its scheduling" in view.rollout.reason_message
    assert versions(rehearsal)[NEW] == 9
    assert is_clean(rehearsal)


def test_what_could_not_be_opened_is_opened_by_the_next_rollout(
    rehearse: Rehearse, caplog: pytest.LogCaptureFixture
) -> None:
    """A node that cannot be opened is told with the command that opens it and stays in the ledger; the next rollout opens it (R55)."""
    rehearsal = rehearse(pool_world(5))
    roll_out(rehearsal, ports=refusing(rehearsal, "enable_scheduling", "tvm-1"))
    left, kept = pool_of(rehearsal).closed(), set(stored(rehearsal).rollout.closed)
    command = "`az batch node scheduling enable --pool-id frames --node-id tvm-1`"

    roll_out(rehearsal, owner="second")

    assert (left, kept) == ({"tvm-1"}, {"tvm-1"})
    assert any(command in line and SUBSCRIPTION in line for line in caplog.messages)
    assert pool_of(rehearsal).closed() == set()
    assert stored(rehearsal).rollout.closed == {}


def test_a_hold_opens_everything(rehearse: Rehearse, desk: Desk) -> None:
    """While a person holds the rollout its nodes take work, those that drained too; after the release it goes on (R55)."""
    seen: list[set[str]] = []
    rehearsal = staged(
        rehearse,
        desk,
        pool_world(5, running={"tvm-3": 3000}),
        (1000, desk.hold(HoldSubject.FLEET, POOL_ID.lower())),
        at(2000, lambda pool: seen.append(pool.closed())),
        (2500, desk.release(HoldSubject.FLEET, POOL_ID.lower())),
    )

    view = roll_out(rehearsal, drain=waits(when_busy=WhenBusy.WAIT))

    assert seen == [set()]
    assert told(view)["status"] == "Completed"
    assert versions(rehearsal) == {NEW: 5}
    assert is_clean(rehearsal)


def test_without_deferral_nobody_is_closed(rehearse: Rehearse) -> None:
    """A pool without deferral is upgraded with its work: one call a node, the tasks are queued again, nobody is waited for (R55)."""
    rehearsal = rehearse(pool_world(5, deferral=False, running={"tvm-0": FOR_EVER}))

    view = roll_out(rehearsal)

    assert told(view)["status"] == "Completed"
    assert versions(rehearsal) == {NEW: 5}
    assert rehearsal.admin.mutating() == 5
    assert view.rollout.left_busy == {}


def test_the_budget_counts_those_that_drain(rehearse: Rehearse) -> None:
    """While busy nodes drain and others are swapped, never more than the cap takes no work (R9, R55)."""
    out: list[int] = []

    def count(pool: PoolSide) -> None:
        out.append(
            len(pool.closed() | {i for i, state in pool.states().items() if state not in {"idle", "running"}})
        )

    rehearsal = rehearse(
        pool_world(10, running=working(range(6), 500)),
        clock=eventful(*(at(float(second), count) for second in range(5, 1500, 20))),
    )

    roll_out(rehearsal)

    assert max(out) <= 2
    assert is_clean(rehearsal)


def test_a_cancel_ends_the_wait_and_opens_everything(rehearse: Rehearse) -> None:
    """A cancel while a node drains: nothing further is swapped, the node is opened at once and keeps its task (R55)."""
    rehearsal = rehearse(
        pool_world(5, running={"tvm-3": FOR_EVER}), clock=eventful(at(1000, lambda _pool: cancel()))
    )
    ledger = rehearsal.ports().ledger

    def cancel() -> None:
        now = rehearsal.clock.now()
        assert request_cancel(ledger, POOL_ID.lower(), actor="ann", reason="not today", now=now) is not None

    view = roll_out(rehearsal, drain=waits(when_busy=WhenBusy.WAIT))

    assert told(view)["status"] == "Cancelled"
    assert "tvm-3" not in view.swaps
    assert pool_of(rehearsal).node("tvm-3")["state"] == "running"
    assert is_clean(rehearsal)


def test_a_process_that_gives_up_in_mid_wait_opens_what_is_seen_being_swapped(rehearse: Rehearse) -> None:
    """R55: interrupted while disks are replaced, a rollout opens their nodes too: work comes after the boot, and the next run ends the swaps."""
    rehearsal = rehearse(pool_world(10))
    ports = rehearsal.ports()
    read, begun = ports.driver.list_instances, False

    def interrupted(fleet: Any) -> Any:  # noqa: ANN401 - as the port has it
        nonlocal begun
        nodes = read(fleet)
        if not begun and sum(not node.is_provisioned for node in nodes) == 2:
            begun = True
            raise KeyboardInterrupt
        return nodes

    with pytest.raises(KeyboardInterrupt):
        roll_out(rehearsal, ports=bent(ports, list_instances=interrupted), trigger="manual")
    during = pool_of(rehearsal).closed()
    kept = dict(stored(rehearsal).rollout.closed)

    view = roll_out(rehearsal, owner="second", trigger="manual")

    assert (during, kept) == (set(), {})
    assert told(view)["status"] == "Completed"
    assert versions(rehearsal) == {NEW: 10}
    assert is_clean(rehearsal)


def test_a_process_that_gives_up_opens_what_is_not_being_swapped(
    rehearse: Rehearse, caplog: pytest.LogCaptureFixture
) -> None:
    """Interrupted in the middle of its calls, a rollout opens what drains, keeps what is being swapped closed and names it; the next run ends it (R55)."""
    rehearsal = rehearse(pool_world(20, running=working(range(17), 400)))
    ports = rehearsal.ports()
    begin = ports.driver.begin_swap

    def interrupted(fleet: Any, nodes: Any, version: str, guard: Any) -> str:  # noqa: ANN401 - as the port has them
        if "tvm-18" in nodes:
            raise KeyboardInterrupt
        return begin(fleet, nodes, version, guard)

    with pytest.raises(KeyboardInterrupt):
        roll_out(rehearsal, ports=bent(ports, begin_swap=interrupted))
    kept = set(stored(rehearsal).rollout.closed)
    during = pool_of(rehearsal).closed()

    view = roll_out(rehearsal, owner="second")

    assert kept == during == {"tvm-17", "tvm-18", "tvm-19"}
    assert any("--node-id tvm-17" in line and "their swap is not over" in line for line in caplog.messages)
    assert told(view)["status"] == "Completed"
    assert versions(rehearsal) == {NEW: 20}
    assert is_clean(rehearsal)


def test_a_pool_without_known_zones_goes_node_by_node(rehearse: Rehearse) -> None:
    """A Zonal pool whose zones Azure hides is upgraded one node a batch, alone in its region (R48, R55)."""
    rehearsal = rehearse(pool_world(5, zonal=True, rolling=BROAD))

    view = roll_out(rehearsal)

    assert [len(batch.instance_ids) for batch in view.batches] == [1] * 5
    assert versions(rehearsal) == {NEW: 5}
    assert is_clean(rehearsal)


def test_a_zonal_pool_whose_zones_are_known_goes_zone_by_zone(rehearse: Rehearse) -> None:
    """In user subscription mode the machines tell the zones: no batch crosses one, and none is interrupted (R48, R55)."""
    rehearsal = rehearse(pool_world(9, mode=USER_SUBSCRIPTION, zonal=True, running=working(range(4), 500)))

    view = roll_out(rehearsal)

    assert {batch.zone for batch in view.batches} == {"1", "2", "3"}
    assert versions(rehearsal) == {NEW: 9}
    assert is_clean(rehearsal)


def test_the_clock_of_a_deadline_goes_on_over_a_crash(rehearse: Rehearse) -> None:
    """Whoever resumes leaves a busy node thirty minutes after it was closed, not after the crash (R55)."""
    rehearsal = rehearse(
        pool_world(5, running={"tvm-3": FOR_EVER}), clock=eventful(at(1200, lambda _pool: die()))
    )
    mortal = Mortal()

    def die() -> None:
        if not mortal.is_dead:
            mortal.is_dead = True
            raise Killed("at 20 minutes")

    with pytest.raises(Killed):
        roll_out(rehearsal, ports=mortal.ports(rehearsal.ports()))
    since = stored(rehearsal).rollout.closed["tvm-3"]
    rehearsal.wall.advance(31)

    view = roll_out(rehearsal, owner="second")

    assert list(view.rollout.left_busy) == ["tvm-3"]
    assert view.rollout.ended_at is not None
    assert 1800 <= (view.rollout.ended_at - since).total_seconds() < 1900
    assert is_clean(rehearsal)
