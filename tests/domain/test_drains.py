"""Who of a pool's nodes is closed next, who is swapped, and what becomes of those that never get idle (R55)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fleet_builders import NEW, NOW, a_set, a_situation, after, an_instance
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.batches import list_zones, predict_batches, select_batch, why_not_admitted
from fleetwright.domain.drains import DrainPolicy, RunningTask, WhenBusy
from fleetwright.domain.holdups import (
    find_holdups,
    next_moment,
    to_leave,
    to_requeue,
    why_choose_again,
    why_not_drained,
)
from fleetwright.domain.instances import Health, HealthSource, Instance
from fleetwright.domain.situation import Situation, Standing

TASK = RunningTask("render/frame-1", NOW)
SKIP = DrainPolicy(timedelta(minutes=30), WhenBusy.SKIP)
REQUEUE = DrainPolicy(timedelta(minutes=30), WhenBusy.REQUEUE, timedelta(minutes=5))
WAIT = DrainPolicy(timedelta(minutes=30), WhenBusy.WAIT)


def a_pool(size: int, busy: tuple[int, ...] = (), closed: tuple[int, ...] = (), **more: object) -> Situation:
    """A pool with deferral: these nodes at work, these closed by us."""
    nodes = tuple(
        replace(node, running_tasks=(TASK,) if n in busy else (), takes_work=n not in closed)
        for n, node in enumerate(a_set(size, zones=int(str(more.pop("zones", 0)))))
    )
    values = {
        "waits_for_work": True,
        "closed_ids": frozenset(map(str, closed)),
        "health_source": HealthSource.NODE,
        **more,
    }
    return a_situation(nodes, **values)


def chosen(situation: Situation) -> tuple[str, ...]:
    """Ids of the next batch."""
    return select_batch(situation).chosen_ids


def test_idle_nodes_go_first() -> None:
    """The nodes that run tasks come after all idle ones, in every batch that is predicted (R55)."""
    batches = [batch.chosen_ids for batch in predict_batches(a_pool(10, busy=(0, 1, 2, 3, 4)))]

    assert batches == [("5", "6"), ("7", "8"), ("9", "0"), ("1", "2"), ("3", "4")]


def test_an_unhealthy_node_comes_before_an_idle_one() -> None:
    """What is not ready still goes first of all, and uses no budget (R55)."""
    situation = a_pool(10, busy=(0, 1))
    nodes = tuple(
        replace(n, health=Health.UNHEALTHY) if n.instance_id == "7" else n for n in situation.instances
    )

    assert chosen(replace(situation, instances=nodes)) == ("7", "2")


def test_closed_nodes_use_the_budget_while_they_drain() -> None:
    """Nodes that drain are out of service: with two of a cap of four closed, two more may go (R9, R55)."""
    situation = a_pool(20, busy=tuple(range(10)), closed=(0, 1))

    assert chosen(situation) == ("10", "11", "0", "1")


def test_a_full_budget_chooses_those_that_drain_and_nobody_else() -> None:
    """Where nodes that drain fill the budget, idle ones wait, and nothing is blocked: the chosen ones are waited for (R55)."""
    selection = select_batch(a_pool(20, busy=tuple(range(10)), closed=(0, 1, 2, 3)))

    assert selection.chosen_ids == ("0", "1", "2", "3")
    assert selection.blockers == ()


def test_what_is_closed_and_idle_comes_before_what_is_idle() -> None:
    """A node that has drained is swapped before another is closed (R55)."""
    assert chosen(a_pool(20, busy=(0, 1), closed=(0, 1, 19)))[0] == "19"


def test_a_zone_with_idle_nodes_comes_before_one_without() -> None:
    """Idle nodes go first across zones too, and no zone of busy ones is offered in their place (R48, R55)."""
    situation = a_pool(10, busy=(0, 2, 4, 6, 8), zones=2)

    assert chosen(situation) == ("1", "3")
    assert list_zones(situation) == ("2",)


def test_nodes_whose_zones_nobody_knows_go_one_by_one() -> None:
    """Where a zonal pool hides its zones, no two nodes are in one batch (R48)."""
    sizes = {len(batch.chosen) for batch in predict_batches(a_pool(10, one_by_one=True))}

    assert sizes == {1}


def test_without_deferral_the_work_changes_nothing() -> None:
    """A pool without deferral goes in the order of its nodes, busy ones too, and none has to be closed (R55)."""
    situation = a_pool(10, busy=(0, 1), waits_for_work=False)

    assert chosen(situation) == ("0", "1")
    assert why_not_admitted(situation, frozenset({"0", "1"})) == ""


def test_a_node_that_somebody_else_closed_is_left_alone() -> None:
    """Nobody else's closed node is chosen, and it counts as out of service (R55)."""
    situation = replace(a_pool(10, closed=(3,)), closed_ids=frozenset())
    (choice,) = (c for c in select_batch(situation).left_out if c.instance_id == "3")

    assert choice.standing is Standing.CLOSED
    assert chosen(situation) == ("0",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({}, ""),
        ({"running_tasks": (TASK, TASK)}, "it runs render/frame-1 and 1 more"),
        ({"takes_work": True}, "somebody enabled its scheduling again"),
    ],
    ids=["drained", "at work", "opened"],
)
def test_only_closed_and_idle_nodes_are_admitted(change: dict[str, object], said: str) -> None:
    """Right before a swap a node is refused that runs a task, or takes work (R55)."""
    situation = a_pool(10, closed=(0,))
    nodes = (replace(situation.instances[0], **change), *situation.instances[1:])

    assert said in why_not_admitted(replace(situation, instances=nodes), frozenset({"0"}))
    assert why_not_drained(nodes[0], situation) == said


def test_a_node_that_was_never_closed_is_not_admitted() -> None:
    """An idle node that this rollout has not closed is in no swap (R55)."""
    assert "its scheduling is not disabled by this rollout" in why_not_admitted(a_pool(10), frozenset({"0"}))


@given(st.data())
def test_no_choice_takes_more_out_than_the_cap(data: st.DataObject) -> None:
    """Whatever is busy, closed or ill: what is closed for a batch and what is out already never exceed the cap together (R9, R55)."""
    size = data.draw(st.integers(1, 30))
    numbers = st.sets(st.integers(0, size - 1))
    busy, ill = data.draw(numbers), data.draw(numbers)
    situation = a_pool(size, busy=tuple(busy))
    nodes = tuple(
        replace(n, health=Health.UNHEALTHY) if int(n.instance_id) in ill else n for n in situation.instances
    )
    closed = frozenset(map(str, list(data.draw(numbers))[: situation.cap]))
    nodes = tuple(replace(n, takes_work=n.instance_id not in closed) for n in nodes)
    situation = replace(situation, instances=nodes, closed_ids=closed)
    fresh = frozenset(chosen(situation)) - situation.out_of_service

    assert not fresh or len(situation.out_of_service | fresh) <= situation.cap
    idle_left = {n.instance_id for n in nodes if n.is_idle and n.instance_id not in situation.out_of_service}
    busy_taken = {n.instance_id for n in nodes if not n.is_idle} & fresh
    assert not busy_taken or idle_left <= fresh


def at_work(closed_at: float = 0) -> tuple[dict[str, object], tuple[Instance, ...]]:
    """One closed node that runs a task."""
    node = an_instance(7, running_tasks=(TASK,), takes_work=False)
    return {"7": after(closed_at)}, (node, an_instance(8))


@pytest.mark.parametrize(("seconds", "left"), [(1799, False), (1800, True)])
def test_a_node_is_left_at_its_own_deadline(seconds: float, left: bool) -> None:
    """Thirty minutes after its closing, not before, a busy node is left with task, age and time in the reason (R55)."""
    closed, nodes = at_work()
    found = to_leave(find_holdups(closed, nodes, SKIP), SKIP, after(seconds))

    said = "still ran render/frame-1 for 0:30:00, 0:30:00 after its scheduling was disabled"
    assert found == ({"7": said} if left else {})


@pytest.mark.parametrize(("seconds", "ended"), [(2099, ()), (2100, ("7",))])
def test_tasks_are_queued_again_after_deadline_and_grace(seconds: float, ended: tuple[str, ...]) -> None:
    """Tasks are ended only once the deadline and the stated grace are over, and such a node is never left (R55)."""
    closed, nodes = at_work()
    holdups = find_holdups(closed, nodes, REQUEUE)

    assert to_requeue(holdups, REQUEUE, after(seconds)) == ended
    assert to_leave(holdups, REQUEUE, after(seconds)) == {}


def test_waiting_has_no_deadline() -> None:
    """Where the policy is to wait, nothing is ever due (R55)."""
    closed, nodes = at_work()
    holdups = find_holdups(closed, nodes, WAIT)
    a_year_later = after(365 * 86400)

    assert next_moment(holdups, WAIT, NOW) is None
    assert (to_leave(holdups, WAIT, a_year_later), to_requeue(holdups, WAIT, a_year_later)) == ({}, ())


def test_the_list_of_who_holds_up_the_finish_says_what_comes() -> None:
    """Node, task, age, until when, and what then: for each policy, and after the deadline (R55)."""
    closed, nodes = at_work(60)
    texts = {
        p.when_busy: find_holdups(closed, nodes, p)[0].text(p, after(600)) for p in (SKIP, REQUEUE, WAIT)
    }
    late = find_holdups(closed, nodes, REQUEUE)[0].text(REQUEUE, after(1900))

    assert texts == {
        "skip": "7 runs render/frame-1 for 0:10:00; waited for until 2024-06-01 12:31:00Z, then left as it is",
        "requeue": "7 runs render/frame-1 for 0:10:00; waited for until 2024-06-01 12:31:00Z, "
        "then its tasks are ended and queued again at 2024-06-01 12:36:00Z",
        "wait": "7 runs render/frame-1 for 0:10:00; waited for without a deadline",
    }
    assert late.endswith(
        "its deadline passed at 2024-06-01 12:31:00Z: its tasks are ended and queued again at 2024-06-01 12:36:00Z"
    )


@pytest.mark.parametrize(
    ("policy", "since", "due"),
    [
        (SKIP, 0, 1800),
        (REQUEUE, 0, 1800),
        (REQUEUE, 1800, 2100),
        (REQUEUE, 2100, 2400),
        (REQUEUE, 2399, 2400),
    ],
)
def test_the_next_moment_is_known(policy: DrainPolicy, since: float, due: float) -> None:
    """A wait knows when something is due next: the deadline, the end of the grace, and five minutes later once more (R55)."""
    closed, nodes = at_work()

    assert next_moment(find_holdups(closed, nodes, policy), policy, after(since)) == after(due)


@pytest.mark.parametrize(
    ("change", "now", "said"),
    [
        ({}, 100, ""),
        ({"running_tasks": ()}, 100, "7 is idle"),
        ({"takes_work": True}, 100, "7 takes work again"),
        ({"instance_id": "9"}, 100, "7 does not exist any more"),
        ({}, 1800, "a deadline has passed"),
    ],
    ids=["at work", "idle", "opened", "gone", "deadline"],
)
def test_a_wait_ends_when_something_can_be_done(change: dict[str, object], now: float, said: str) -> None:
    """The wait for idle nodes is over once one is idle, gone or opened by somebody, or a deadline has passed (R55)."""
    closed, (node, other) = at_work()
    situation = a_situation((replace(node, **change), other))

    assert why_choose_again(situation, closed, SKIP, NOW, after(now)) == said
    assert situation.target_version == NEW
