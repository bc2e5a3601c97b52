"""Rollouts of Batch pools as DAG runs: nodes at work are waited for without a worker, and opened whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from airflow_runs import Ran, run_dag, when
from rollout_steps import begin, reopen
from small_worlds import NEW, OLD, Emulated, pool_world, world
from test_triggers import stored

from fleetwright.airflow import triggers
from fleetwright.airflow.operators.step import airflow_errors
from fleetwright.airflow.triggers import RolloutWaitTrigger
from fleetwright.domain.errors import GivenBackError
from fleetwright.domain.fleets import parse_fleet_id
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.records import RolloutView
from fleetwright.domain.states import RolloutState
from fleetwright.ledger.store import open_ledger
from fleetwright.rollout import facts, heeding
from fleetwright.rollout.cancelling import request_cancel
from fleetwright.rollout.opening import give_nodes_back
from fleetwright.rollout.selecting import Wait, choose_batch

RollOut = Callable[..., Ran]

NOW = datetime(2024, 6, 1, tzinfo=UTC)
POOLS, SCALE_SETS = "batch_pool_rollout", "scale_set_rollout"
AT_WORK = {"tvm-1": -1, "tvm-3": -1}  # until somebody ends it
WAITING = "waiting for nodes that are at work"
ENABLE = "*/enablescheduling"


@pytest.fixture
def roll_pool_out(airflow_database: None, ledger_url: str) -> RollOut:
    """Run the DAG of pools; a node that is at work is left after two seconds unless told otherwise."""

    def run(fleet: str, after: dict[str, Callable[[], None]] | None = None, **conf: object) -> Ran:
        quick = {"poll_seconds": 0.1, "health_timeout_seconds": 2, "drain_deadline_seconds": 3}
        return run_dag(after, dag_id=POOLS, **{"fleet": fleet, **quick, **conf})

    return run


def newest(ledger_url: str, fleet: str) -> RolloutView:
    """The pool's newest rollout."""
    ledger = open_ledger(ledger_url)
    try:
        return ledger.list_rollouts(parse_fleet_id(fleet).key)[0]
    finally:
        ledger.close()


def test_a_pool_is_upgraded_and_a_node_that_never_rests_is_left(
    emulator: Emulated, roll_pool_out: RollOut, ledger_url: str
) -> None:
    """R54, R55: idle nodes first, a node at work once it is idle, and the one that stays busy is skipped with its reason."""
    fleet = emulator.serve(pool_world(running=AT_WORK))

    with when(WAITING, lambda: emulator.end_work("tvm-1")):
        ran = roll_pool_out(fleet, trigger="automatic")

    assert ran.state == "success", ran.errors
    judged = emulator.judged_pool()
    assert judged["imageVersions"] == {NEW: 3, OLD: 1}
    assert judged["runningNodesInterrupted"] == 0
    assert emulator.closed_nodes() == []
    view = newest(ledger_url, fleet)
    assert view.batches[0].instance_ids == ("tvm-0", "tvm-2")
    assert list(view.rollout.left_busy) == ["tvm-3"]
    assert "job/tvm-3-1" in view.rollout.left_busy["tvm-3"]
    assert view.rollout.closed == {}
    assert emulator.broken_rules() == []


def test_the_log_lists_who_holds_up_the_finish(emulator: Emulated, roll_pool_out: RollOut) -> None:
    """R55: while nodes are waited for, the log names node, task and age, until when, and what then."""
    fleet = emulator.serve(pool_world(2, running={"tvm-0": -1, "tvm-1": -1}))

    ran = roll_pool_out(fleet)

    assert ran.state == "success", ran.errors
    (line,) = {line.strip() for line in ran.log if line.strip().startswith("tvm-0 runs job/tvm-0-1")}
    assert "waited for until" in line
    assert "then left as it is" in line
    assert any(line.startswith("tvm-0 is left as it is: it still ran job/tvm-0-1") for line in ran.log)


def test_tasks_are_queued_again_after_the_grace(emulator: Emulated, roll_pool_out: RollOut) -> None:
    """R55: with ``requeue`` a node that stays busy is upgraded all the same, and the referee knows that it was ordered."""
    fleet = emulator.serve(pool_world(2, running={"tvm-1": -1}))

    ran = roll_pool_out(
        fleet, drain_deadline_seconds=0.5, when_busy="requeue", drain_grace_seconds=0.5, trigger="automatic"
    )

    assert ran.state == "success", ran.errors
    judged = emulator.judged_pool()
    assert judged["imageVersions"] == {NEW: 2}
    assert (judged["runningNodesInterrupted"], judged["tasksEndedByOrder"]) == (0, 1)
    assert emulator.closed_nodes() == []


def test_a_rollout_that_stops_opens_its_nodes(
    emulator: Emulated, roll_pool_out: RollOut, ledger_url: str
) -> None:
    """R12, R55: the run is red with Azure's code, and every node is given work again."""
    fleet = emulator.serve(pool_world(4, bad=("0", "1", "2", "3"), running={"tvm-3": -1}))

    ran = roll_pool_out(fleet, drain_deadline_seconds=60)

    assert ran.state == "failed"
    assert newest(ledger_url, fleet).rollout.state is RolloutState.FAULTED
    assert emulator.closed_nodes() == []
    assert emulator.judged_pool()["runningNodesInterrupted"] == 0


def test_the_teardown_opens_what_a_broken_run_left_closed(
    emulator: Emulated, roll_pool_out: RollOut, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R55: every try of a task dies while nodes are waited for; nothing finishes, and the teardown opens them."""
    fleet = emulator.serve(pool_world(2, running={"tvm-0": -1, "tvm-1": -1}))
    closed: list[list[str]] = []

    def die(*_: object) -> None:
        closed.append(emulator.closed_nodes())
        raise RuntimeError("killed while nodes are waited for")

    monkeypatch.setattr(triggers, "wait_to_choose", die)
    ran = roll_pool_out(fleet)

    assert ran.state == "failed"
    assert closed[0]
    assert (ran.tasks["finish"], ran.tasks["release_lease"]) == ("upstream_failed", "success")
    assert "is not over, whatever color this run has" in ran.text
    assert emulator.closed_nodes() == []
    assert newest(ledger_url, fleet).rollout.closed == {}
    assert open_ledger(ledger_url).list_locks() == ()


def test_nodes_that_cannot_be_opened_are_told_with_what_to_do_by_hand(
    emulator: Emulated, roll_pool_out: RollOut, ledger_url: str
) -> None:
    """R55: Azure refuses to open them: the log has the command, the fleet is free, and the next rollout opens them."""
    made = pool_world(2)
    made["faults"] = [{"match": {"method": "POST", "path": ENABLE}, "effect": {"status": 403}}]
    fleet = emulator.serve(made)

    first = roll_pool_out(fleet)
    left = emulator.closed_nodes()
    emulator.forget_faults()
    second = roll_pool_out(fleet)

    assert left
    assert "az batch node scheduling enable --pool-id frames --node-id tvm-0" in first.text
    assert (first.tasks["release_lease"], second.state) == ("success", "success")
    assert emulator.closed_nodes() == []
    assert open_ledger(ledger_url).list_locks() == ()


def test_an_azure_that_is_gone_at_the_end_is_told_with_what_to_do_by_hand(
    emulator: Emulated, roll_pool_out: RollOut, connect: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """R55: where the teardown cannot even read the pool, it warns with each node's command and frees the fleet."""
    fleet = emulator.serve(pool_world(2, running={"tvm-0": -1, "tvm-1": -1}))

    def vanish(*_: object) -> None:
        connect("http://127.0.0.1:9", extra={"token": "t"})
        raise RuntimeError("killed while nodes are waited for")

    monkeypatch.setattr(triggers, "wait_to_choose", vanish)
    ran = roll_pool_out(fleet)

    assert (ran.state, ran.tasks["release_lease"]) == ("failed", "success")
    assert "az batch node scheduling enable --pool-id frames --node-id tvm-0" in ran.text
    assert "is free again" in ran.text


def test_a_worker_that_dies_between_closing_and_swapping_is_gone_on_from(
    emulator: Emulated, roll_pool_out: RollOut, ledger_url: str
) -> None:
    """R44, R55: the next run goes on with the same rollout, knows whom it closed, and opens them in the end."""
    fleet = emulator.serve(pool_world(4, running={"tvm-1": -1}))
    first = begin(fleet)
    choose_batch(first)
    died_with = emulator.closed_nodes()
    first.ports.ledger.release(first.rollout_id, owner=first.lease.holder)

    with when(WAITING, lambda: emulator.end_work("tvm-1")):
        ran = roll_pool_out(fleet)

    assert died_with == ["tvm-0", "tvm-2"]
    assert ran.state == "success", ran.errors
    assert newest(ledger_url, fleet).rollout.rollout_id == first.rollout_id
    assert emulator.judged_pool()["imageVersions"] == {NEW: 4}
    assert emulator.judged_pool()["runningNodesInterrupted"] == 0
    assert emulator.closed_nodes() == []


def test_a_cleared_choice_closes_nobody_twice(emulator: Emulated, ledger_url: str) -> None:
    """R44, R55: a task that is cleared after it closed nodes finds them closed, and chooses the same ones."""
    first = begin(emulator.serve(pool_world(4)))
    chosen = choose_batch(first)
    calls = emulator.mutating_calls()

    again = choose_batch(reopen(first.rollout_id))

    assert again.instance_ids == chosen.instance_ids
    assert emulator.mutating_calls() == calls


def test_a_call_that_closes_a_node_after_its_process_was_killed_is_outwaited(
    emulator: Emulated, ledger_url: str
) -> None:
    """R55: a teardown that comes right after a kill opens also the node whose call to be closed arrives later."""
    session = begin(emulator.serve(pool_world(2, running={"tvm-0": -1, "tvm-1": -1})))
    close = partial(session.ports.driver.disable_scheduling, session.fleet, "tvm-0", session.guard)
    session.write(facts.nodes_closed(("tvm-0",), session.now()))

    with when("tvm-0: a call to disable their scheduling may be on its way", close) as late:
        give_nodes_back(session)

    assert late.done
    assert emulator.closed_nodes() == []
    assert session.view.rollout.closed == {}


def test_a_task_that_comes_after_the_teardown_closes_nobody(emulator: Emulated, ledger_url: str) -> None:
    """R44, R55: a choice that a person cleared beside the end of its run may not go on: nobody would open its nodes."""
    session = begin(emulator.serve(pool_world(4, running=AT_WORK)))
    choose_batch(session)
    give_nodes_back(session)
    session.ports.ledger.release(session.rollout_id, owner=session.lease.holder)

    with pytest.raises(GivenBackError), airflow_errors():
        reopen(session.rollout_id)

    assert emulator.closed_nodes() == []


def test_a_cancel_ends_the_wait_and_opens_the_nodes(
    emulator: Emulated, roll_pool_out: RollOut, ledger_url: str
) -> None:
    """R55: whoever cancels while nodes are waited for does not wait for them: the run ends, and they take work again."""
    fleet = emulator.serve(pool_world(2, running={"tvm-0": -1, "tvm-1": -1}))

    def cancel() -> None:
        ledger = open_ledger(ledger_url)
        request_cancel(ledger, parse_fleet_id(fleet).key, actor="ann", reason="a trade fair", now=NOW)
        ledger.close()

    with when(WAITING, cancel) as cancelled:
        ran = roll_pool_out(fleet, when_busy="wait")

    assert cancelled.done
    assert ran.errors["finish"] == "Cancelled: cancelled by ann: a trade fair"
    assert emulator.judged_pool()["imageVersions"] == {OLD: 2}
    assert emulator.closed_nodes() == []


def test_a_hold_gives_the_nodes_work_until_it_is_released(
    emulator: Emulated, roll_pool_out: RollOut, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R55: a hold may last for days: nothing is closed meanwhile, and the release closes and upgrades as before."""
    monkeypatch.setattr(heeding, "SHORTEST_LOOK", heeding.SHORTEST_LOOK / 100)
    fleet = emulator.serve(pool_world(2, running={"tvm-0": -1, "tvm-1": -1}))
    closed: list[list[str]] = []

    def hold() -> None:
        ledger = open_ledger(ledger_url)
        ledger.add_hold(Hold(HoldSubject.FLEET, fleet.lower(), "ann", "a trade fair", NOW))
        ledger.close()

    def let_go() -> None:
        closed.append(emulator.closed_nodes())
        ledger = open_ledger(ledger_url)
        ledger.release_holds(HoldSubject.FLEET, fleet.lower(), actor="bob", reason="over", at=NOW)
        ledger.close()
        emulator.end_work("tvm-0", "tvm-1")

    with when(WAITING, hold), when("no further batch begins: ", let_go):
        ran = roll_pool_out(fleet)

    assert closed == [[]]
    assert ran.state == "success", ran.errors
    assert emulator.judged_pool()["imageVersions"] == {NEW: 2}
    assert emulator.judged_pool()["runningNodesInterrupted"] == 0


def test_the_wait_for_idle_nodes_is_plain_json(emulator: Emulated, ledger_url: str) -> None:
    """R55: what Airflow stores of the wait makes the same wait again on any triggerer, without a secret."""
    session = begin(emulator.serve(pool_world(2, running={"tvm-0": -1, "tvm-1": -1})))
    chosen = choose_batch(session)
    assert chosen.wait is Wait.IDLE
    trigger = RolloutWaitTrigger.for_session(session, chosen.wait, "azure_rm_default", chosen.since)

    path, arguments = trigger.serialize()

    assert json.loads(json.dumps(arguments)) == arguments
    assert stored(trigger).serialize() == (path, arguments)
    assert "a-token-that-nobody-may-read" not in json.dumps(arguments)


def test_a_dry_run_closes_nobody(emulator: Emulated, roll_pool_out: RollOut) -> None:
    """R55: the plan says how many nodes work and what becomes of them; nothing is changed."""
    fleet = emulator.serve(pool_world(running=AT_WORK))

    ran = roll_pool_out(fleet, dry_run=True)

    assert ran.state == "success"
    assert "2 of 4 nodes to be upgraded run 2 tasks now (tvm-1, tvm-3)" in ran.text
    assert (emulator.mutating_calls(), emulator.closed_nodes()) == (0, [])


def test_a_fleet_on_the_wrong_dag_is_refused_with_the_right_one(
    emulator: Emulated, roll_out: RollOut, roll_pool_out: RollOut
) -> None:
    """R54: validate is red at once, names the DAG to trigger instead, and nothing is touched."""
    pool = emulator.serve(pool_world(2))
    wrong_for_pool = roll_out(pool)
    scale_set = emulator.serve(world(2))
    wrong_for_set = roll_pool_out(scale_set)

    for ran, right in ((wrong_for_pool, POOLS), (wrong_for_set, SCALE_SETS)):
        assert (ran.state, ran.tasks["validate"], ran.tries["validate"]) == ("failed", "failed", 1)
        assert ran.errors["validate"].endswith(f"trigger {right} for it")
    assert emulator.mutating_calls() == 0
