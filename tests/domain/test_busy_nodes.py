"""The live list of who holds up a rollout: node, task, age, since when closed, until when waited for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fleet_builders import NOW, POOL_ID, a_set, after, settings, upgraded

from fleetwright.domain import busy_nodes
from fleetwright.domain.busy_nodes import list_busy
from fleetwright.domain.drains import DrainPolicy, RunningTask, WhenBusy
from fleetwright.domain.instances import Instance
from fleetwright.domain.records import RolloutRecord, RolloutView
from fleetwright.domain.states import RolloutState

TASK = RunningTask("render/frame-7", after(-600))
SKIP = DrainPolicy(timedelta(minutes=30))


def nodes(*busy: int, size: int = 4) -> tuple[Instance, ...]:
    """Nodes of which some run a task."""
    return tuple(
        replace(node, running_tasks=(TASK,) if i in busy else ()) for i, node in enumerate(a_set(size))
    )


def under_way(drain: DrainPolicy = SKIP, **changes: object) -> RolloutView:
    """A rollout of the pool to NEW."""
    return RolloutView(RolloutRecord("r1", settings(fleet_id=POOL_ID, drain=drain), **changes))


def becomes(found: tuple[busy_nodes.BusyNode, ...]) -> dict[str, str]:
    """What becomes of each node."""
    return {node.node_id: node.becomes for node in found}


def test_those_who_hold_up_the_rollout_come_first_whoever_was_closed_first() -> None:
    """R55: closed nodes by the instant at which they were closed, then the others by number."""
    view = under_way(closed={"3": after(-60), "2": after(-120)})

    found = list_busy(nodes(0, 2, 3), view, NOW, waits=True)

    assert [node.node_id for node in found] == ["2", "3", "0"]
    assert [node.closed_since for node in found] == [after(-120), after(-60), None]
    assert [node.deadline for node in found] == [after(1680), after(1740), None]


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (WhenBusy.SKIP, "waited for until 2024-06-01 12:29:00Z, then left as it is"),
        (WhenBusy.REQUEUE, "then its tasks are ended and queued again at 2024-06-01 12:34:00Z"),
        (WhenBusy.WAIT, "waited for without a deadline"),
    ],
)
def test_what_follows_the_deadline_is_said(when: WhenBusy, words: str) -> None:
    """R55: each policy in its own words; one without a deadline shows none."""
    view = under_way(replace(SKIP, when_busy=when), closed={"1": after(-60)})

    (node,) = list_busy(nodes(1), view, NOW, waits=True)

    assert words in node.becomes
    assert (node.deadline is None) is (when is WhenBusy.WAIT)


def test_everybody_else_is_told_by_why_they_are_not_waited_for_now() -> None:
    """R55: on the version, left at the deadline, closed by somebody else, or simply later."""
    first, second, third, fourth = nodes(0, 1, 2, 3)
    view = under_way(left_busy={"1": "still ran job/t for 1:00:00"})
    present = (upgraded(first), second, replace(third, takes_work=False), fourth)

    assert becomes(list_busy(present, view, NOW, waits=True)) == {
        "0": busy_nodes.ON_TARGET,
        "1": "left as it is: still ran job/t for 1:00:00",
        "2": busy_nodes.OF_SOMEBODY_ELSE,
        "3": busy_nodes.NOT_CLOSED,
    }


def test_without_deferral_nobody_is_waited_for() -> None:
    """N28: the tasks of a node are queued again in its turn."""
    assert becomes(list_busy(nodes(2), under_way(), NOW, waits=False)) == {"2": busy_nodes.NOT_WAITED_FOR}


@pytest.mark.parametrize("view", [None, under_way(state=RolloutState.COMPLETED, closed={"1": after(-60)})])
def test_without_a_rollout_the_work_is_shown_all_the_same(view: RolloutView | None) -> None:
    """R55: who asks before a rollout sees what it would meet; one that has ended waits for nobody."""
    (node,) = list_busy(nodes(1), view, NOW, waits=True)

    assert (node.becomes, node.deadline, node.closed_since) == (busy_nodes.NOT_UPGRADED, None, None)


def test_the_age_of_a_task_is_told_where_batch_tells_it() -> None:
    """R55: a task that Batch does not name has no age."""
    node = replace(nodes(0)[0], running_tasks=(TASK, RunningTask("a task that Batch does not name")))

    (found,) = list_busy((node,), under_way(), NOW, waits=True)

    assert found.to_dict(NOW)["tasks"] == [
        {"task": "render/frame-7", "since": "2024-06-01T11:50:00+00:00", "ageSeconds": 600.0},
        {"task": "a task that Batch does not name", "since": None, "ageSeconds": None},
    ]
