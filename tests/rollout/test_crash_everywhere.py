"""A process dies at every single thing that it asks for; the next one ends the rollout as if nothing had been."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crashes import Death, Killed, Moment, Mortal
from rehearsals import Rehearsal, told
from worlds import DEFERRAL, HEALTH_EXTENSION, NEW, deferral_world, flexible, rolling_policy, sick, world

Rehearse = Callable[..., Rehearsal]

QUICK = {"swap": 4, "boot": 2, "extension": 2, "health": 2}
REQUEST: dict[str, Any] = {"health_timeout_seconds": 20, "poll_seconds": 10}
LENIENT = rolling_policy(maxUnhealthyUpgradedInstancePercent=50)
OLDER_MODEL = [{"virtualMachineProfile": {"extensionProfile": {"extensions": [HEALTH_EXTENSION]}}}]

ROLLED_BACK = world(
    3, 0, updateDomains=1, timings=QUICK, policy=LENIENT, behaviours=[sick("2")], health_seconds=20
)
STOPPED = world(3, 0, updateDomains=1, timings=QUICK, behaviours=[sick("0")], health_seconds=20)
BREACH = world(
    4,
    0,
    updateDomains=2,
    timings=QUICK,
    policy=rolling_policy(
        rollbackFailedInstancesOnPolicyBreach=True,
        maxBatchInstancePercent=50,
        maxUnhealthyUpgradedInstancePercent=60,
        maxUnhealthyInstancePercent=100,
    ),
    behaviours=[sick("1", "2")],
    health_seconds=20,
)
BEHIND = world(
    2,
    0,
    updateDomains=1,
    timings=QUICK,
    previousModels=OLDER_MODEL,
    instances={"0": {"previousModel": 0}, "1": {"previousModel": 0}},
)
DEFERRED = deferral_world(
    3,
    0,
    updateDomains=1,
    timings=QUICK,
    policy={
        **LENIENT,
        "automaticOSUpgradePolicy": {**DEFERRAL["automaticOSUpgradePolicy"], "useRollingUpgradePolicy": True},
    },
    behaviours=[sick("2")],
    health_seconds=20,
)
FLEXIBLE = flexible(
    world(3, 0, updateDomains=1, timings=QUICK, policy=LENIENT, behaviours=[sick("2")], health_seconds=20)
)
CHANGING = frozenset(
    {
        "begin",
        "append",
        "claim_turns",
        "give_turns_back",
        "begin_swap",
        "begin_rollback",
        "prepare",
        "keep_disks",
        "prepare_rollback",
        "begin_delete_disk",
        "begin_scaling",
        "begin_deletion",
        "disable_scheduling",
        "enable_scheduling",
    }
)


class Trial:
    """One world that is rolled out again and again, each time with a fresh ledger."""

    def __init__(self, rehearsal: Rehearsal, world: dict[str, Any], folder: Path, **request: object) -> None:
        self._request = {**REQUEST, **request}
        self.rehearsal = rehearsal
        self._world = world
        self._folder = folder
        self._number = 0
        self.calls = self._uninterrupted()
        self.wanted = self.outcome()

    def outcome(self) -> tuple[Any, ...]:
        """What the provider shows and what the rollout reports."""
        view = self.rehearsal.ports().ledger.list_rollouts(self.rehearsal.admin.fleet_id.lower())[0]
        return self.rehearsal.state(), told(view), self.rehearsal.admin.violations(), self.rehearsal.disks()

    def begin(self) -> None:
        """The world and the ledger as they were before everything."""
        self._number += 1
        self.rehearsal.admin.post("reset", **self._world)
        self.rehearsal.ledger_url = f"sqlite:///{self._folder / f'{self._number}.db'}"

    def live(self, owner: str, death: Death | None) -> bool:
        """One process runs until it dies or the rollout is over; whether it died."""
        mortal = Mortal(death)
        try:
            self.rehearsal.run(mortal.ports(self.rehearsal.ports()), owner=owner, **self._request)
        except Killed:
            self.rehearsal.wall.advance(31)
            return True
        return False

    def is_over(self) -> bool:
        """Whether the dead left nothing to do."""
        views = self.rehearsal.ports().ledger.list_rollouts(self.rehearsal.admin.fleet_id.lower())
        return bool(views) and views[0].rollout.ended_at is not None

    def deaths(self) -> list[Death]:
        """Every place to die at that differs: reads change nothing, so after one is before the next call."""
        before = [Death(number, Moment.BEFORE) for number in range(len(self.calls))]
        after = [Death(n, Moment.AFTER) for n, name in enumerate(self.calls) if name in CHANGING]
        return before + after

    def _uninterrupted(self) -> list[str]:
        self.begin()
        mortal = Mortal()
        self.rehearsal.run(mortal.ports(self.rehearsal.ports()), **self._request)
        return mortal.calls


def died_differently(trial: Trial) -> list[str]:
    """Kill one process at every place, let the next go on; where the end differs from the uninterrupted one."""
    wrong = []
    for death in trial.deaths():
        trial.begin()
        trial.live("first", death)
        if not trial.is_over():
            trial.live("second", None)
        if trial.outcome() != trial.wanted:
            wrong.append(
                f"died {death.moment} call {death.number} ({trial.calls[death.number]}): {trial.outcome()}"
            )
    return wrong


@pytest.mark.slow
def test_death_anywhere_changes_nothing(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write of a rollout with a rollback, its end is the same: no instance is swapped or rolled back twice (R11)."""
    trial = Trial(rehearse(ROLLED_BACK), ROLLED_BACK, tmp_path)
    state, reported, violations, _disks = trial.wanted

    assert (state["swaps"], state["rollbacks"], violations) == ({"0": 1, "1": 1, "2": 1}, {"2": 1}, [])
    assert reported["status"] == "Completed"
    assert died_differently(trial) == []


@pytest.mark.slow
def test_death_anywhere_loses_no_disk(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write of a Flexible set's rollout with a rollback: swapped once each, the same disk back, data disks kept, nothing left behind (R5, R11, O7)."""
    trial = Trial(rehearse(FLEXIBLE), FLEXIBLE, tmp_path)
    state, reported, violations, disks = trial.wanted

    assert (state["swaps"], state["rollbacks"], violations) == ({"0": 1, "1": 1, "2": 1}, {"2": 1}, [])
    assert reported["status"] == "Completed"
    assert disks["unattached"] == []
    trial.begin()
    assert trial.rehearsal.disks()["web_2"] == disks["web_2"]
    assert died_differently(trial) == []


def test_death_anywhere_keeps_the_stop(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write of a rollout that stops, it stops all the same, with no further swap (R12)."""
    trial = Trial(rehearse(STOPPED), STOPPED, tmp_path)

    assert trial.wanted[0]["swaps"] == {"0": 1}
    assert died_differently(trial) == []


def test_death_anywhere_while_the_model_is_brought_up_to_date(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write where instances get the latest model first, each is swapped once (R31)."""
    trial = Trial(rehearse(BEHIND), BEHIND, tmp_path)

    assert "prepare" in trial.calls
    assert trial.wanted[0]["imageVersions"] == {NEW: 2}
    assert died_differently(trial) == []


@pytest.mark.slow
def test_death_anywhere_while_a_breach_is_rolled_back(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write of a breach, every unhealthy instance of any batch goes back once, and the stop stays (N11)."""
    trial = Trial(rehearse(BREACH), BREACH, tmp_path, trigger="manual")
    state, reported, violations, _disks = trial.wanted

    assert (state["swaps"], state["rollbacks"], violations) == (
        {"0": 1, "1": 1, "2": 1},
        {"1": 1, "2": 1},
        [],
    )
    assert reported["status"] == "Faulted"
    assert died_differently(trial) == []


@pytest.mark.slow
def test_death_anywhere_while_azure_waits_for_approvals(rehearse: Rehearse, tmp_path: Path) -> None:
    """Killed at any call or write of a rollout that approves, each instance is approved and swapped once, and the sick one rolled back once (O1, R11, N24)."""
    trial = Trial(rehearse(DEFERRED), DEFERRED, tmp_path)
    state, reported, violations, _disks = trial.wanted

    assert (state["swaps"], state["rollbacks"], violations) == ({"0": 1, "1": 1, "2": 1}, {"2": 1}, [])
    assert reported["status"] == "Completed"
    assert "fetch_awaited_version" in trial.calls
    assert died_differently(trial) == []


@pytest.mark.parametrize("kind", [ROLLED_BACK, FLEXIBLE], ids=["uniform", "flexible"])
@pytest.mark.parametrize("seed", range(12))
def test_two_deaths(rehearse: Rehearse, tmp_path: Path, seed: int, kind: dict[str, Any]) -> None:
    """Killed, resumed, killed again and resumed, the end is the same."""
    draw = random.Random(seed)
    trial = Trial(rehearse(kind), kind, tmp_path)
    first = draw.choice(trial.deaths()[:-1])
    second = Death(draw.randrange(len(trial.calls) - first.number + 4), draw.choice(list(Moment)))

    trial.begin()
    for owner, death in (("first", first), ("second", second), ("third", None)):
        if not trial.is_over():
            trial.live(owner, death)

    assert trial.outcome() == trial.wanted, f"seed {seed}: {first}, then {second}"
