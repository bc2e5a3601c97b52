"""A process dies at every single thing that it asks for while nodes drain: whoever goes on leaves none closed, and interrupts none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crashes import Death
from pool_rehearsals import pool_of, waits
from pool_worlds import FOR_EVER, POOL_ID, USER_SUBSCRIPTION, pool_world
from rehearsals import Rehearsal, told
from test_crash_everywhere import Trial, died_differently
from worlds import NEW, sick

from fleetwright.domain.drains import DrainPolicy, WhenBusy

Rehearse = Callable[..., Rehearsal]

QUICK = {"swap": 4, "boot": 2, "extension": 2, "health": 2}
LENIENT = {"maxUnhealthyUpgradedInstancePercent": 100, "maxUnhealthyInstancePercent": 100}


class PoolTrial(Trial):
    """A pool that is rolled out again and again."""

    def outcome(self) -> tuple[Any, ...]:
        """What the provider shows, and what the rollout reports; versions and swaps first."""
        pool = pool_of(self.rehearsal)
        audit = pool.audit()
        views = self.rehearsal.ports().ledger.list_rollouts(POOL_ID.lower())
        return (
            {"swaps": audit["swaps"], "rollbacks": audit["rollbacks"], "versions": audit["imageVersions"]},
            audit["runningNodesInterrupted"],
            self.rehearsal.admin.violations(),
            sorted(pool.closed()),
            sorted(views[0].rollout.closed),
            sorted(views[0].rollout.left_busy),
            told(views[0])["status"],
        )

    def is_over(self) -> bool:
        """Whether the dead left nothing to do."""
        views = self.rehearsal.ports().ledger.list_rollouts(POOL_ID.lower())
        return bool(views) and views[0].rollout.ended_at is not None and not views[0].rollout.closed


def a_trial(rehearse: Rehearse, folder: Path, world: dict[str, Any], drain: DrainPolicy) -> PoolTrial:
    """Rollouts of the pool of this world."""
    return PoolTrial(rehearse(world), world, folder, fleet_id=POOL_ID, drain=drain, poll_seconds=20)


@pytest.mark.slow
def test_death_anywhere_closes_nobody_for_good(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write while one node drains and another never ends, each is swapped once, none interrupted, none left closed (R55)."""
    world = pool_world(3, running={"tvm-1": 30, "tvm-2": FOR_EVER}, timings=QUICK)
    trial = a_trial(rehearse, tmp_path, world, waits(1.5))
    state, interrupted, violations, closed, known, left, status = trial.wanted

    assert state["swaps"] == {"tvm-0": 1, "tvm-1": 1}
    assert (interrupted, violations, closed, known) == (0, [], [], [])
    assert (left, status) == (["tvm-2"], "Completed")
    assert {"disable_scheduling", "enable_scheduling"} <= set(trial.calls)
    assert died_differently(trial) == []


@pytest.mark.slow
def test_death_anywhere_while_tasks_are_queued_again(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write where tasks are queued again after the grace, the end is the same (R55)."""
    world = pool_world(2, running={"tvm-1": FOR_EVER}, timings=QUICK)
    trial = a_trial(rehearse, tmp_path, world, waits(1, WhenBusy.REQUEUE, grace=0.5))

    assert trial.wanted[0]["versions"] == {NEW: 2}
    assert trial.wanted[2:5] == ([], [], [])
    assert died_differently(trial) == []


@pytest.mark.slow
def test_death_anywhere_with_a_rollback(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write of a rollout in which a node's start task fails and it goes back, none is left closed (R11, R55)."""
    world = pool_world(
        3, running={"tvm-0": 40}, timings=QUICK, behaviours=[sick("1")], health_seconds=20, rolling=LENIENT
    )
    trial = a_trial(rehearse, tmp_path, world, waits(30))

    assert trial.wanted[0]["rollbacks"] == {"tvm-1": 1}
    assert trial.wanted[1:5] == (0, [], [], [])
    assert died_differently(trial) == []


@pytest.mark.slow
def test_death_anywhere_on_the_scale_set_behind(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write of a pool in user subscription mode, none is interrupted and none is left closed (R55, R59)."""
    world = pool_world(3, mode=USER_SUBSCRIPTION, running={"tvm-1": 60}, timings=QUICK)
    trial = a_trial(rehearse, tmp_path, world, waits(30))

    assert trial.wanted[0]["versions"] == {NEW: 3}
    assert trial.wanted[1:5] == (0, [], [], [])
    assert died_differently(trial) == []


@pytest.mark.slow
def test_two_deaths_close_nobody_for_good(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed twice, at places far and near, the third process ends it as one would have (R55)."""
    world = pool_world(3, running={"tvm-2": 60}, timings=QUICK)
    trial = a_trial(rehearse, tmp_path, world, waits(30))
    deaths = trial.deaths()
    wrong = []
    for number, first in enumerate(deaths[::5]):
        second = Death(deaths[(number * 7 + 3) % len(deaths)].number, first.moment)
        trial.begin()
        trial.live("first", first)
        trial.live("second", second)
        if not trial.is_over():
            trial.live("third", None)
        if trial.outcome() != trial.wanted:
            wrong.append((first, second, trial.outcome()))

    assert wrong == []
