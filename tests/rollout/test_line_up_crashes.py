"""One of two rollouts of a region dies at every single thing that it asks for; the two are never in two zones at once."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from crashes import Death, Killed, Moment, Mortal
from line_ups import LineUp, fleet_id, shared, worlds_of
from rehearsals import Rehearsal
from test_crash_everywhere import CHANGING

from fleetwright_demo.journeys.participants import Ended

Rehearse = Callable[..., Rehearsal]

QUICK = {"swap": 4, "boot": 2, "extension": 2, "health": 2}
REQUEST: dict[str, Any] = {"health_timeout_seconds": 20, "poll_seconds": 10}
ZONES = {"a": {"n": 3, "pace": QUICK}, "b": {"n": 3, "pace": QUICK}}
PAIR = {
    "a": {"n": 2, "zones": 0, "pace": QUICK},
    "b": {"n": 2, "zones": 0, "location": "northeurope", "pace": QUICK},
}


class Trial:
    """Two rollouts, of which the first dies once and is started again while the other goes on.

    :param sets: the two, ``a`` and ``b``
    """

    def __init__(self, rehearse: Rehearse, sets: dict[str, dict[str, Any]]) -> None:
        self._rehearse, self._sets = rehearse, sets
        mortal = Mortal()
        self.problem = self._play(mortal, again=0)
        self.calls = mortal.calls

    def deaths(self) -> list[Death]:
        """Every place to die at that differs: reads change nothing, so after one is before the next call."""
        before = [Death(number, Moment.BEFORE) for number in range(len(self.calls))]
        after = [Death(n, Moment.AFTER) for n, name in enumerate(self.calls) if name in CHANGING]
        return before + after

    def die(self, death: Death, *, again: float) -> str:
        """What went wrong with this death; empty when nothing did.

        :param again: so many seconds after its death it is started again
        """
        problem = self._play(Mortal(death), again=again)
        name = self.calls[death.number] if death.number < len(self.calls) else "nothing"
        return f"died {death.moment} call {death.number} ({name}): {problem}" if problem else ""

    def _play(self, mortal: Mortal, *, again: float) -> str:
        rehearsal = self._rehearse(worlds_of(self._sets, health_seconds=20))
        line_up = LineUp(rehearsal)

        def first_and_again() -> object:
            try:
                return line_up.job("a", ports=mortal.ports, **REQUEST)()
            except Killed:
                line_up.clock.wait_until(line_up.clock.now() + timedelta(seconds=again))
                return line_up.job("a", owner="run of a again", **REQUEST)()

        ended = line_up.clock.run_all([first_and_again, line_up.job("b", after=1, **REQUEST)])
        problem = _what_is_wrong(line_up, ended)
        rehearsal.close()
        return problem


def _what_is_wrong(line_up: LineUp, ended: tuple[Ended[Any], ...]) -> str:
    audit = line_up.rehearsal.admin.get("audit")
    errors = [repr(one.error) for one in ended if one.error]
    states = {str(one.result().rollout.state) for one in ended if not one.error}
    swaps = {n for name in ("a", "b") for n in audit["scaleSets"][fleet_id(name)]["swaps"].values()}
    overlap, turns = audit["pairs"]["overlapSeconds"], line_up.turns()
    found = (errors, states, swaps, audit["violations"], overlap, turns)
    return "" if found == ([], {"Completed"}, {1}, [], 0, ()) else str(found)


@pytest.fixture
def together(stages: Any, tmp_path: Any) -> Rehearse:  # noqa: ANN401 - the fixtures of every rehearsal
    """Makes rehearsals on a shared clock; each is closed by whoever asked for it."""
    made: list[Rehearsal] = []

    def make(world: dict[str, Any]) -> Rehearsal:
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Rehearsal(stages, world, folder, clock=shared))
        return made[-1]

    return make


@pytest.mark.slow
@pytest.mark.parametrize("sets", [ZONES, PAIR], ids=["zones", "pair"])
def test_death_anywhere_breaks_no_turn(together: Rehearse, sets: dict[str, dict[str, Any]]) -> None:
    """R48, R46: killed at any call or write, and started again while the other waits or goes on, two rollouts are never in two zones or in both regions of a pair, and both complete."""
    trial = Trial(together, sets)

    assert trial.problem == ""
    assert "claim_turns" in trial.calls
    assert [problem for death in trial.deaths() if (problem := trial.die(death, again=40))] == []


@pytest.mark.parametrize("sets", [ZONES, PAIR], ids=["zones", "pair"])
@pytest.mark.parametrize("seed", range(6))
def test_a_death_somewhere_breaks_no_turn(
    together: Rehearse, sets: dict[str, dict[str, Any]], seed: int
) -> None:
    """R48, R46: the same for a death here or there, with the dead one started again sooner or much later."""
    draw = random.Random(seed)
    trial = Trial(together, sets)

    assert trial.die(draw.choice(trial.deaths()), again=draw.choice([40, 200, 3000])) == ""
