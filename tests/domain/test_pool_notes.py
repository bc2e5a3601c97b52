"""What the plan of a Batch pool says about its work, its zones and the way its disks are replaced."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from fleet_builders import NEW, a_fleet, a_pool, a_set, upgraded

from fleetwright.domain.batch_pools import BatchPool, NodeUpgradeWay
from fleetwright.domain.drains import DrainPolicy, RunningTask, WhenBusy
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.instances import Instance
from fleetwright.domain.policy import UpgradePolicy
from fleetwright.domain.pool_notes import keeps_waiting, tell_pool

UNDEFERRED = a_pool(policy=UpgradePolicy(enable_automatic_os_upgrade=True))
DRAIN = DrainPolicy(timedelta(hours=1), grace=timedelta(minutes=2))


def working(size: int, **tasks: int) -> tuple[Instance, ...]:
    """Nodes ``n0``, ``n1``, ... with so many tasks each; none where not named."""
    return tuple(
        replace(node, running_tasks=tuple(RunningTask(f"job/{t}") for t in range(tasks.get(f"n{i}", 0))))
        for i, node in enumerate(a_set(size))
    )


def notes(
    fleet: Fleet, nodes: tuple[Instance, ...] = a_set(5), drain: DrainPolicy = DRAIN
) -> tuple[str, ...]:
    """All of them."""
    return tell_pool(fleet, nodes, NEW, drain)


def note_of(rule: str, *given: object) -> str:
    """The one note that ends with the rule."""
    (found,) = [note for note in notes(*given) if note.endswith(f"({rule})")]
    return found


def test_a_scale_set_has_none() -> None:
    """R54: what is said here is about pools only."""
    assert notes(a_fleet()) == ()


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (NodeUpgradeWay.DATA_PLANE, "reimaged by the pool's data plane"),
        (NodeUpgradeWay.SCALE_SET, "reimaged as instances of the scale set behind the pool"),
    ],
)
def test_the_plan_says_by_what_disks_are_replaced_and_why(way: NodeUpgradeWay, words: str) -> None:
    """R54: node reimage is documented for cloud service pools only, and the plan says what that means here."""
    (first, *_) = notes(a_pool(pool=BatchPool("acct", way=way)))

    assert words in first
    assert "node reimage is documented for cloud service pools only" in first


@pytest.mark.parametrize(
    ("when", "words"),
    [
        (WhenBusy.SKIP, "still busy 1h after it was closed is left as it is, opened again and reported (skip)"),
        (WhenBusy.REQUEUE, "still busy 1h after it was closed has its tasks ended and queued again 2m later, and is upgraded (requeue)"),
        (WhenBusy.WAIT, "stays busy is waited for, however long that takes (wait)"),
    ],
)  # fmt: skip
def test_with_deferral_the_plan_says_for_how_long_and_what_then(when: WhenBusy, words: str) -> None:
    """R55: the deadline and the policy stand in the plan, with who works now."""
    note = note_of("R55", a_pool(), working(5, n1=2, n4=1), replace(DRAIN, when_busy=when))

    assert words in note
    assert "2 of 5 nodes to be upgraded run 3 tasks now (1, 4)" in note
    assert "idle ones first" in note


def test_without_deferral_the_plan_says_how_many_are_interrupted() -> None:
    """N28: nodes upgrade even while running tasks, and the tasks are queued again."""
    assert note_of("N28", UNDEFERRED, working(5, n0=1)) == (
        "osRollingUpgradeDeferral is false: 1 of 5 nodes to be upgraded run 1 task now (0): "
        "they are upgraded anyway, and their tasks are queued again (N28)"
    )


def test_without_deferral_and_without_work_the_plan_says_what_would_happen() -> None:
    """N28: nobody works now, but somebody may when the batch comes."""
    assert "no node to be upgraded runs a task now, and those that do when their turn comes" in note_of(
        "N28", UNDEFERRED
    )


def test_nodes_that_stay_as_they_are_do_not_count() -> None:
    """N28: work on nodes that are on the version already is interrupted by nobody."""
    nodes = (upgraded(working(1, n0=4)[0]), *working(3, n1=1)[1:])

    assert "1 of 2 nodes to be upgraded run 1 task now (1)" in note_of("N28", UNDEFERRED, nodes)


def test_a_zonal_pool_without_known_zones_goes_node_by_node() -> None:
    """R48: where no zone is shown no two nodes may be out at once, and the plan says why it is slow."""
    zonal = a_pool(pool=BatchPool("acct", is_zonal=True))

    assert "one at a time" in note_of("R48", zonal)
    assert not any("(R48)" in note for note in notes(zonal, a_set(6, zones=3)))


def test_low_priority_nodes_are_named() -> None:
    """O9: they come and go without us."""
    assert "the pool has 3 low-priority nodes" in note_of(
        "O9", a_pool(pool=BatchPool("acct", low_priority_nodes=3))
    )


@pytest.mark.parametrize(
    ("fleet", "asked", "is_told"),
    [
        (a_pool(), replace(DRAIN, when_busy=WhenBusy.WAIT), True),
        (a_pool(), DRAIN, False),
        (a_pool(), DrainPolicy(), False),
        (UNDEFERRED, replace(DRAIN, when_busy=WhenBusy.WAIT), False),
    ],
    ids=["other", "the same", "none", "nobody waits"],
)
def test_who_resumes_is_told_which_deadlines_count(fleet: Fleet, asked: DrainPolicy, is_told: bool) -> None:
    """R55: the policy of a rollout is fixed when it begins; who asks for another one later is told."""
    told = keeps_waiting(fleet, DRAIN, asked)

    assert bool(told) is is_told
    assert all("still busy 1h after it was closed" in note for note in told)
