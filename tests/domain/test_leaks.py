"""Who came to the new version by itself, and not by the rollout."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fleet_builders import NEW, NEWER, OLD, an_instance, settings

from fleetwright.domain.leaks import ON_TARGET_BEFORE, Leak, find_leaks, find_on_target
from fleetwright.domain.records import RolloutRecord, RolloutView, SwapRecord
from fleetwright.domain.states import SwapState


def a_view(plan: dict[str, object] | None = None, **swaps: SwapState) -> RolloutView:
    """A rollout to NEW with swaps in these states, ids after an ``i``; instance 0 ran NEW at its start."""
    rollout = RolloutRecord("r1", settings(), plan={ON_TARGET_BEFORE: ["0"]} if plan is None else plan)
    records = {
        name[1:]: SwapRecord(name[1:], 0, OLD, "old", NEW, state=state) for name, state in swaps.items()
    }
    return RolloutView(rollout, (), records)


@pytest.mark.parametrize(("version", "leaked"), [(OLD, False), (NEW, True), (NEWER, True), ("", False)])
def test_whoever_runs_the_target_or_more_came_by_itself(version: str, leaked: bool) -> None:
    """O9: an instance that the rollout never swapped, on the target or a newer version."""
    found = find_leaks(a_view(), [an_instance(5, version=version)])

    assert found == ((Leak("5", version),) if leaked else ())


def test_who_ran_the_version_before_did_not_come_to_it() -> None:
    """O9: the instances that the plan found on the target are none of these."""
    assert find_leaks(a_view(), [an_instance(0, version=NEW)]) == ()


@pytest.mark.parametrize(
    ("state", "leaked"), [(SwapState.HEALTHY, False), (SwapState.UNHEALTHY, False), (SwapState.REFUSED, True)]
)
def test_who_was_swapped_is_the_rollouts_own(state: SwapState, leaked: bool) -> None:
    """O9: a swap that Azure took explains the version; one that it refused does not."""
    assert bool(find_leaks(a_view(i5=state), [an_instance(5, version=NEW)])) is leaked


def test_who_takes_a_place_in_a_surge_is_the_rollouts_own() -> None:
    """O9, N15: the rollout made it itself; whoever else is new came by itself."""
    view = a_view(i0=SwapState.HEALTHY)
    surged = replace(view, swaps={i: replace(s, replacement_id="6") for i, s in view.swaps.items()})

    found = find_leaks(surged, [an_instance(6, version=NEW), an_instance(7, version=NEW)])

    assert [leak.instance_id for leak in found] == ["7"]


def test_without_a_note_nobody_is_accused() -> None:
    """O9: a rollout whose plan does not say who ran the version at its start counts nobody."""
    assert find_leaks(a_view(plan={}), [an_instance(5, version=NEW)]) == ()


def test_who_is_on_target_is_told_by_number() -> None:
    """R44: those on the version or past it; an unreadable version is neither."""
    versions = {"1": OLD, "2": NEW, "3": NEWER, "4": "unknown"}
    instances = [an_instance(number, version=version) for number, version in versions.items()]

    assert find_on_target(instances, NEW) == ("2", "3")
