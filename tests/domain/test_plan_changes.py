"""What has changed between a plan and the one made anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fleet_builders import a_set, a_situation, upgraded
from hypothesis import given
from hypothesis import strategies as st

from fleetwright.domain.instances import Instance
from fleetwright.domain.plan import Plan, plan_batches
from fleetwright.domain.plan_changes import tell_plan_changes
from fleetwright.rollout.planning import plan_body


def a_plan(instances: tuple[Instance, ...], done: frozenset[str] = frozenset()) -> Plan:
    """The plan of what is left, one instance a batch."""
    return plan_batches(a_situation(instances, swapped_ids=done))


FIVE = a_set(5)
BEFORE = plan_body(a_plan(FIVE))


def test_a_plan_that_went_as_planned_has_not_changed() -> None:
    """What was upgraded since is no news, wherever the rest stood."""
    done = frozenset({"0", "1"})
    left = tuple(upgraded(i) if i.instance_id in done else i for i in FIVE)

    assert tell_plan_changes(BEFORE, a_plan(FIVE), frozenset()) == ""
    assert tell_plan_changes(BEFORE, a_plan(left, done), done) == ""


def test_who_came_and_who_went_is_told_with_the_reason() -> None:
    """Instances that are new, gone, protected or on the version by themselves are named, each with its reason."""
    changed = (upgraded(FIVE[0]), replace(FIVE[1], protected=True), *FIVE[3:], *a_set(7)[5:])

    told = tell_plan_changes(BEFORE, a_plan(changed), frozenset())

    assert "no more: 0 (" in told
    assert "no more: 1 (" in told
    assert "no more: 2 (not in the set any more)" in told
    assert "new: 5, 6" in told
    assert "in another batch: 3, 4" in told


def test_another_number_of_batches_is_told() -> None:
    """A plan that takes more batches, or fewer, says so first."""
    assert tell_plan_changes(BEFORE, a_plan(FIVE[:3]), frozenset()).startswith(
        "3 batches instead of 5; no more: 3, 4"
    )


@given(st.frozensets(st.sampled_from([i.instance_id for i in FIVE])))
def test_whoever_is_done_is_never_named(done: frozenset[str]) -> None:
    """Whatever was upgraded since, the plan of the rest is told as unchanged."""
    left = tuple(upgraded(i) if i.instance_id in done else i for i in FIVE)

    assert tell_plan_changes(BEFORE, a_plan(left, done), done) == ""


@pytest.mark.parametrize("before", [{}, {"batches": []}])
def test_a_plan_after_none_is_all_new(before: dict[str, object]) -> None:
    """Where nothing was planned, everything is new."""
    told = tell_plan_changes(before, a_plan(FIVE), frozenset())

    assert told == "5 batches instead of 0; new: 0, 1, 2, 3, 4"
