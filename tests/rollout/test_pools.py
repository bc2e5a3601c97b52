"""Whole rollouts of Batch pools over HTTP: what is upgraded, in which order, and who is left alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pool_rehearsals import at, broken, pool_of, roll_out, waits
from pool_worlds import (
    BATCH_SERVICE,
    FOR_EVER,
    POOL_ID,
    USER_SUBSCRIPTION,
    pool_world,
    working,
)
from rehearsals import Rehearsal, eventful, told
from worlds import NEW, OLD, sick

from fleetwright.domain.drains import WhenBusy

Rehearse = Callable[..., Rehearsal]

UPGRADED = "MaxUnhealthyUpgradedInstancePercentExceededInRollingUpgrade"
IN_ROLLOUT = "MaxUnhealthyInstancePercentExceededInRollingUpgrade"
BEFORE = "MaxUnhealthyInstancePercentExceededBeforeRollingUpgrade"
ONE_IN_THREE = {
    "maxBatchInstancePercent": 30,
    "maxUnhealthyInstancePercent": 40,
    "maxUnhealthyUpgradedInstancePercent": 100,
}


def nodes(numbers: range | list[int]) -> set[str]:
    """Their ids."""
    return {f"tvm-{number}" for number in numbers}


@pytest.mark.parametrize("n", [1, 2, 5, 10, 15])
def test_a_pool_goes_as_a_scale_set_does(rehearse: Rehearse, n: int) -> None:
    """R54, R3, R7, R9, R10, R13: an idle pool of any size is upgraded in batches of the floor of 20 %, each node once."""
    rehearsal = rehearse(pool_world(n))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert told(view)["progress"]["successfulInstanceCount"] == n
    assert audit["imageVersions"] == {NEW: n}
    assert audit["swaps"] == dict.fromkeys(nodes(range(n)), 1)
    assert audit["maxOutOfService"] <= max(1, n // 5)
    assert broken(rehearsal) == []
    assert set(pool_of(rehearsal).states().values()) == {"idle"}


def test_working_nodes_come_last_and_finish_their_tasks(rehearse: Rehearse) -> None:
    """R55: idle nodes are upgraded first; one that works is upgraded when its task has ended, and its task is never interrupted."""
    rehearsal = rehearse(pool_world(10, running=working(range(5), 400)))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    order = [node for batch in audit["batches"] for node in batch["instances"]]
    assert told(view)["status"] == "Completed"
    assert set(order[:5]) == nodes(range(5, 10))
    assert audit["imageVersions"] == {NEW: 10}
    assert audit["maxOutOfService"] <= 2
    assert broken(rehearsal) == []


def test_a_node_that_gets_work_after_it_was_read_is_left_to_it(rehearse: Rehearse) -> None:
    """R55: whatever work comes while the rollout goes on, no node is swapped that runs a task."""
    given = [
        at(seconds, lambda pool, n=seconds // 10: pool.give_work(f"tvm-{n}", seconds=45))
        for seconds in (11, 31, 51, 71, 91)
    ]
    rehearsal = rehearse(pool_world(10), clock=eventful(*given))

    view = roll_out(rehearsal)

    assert told(view)["progress"]["successfulInstanceCount"] == 10
    assert broken(rehearsal) == []


def test_without_deferral_tasks_are_queued_again(rehearse: Rehearse) -> None:
    """R55, N28: without deferral running nodes are upgraded at once and their tasks queued again; the referee blames nobody."""
    rehearsal = rehearse(pool_world(10, deferral=False, running=working(range(4), FOR_EVER)))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert told(view)["progress"]["successfulInstanceCount"] == 10
    assert audit["imageVersions"] == {NEW: 10}
    assert audit["tasksRequeued"] >= 4
    assert rehearsal.admin.violations() == []
    assert pool_of(rehearsal).closed() == set()


def test_one_zone_at_a_time_where_the_machines_are_seen(rehearse: Rehearse) -> None:
    """N29, R48, R54: a zonal pool in user subscription mode goes zone by zone, in batches of several nodes."""
    rehearsal = rehearse(pool_world(15, mode=USER_SUBSCRIPTION, zonal=True))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert told(view)["progress"]["successfulInstanceCount"] == 15
    assert audit["maxZonesInFlight"] == 1
    assert max(len(batch["instances"]) for batch in audit["batches"]) > 1
    assert broken(rehearsal) == []


def test_one_node_at_a_time_where_zones_are_hidden(rehearse: Rehearse) -> None:
    """N29, R48, R54: nobody sees the zones of a zonal pool in Batch's own subscription, so its nodes go one by one."""
    rehearsal = rehearse(pool_world(6, mode=BATCH_SERVICE, zonal=True))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert told(view)["progress"]["successfulInstanceCount"] == 6
    assert (audit["maxInFlight"], audit["maxZonesInFlight"]) == (1, 1)
    assert broken(rehearsal) == []


def test_a_pool_pauses_between_batches(rehearse: Rehearse) -> None:
    """R54, C7: a pool's own policy sets its batches and the pause between them."""
    rehearsal = rehearse(
        pool_world(
            4,
            rolling={
                "maxBatchInstancePercent": 50,
                "maxUnhealthyInstancePercent": 50,
                "maxUnhealthyUpgradedInstancePercent": 50,
                "pauseTimeBetweenBatches": "PT10M",
            },
        )
    )

    view = roll_out(rehearsal)

    first, second = view.batches
    assert first.settled_at is not None
    assert second.began_at is not None
    assert (second.began_at - first.settled_at).total_seconds() >= 600
    assert [len(batch.instance_ids) for batch in view.batches] == [2, 2]
    assert broken(rehearsal) == []


def test_a_node_that_fails_gets_its_version_back(rehearse: Rehearse) -> None:
    """R11, R54, R55: a node whose agent never reports gets its previous version back, and takes work again."""
    rehearsal = rehearse(pool_world(15, behaviours=[sick("7")]))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert told(view)["status"] == "Completed"
    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1
    assert audit["rollbacks"] == {"tvm-7": 1}
    assert audit["imageVersions"] == {NEW: 14, OLD: 1}
    assert pool_of(rehearsal).node("tvm-7")["state"] == "idle"
    assert broken(rehearsal) == []


def test_a_manual_rollout_leaves_the_failed_node(rehearse: Rehearse) -> None:
    """R43, R55: by hand nothing is rolled back; even a node that failed has its scheduling enabled again."""
    rehearsal = rehearse(pool_world(15, behaviours=[sick("7")]))

    view = roll_out(rehearsal, trigger="manual")

    assert told(view)["progress"]["failedInstanceCount"] == 1
    assert pool_of(rehearsal).audit()["rollbacks"] == {}
    assert broken(rehearsal) == []


def test_a_failed_start_task_stops_a_small_pool(rehearse: Rehearse) -> None:
    """R12, R38, R54: a start task that fails on the new version makes its node unhealthy; one of the first two stops the rollout."""
    failing = {"version": NEW, "instances": ["0"], "extension": "startTask", "extensionResult": "failed"}
    rehearsal = rehearse(pool_world(10, behaviours=[failing]))

    view = roll_out(rehearsal)

    assert told(view)["reason"]["code"] == UPGRADED
    assert told(view)["rollbackInfo"]["successfullyRolledbackInstanceCount"] == 1
    assert len(pool_of(rehearsal).audit()["swaps"]) == 2
    assert broken(rehearsal) == []


def test_nothing_begins_in_an_ill_pool(rehearse: Rehearse) -> None:
    """R8, R54: with more than 20 % of the nodes ill nothing begins, and no node is closed."""
    rehearsal = rehearse(pool_world(10, unhealthy=["tvm-1", "tvm-2", "tvm-3"]))

    view = roll_out(rehearsal)

    assert told(view)["reason"]["code"] == BEFORE
    assert rehearsal.admin.mutating() == 0
    assert broken(rehearsal) == []


def test_nodes_that_fall_ill_stop_the_next_batch(rehearse: Rehearse) -> None:
    """R14, R54: three of ten nodes fall ill in mid-rollout; the batch under way is finished, no other begins, all take work."""
    ill = ("tvm-6", "tvm-7", "tvm-8")
    fall_ill = (
        45,
        lambda admin: admin.post("instances", id=POOL_ID, instances=list(ill), health="unhealthy"),
    )
    rehearsal = rehearse(pool_world(10), clock=eventful(fall_ill))

    view = roll_out(rehearsal)

    audit = pool_of(rehearsal).audit()
    assert told(view)["reason"]["code"] == IN_ROLLOUT
    assert 2 <= len(audit["swaps"]) <= 4
    assert broken(rehearsal) == []


@pytest.mark.parametrize("deferral", [True, False])
def test_the_scale_set_way(rehearse: Rehearse, deferral: bool) -> None:
    """R54, R55: where the scale set behind is what can be reimaged, the same rollout goes through it, and the pool's work is safe."""
    world = pool_world(10, mode=USER_SUBSCRIPTION, deferral=deferral, running=working(range(3), 100))
    rehearsal = rehearse(world)

    view = roll_out(rehearsal, ports=rehearsal.ports(node_upgrade_way="scale-set"))

    assert told(view)["progress"]["successfulInstanceCount"] == 10
    assert pool_of(rehearsal).audit()["imageVersions"] == {NEW: 10}
    assert rehearsal.admin.violations() == []
    assert pool_of(rehearsal).closed() == set()
    if deferral:
        assert broken(rehearsal) == []


def test_what_a_second_rollout_finds(rehearse: Rehearse) -> None:
    """R44, R54: a pool whose nodes are all on the version is left alone: nothing is closed, nothing is called."""
    rehearsal = rehearse(pool_world(5))
    roll_out(rehearsal)
    before = rehearsal.admin.mutating()

    view = roll_out(rehearsal, owner="second")

    assert told(view)["reason"]["code"] == "NothingToDo"
    assert rehearsal.admin.mutating() == before


def test_cap_counts_closed_nodes(rehearse: Rehearse) -> None:
    """R7, R55: nodes that wait for their work and nodes that are swapped are never more together than the pool's share."""
    seen: list[int] = []

    def look(pool: Any) -> None:  # noqa: ANN401 - a pool's side
        found = pool.nodes().values()
        out = [
            n for n in found if n["schedulingState"] == "disabled" or n["state"] not in {"idle", "running"}
        ]
        seen.append(len(out))

    looks = [at(seconds, look) for seconds in range(5, 900, 10)]
    world = pool_world(10, rolling=ONE_IN_THREE, running=working(range(6), 200))
    rehearsal = rehearse(world, clock=eventful(*looks))

    view = roll_out(rehearsal, drain=waits(30, WhenBusy.WAIT))

    assert told(view)["progress"]["successfulInstanceCount"] == 10
    assert max(seen) <= 3
    assert broken(rehearsal) == []
