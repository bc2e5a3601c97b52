"""Two processes that both think a fleet is theirs: the one that slept too long is refused, and sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from crashes import Answer, Death, Killed, Moment, Mortal
from rehearsals import Rehearsal, told
from worlds import NEW, rolling_policy, sick, world

from fleetwright.domain.errors import HeldError, LeaseLostError

Rehearse = Callable[..., Rehearsal]

REQUEST: dict[str, Any] = {"health_timeout_seconds": 20, "poll_seconds": 10}
WORLD = world(
    3,
    0,
    updateDomains=1,
    timings={"swap": 4, "boot": 2, "extension": 2, "health": 2},
    policy=rolling_policy(maxUnhealthyUpgradedInstancePercent=50),
    behaviours=[sick("2")],
    health_seconds=20,
)


class Sleeper(Mortal):
    """A process that falls asleep right before its n-th call of a name, and does not notice."""

    def __init__(self, name: str, nth: int, meanwhile: Callable[[], None]) -> None:
        super().__init__()
        self._name = name
        self._left = nth
        self._meanwhile = meanwhile

    def call(self, name: str, act: Callable[[], Answer]) -> Answer:
        """Sleep, if it is time, and go on as if nothing had been."""
        if name == self._name:
            self._left -= 1
            if self._left == 0:
                self._meanwhile()
        return super().call(name, act)


@pytest.mark.parametrize(
    ("name", "nth"),
    [
        ("begin_swap", 1),
        ("begin_swap", 3),
        ("begin_rollback", 1),
        ("append", 2),
        ("append", 9),
        ("append", 15),
        ("list_instances", 5),
        ("list_instances", 12),
        ("fetch_fleet", 3),
    ],
)
def test_stale_owner_is_refused(rehearse: Rehearse, name: str, nth: int) -> None:
    """Whoever wakes up after another run took the fleet over is told so, and not one call of it changes anything."""
    rehearsal = rehearse(WORLD)
    finished: dict[str, Any] = {}

    def another_takes_over() -> None:
        rehearsal.wall.advance(31)
        finished["view"] = rehearsal.run(owner="second", **REQUEST)
        finished["mutating"] = rehearsal.admin.mutating()

    sleeper = Sleeper(name, nth, another_takes_over)
    with pytest.raises(LeaseLostError, match="first"):
        rehearsal.run(sleeper.ports(rehearsal.ports()), owner="first", **REQUEST)

    assert rehearsal.admin.mutating() == finished["mutating"]
    assert rehearsal.admin.violations() == []
    assert rehearsal.state()["swaps"] == {"0": 1, "1": 1, "2": 1}
    assert rehearsal.state()["rollbacks"] == {"2": 1}
    assert told(finished["view"])["status"] == "Completed"


def test_live_holder_is_named(rehearse: Rehearse) -> None:
    """A second rollout of a fleet whose holder lives is refused at once with the holder's name."""
    rehearsal = rehearse(WORLD)
    mortal = Mortal(Death(12, Moment.BEFORE))
    with pytest.raises(Killed):
        rehearsal.run(mortal.ports(rehearsal.ports()), owner="the first of us", **REQUEST)
    before = rehearsal.admin.mutating()
    rehearsal.wall.advance(29)

    with pytest.raises(HeldError, match="the first of us"):
        rehearsal.run(owner="second", **REQUEST)

    assert rehearsal.admin.mutating() == before


def test_dead_holder_is_followed(rehearse: Rehearse) -> None:
    """Once the lease has expired the next run goes on with the same rollout: same id, version and counts."""
    rehearsal = rehearse({**WORLD, "imageBehaviours": []})
    mortal = Mortal(Death(30, Moment.BEFORE))
    with pytest.raises(Killed):
        rehearsal.run(mortal.ports(rehearsal.ports()), owner="first", **REQUEST)
    dead = rehearsal.ports().ledger.list_rollouts(rehearsal.admin.fleet_id.lower())[0]
    rehearsal.wall.advance(31)

    view = rehearsal.run(owner="second", **REQUEST)

    assert view.rollout.rollout_id == dead.rollout.rollout_id
    assert view.rollout.settings == dead.rollout.settings
    assert view.rollout.owner == "second"
    assert rehearsal.state()["imageVersions"] == {NEW: 3}


def test_finished_rollout_gives_its_fleet_back(rehearse: Rehearse) -> None:
    """After a rollout nobody holds the fleet: the next one starts anew at once, and has nothing to do."""
    rehearsal = rehearse({**WORLD, "imageBehaviours": []})
    first = rehearsal.run(owner="first", **REQUEST)

    second = rehearsal.run(owner="second", **REQUEST)

    assert second.rollout.rollout_id != first.rollout.rollout_id
    assert second.rollout.reason_code == "NothingToDo"
