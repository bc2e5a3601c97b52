"""What applications ask for: who is skipped, who goes in which phase, and what of it is heeded."""

from __future__ import annotations

import pytest
from fleet_builders import NEW, a_set, a_situation, an_instance

from fleetwright.domain.batches import select_batch
from fleetwright.domain.instances import CustomMetrics, Health
from fleetwright.domain.plan import plan_batches
from fleetwright.domain.situation import Standing
from fleetwright.domain.upgrade_order import UpgradeOrder, read_upgrade_order


def test_phases_go_in_ascending_order_and_the_unnumbered_last() -> None:
    """N18: all batches of a phase end before the next begins, and instances without a number are the last phase."""
    order = UpgradeOrder({"0": 2, "1": 2, "2": 10, "3": 0})
    plan = plan_batches(a_situation(a_set(6), order=order, max_batch_instance_percent=34))

    assert [(b.phase, b.instance_ids) for b in plan.batches] == [
        (0, ("3",)),
        (2, ("0", "1")),
        (10, ("2",)),
        (None, ("4", "5")),
    ]


def test_zones_order_within_a_phase() -> None:
    """N18, R48: a phase goes zone by zone, and a lower zone of a later phase waits."""
    order = UpgradeOrder({"1": 0, "2": 0})
    plan = plan_batches(a_situation(a_set(6, zones=3), order=order))

    assert [(b.phase, b.zone, b.instance_ids) for b in plan.batches] == [
        (0, "2", ("1",)),
        (0, "3", ("2",)),
        (None, "1", ("0",)),
        (None, "1", ("3",)),
        (None, "2", ("4",)),
        (None, "3", ("5",)),
    ]


def test_whoever_is_in_a_later_phase_says_so() -> None:
    """N18: an instance of a later phase waits, with the phase that goes first as its reason."""
    selection = select_batch(a_situation(a_set(2), order=UpgradeOrder({"1": 3})))
    (left,) = selection.left_out

    assert selection.chosen_ids == ("1",)
    assert (left.standing, left.reason) == (Standing.LATER_PHASE, "waits: phase 3 goes first")


def test_a_phase_with_a_busy_instance_is_not_over() -> None:
    """N18: while somebody else is at work on an instance of the lowest phase, no later phase begins."""
    instances = (an_instance(0, provisioning_state="Updating"), *a_set(5)[1:])
    selection = select_batch(a_situation(instances, order=UpgradeOrder({"0": 1})))

    assert selection.chosen == ()
    assert selection.blockers == ("0",)
    assert {c.standing for c in selection.left_out} == {Standing.BUSY, Standing.LATER_PHASE}


def test_an_unhealthy_one_of_a_later_phase_waits_even_with_priority() -> None:
    """N13, N18: prioritizeUnhealthyInstances puts the ill first within the phase whose turn it is."""
    instances = tuple(
        an_instance(i, health=Health.UNHEALTHY if i in {2, 3} else Health.HEALTHY, update_domain=i)
        for i in range(4)
    )
    order = UpgradeOrder({"0": 0, "1": 0, "2": 0})
    situation = a_situation(
        instances, order=order, prioritize_unhealthy_instances=True, max_batch_instance_percent=100
    )

    assert [b.instance_ids for b in plan_batches(situation).batches] == [("2",), ("0",), ("1",), ("3",)]


def test_a_skipped_instance_is_left_out_with_its_reason() -> None:
    """N19, N23: SkipUpgrade excludes an instance from this rollout, and it says why."""
    plan = plan_batches(a_situation(a_set(3), order=UpgradeOrder(skipped=frozenset({"1"}))))
    (left,) = plan.left_out

    assert [b.instance_ids for b in plan.batches] == [("0",), ("2",)]
    assert (left.instance_id, left.standing) == ("1", Standing.SKIPPED)
    assert "SkipUpgrade" in left.reason


@pytest.mark.parametrize("health", [h for h in Health if h is not Health.HEALTHY])
def test_only_healthy_instances_are_heeded(health: Health) -> None:
    """N20: whoever is not healthy at the start is not skipped and has no phase, and a warning names it."""
    asks = an_instance(4, custom_metrics=CustomMetrics(skip_upgrade=True, phase=1), health=health)
    order, warnings = read_upgrade_order((asks, an_instance(5)), heeded=True)

    assert order == UpgradeOrder()
    assert [
        w.startswith(f"instance 4: custom metrics are not heeded, because its health is {health}")
        for w in warnings
    ] == [True]


def test_metrics_count_only_from_the_extension_that_may_give_them() -> None:
    """N20: from a probe, TCP or the extension 1.0 they are not heeded, and one line says how many gave them."""
    asking = tuple(an_instance(i, custom_metrics=CustomMetrics(phase=i)) for i in range(3))
    order, warnings = read_upgrade_order(asking, heeded=False)

    assert order == UpgradeOrder()
    (warning,) = warnings
    assert warning.startswith("custom metrics of 3 instances are not heeded")
    assert "extension 2.0 over http or https" in warning


def test_what_cannot_be_read_is_a_warning() -> None:
    """N19: an instance whose metrics cannot be read is named, and goes in the last phase."""
    broken = an_instance(7, custom_metrics=CustomMetrics(problem="'{': no JSON"))
    order, warnings = read_upgrade_order((broken,), heeded=True)

    assert order == UpgradeOrder()
    assert warnings == ("instance 7: custom metrics cannot be read and are ignored: '{': no JSON (N19)",)


def test_the_order_survives_the_ledger() -> None:
    """N20: what is written with the plan reads back the same, so a resumed rollout keeps it."""
    order = UpgradeOrder({"3": 0, "10": -1}, frozenset({"4", "11"}))

    assert UpgradeOrder.from_dict(order.to_dict()) == order
    assert UpgradeOrder.from_dict({}) == UpgradeOrder()


def test_whoever_comes_later_is_in_the_last_phase() -> None:
    """N18, N20: an instance that was not there at the start has no number."""
    order = UpgradeOrder({"0": 5})
    selection = select_batch(a_situation((an_instance(9), an_instance(0, version=NEW)), order=order))

    assert (selection.chosen_ids, selection.phase) == (("9",), None)
