"""What a person reads about a Batch pool speaks of nodes and of the pool."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fleet_builders import NEW, POOL_ID, a_pool, a_set, a_situation, settings

from fleetwright.domain.fleets import FleetKind, kind_of
from fleetwright.domain.instances import Health, HealthSource
from fleetwright.domain.plan import plan_batches
from fleetwright.domain.progress import history_entry
from fleetwright.domain.records import RolloutRecord, RolloutView
from fleetwright.domain.situation import Situation
from fleetwright.domain.thresholds import judge_set, judge_upgraded
from fleetwright.rollout import narrate
from fleetwright.rollout.settling import nothing_to_do

OF_SCALE_SETS = ("instance", "scale set", " set ")


def a_pool_situation(size: int = 5, unhealthy: tuple[int, ...] = ()) -> Situation:
    """Nodes before a rollout to NEW."""
    return replace(a_situation(a_set(size, unhealthy=unhealthy)), health_source=HealthSource.NODE)


def a_view(**outcome: object) -> RolloutView:
    """A rollout of a pool as a ledger keeps it."""
    return RolloutView(RolloutRecord("r1", settings(fleet_id=POOL_ID.lower()), outcome=outcome))


def test_the_plan_of_a_pool_speaks_of_nodes() -> None:
    """R54, O7: the table, the limits, the way back and the notes say node and pool."""
    situation = a_pool_situation(3)
    plan = plan_batches(situation)

    text = narrate.plan_text(a_pool(), plan, rollback=True)

    assert "unhealthy nodes get their previous version back, on a new disk (O7)" in text
    assert "unhealthy of the pool or" in text
    assert "a pool of 3 has 33.3% out of service while one node is upgraded" in text
    assert [word for word in OF_SCALE_SETS if word in text] == []


def test_a_plan_of_a_pool_with_nothing_to_do_speaks_of_nodes() -> None:
    """R44, R54: whoever is on the version already is a node."""
    situation = replace(a_pool_situation(2), target_version=a_set(1)[0].version)

    assert "no node has to move" in narrate.batches_table(plan_batches(situation), FleetKind.BATCH_POOL)
    assert nothing_to_do(situation).message.startswith("2 of 2 nodes run")


@pytest.mark.parametrize("started", [True, False])
def test_a_breach_names_nodes(started: bool) -> None:
    """R8, R14, R54: Azure's code and words, with nodes for instances."""
    stop = judge_set(("tvm-1",), 3, 20, started=started, member="node")

    assert stop is not None
    assert "33.3% of nodes are in an unhealthy state (1 of 3: tvm-1)" in stop.message
    assert "instances" not in stop.message


def test_a_breach_among_upgraded_nodes_names_them() -> None:
    """R12, R54: the same for those that were upgraded."""
    stop = judge_upgraded(("tvm-1",), 2, 20, member="node")

    assert stop is not None
    assert "First failed node ID is: tvm-1." in stop.message


def test_history_tells_what_was_rolled_out() -> None:
    """R40, R54: the entry of a pool's rollout has the pool's type."""
    assert history_entry(a_view())["type"] == "Microsoft.Batch/batchAccounts/pools/rollingUpgrades"


def test_nodes_that_came_by_themselves_are_told_as_azures_or_new_ones() -> None:
    """O9, R54: a pool has no repairs: Azure's own upgrade or a new node brought the version."""
    rollout = a_view(by_themselves=[{"instance": "tvm-4", "version": NEW}]).rollout

    (line,) = narrate.surprises(rollout)

    assert "through Azure's own upgrade or as new nodes" in line


@pytest.mark.parametrize(
    ("fleet", "kind"), [(POOL_ID, FleetKind.BATCH_POOL), (POOL_ID.upper(), FleetKind.BATCH_POOL)]
)
def test_a_kind_is_told_whatever_the_case(fleet: str, kind: FleetKind) -> None:
    """R54: ids are kept in lower case, and are a pool's all the same."""
    assert kind_of(fleet) is kind


def test_an_unhealthy_node_goes_first_and_is_told_by_its_state() -> None:
    """R54: what ails a node is its state in Batch's own word."""
    nodes = a_set(5)
    ill = replace(nodes[3], health=Health.UNHEALTHY, shown_state="starttaskfailed")
    situation = replace(a_pool_situation(), instances=(*nodes[:3], ill, nodes[4]))

    first = plan_batches(situation).batches[0]

    assert first.instance_ids == ("3",)
    assert first.choices[0].reason.endswith("node state is starttaskfailed")
