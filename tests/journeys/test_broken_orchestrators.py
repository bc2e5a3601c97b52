"""The simulation can fail: an orchestrator that is broken in one place is found out, in worlds made for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from fleetwright.domain.phases import Phase, PhasePlan
from fleetwright.domain.publications import Publication
from fleetwright.phases.runner import run_phase
from fleetwright.rollout.ports.holds import HoldSubject
from fleetwright.rollout.ports.leases import Lease
from fleetwright.rollout.ports.turns import TurnAnswer, TurnScope, Want
from fleetwright_demo.journeys.drawn import DrawnFleet, DrawnHold, DrawnRegion, DrawnVersion, DrawnWorld, Harm
from fleetwright_demo.journeys.journey import Journey, plan_of
from fleetwright_demo.journeys.oracle import judge
from fleetwright_demo.journeys.playing import Played, play
from fleetwright_demo.journeys.stage import Stage

TIMINGS = {"swap": [20, 60], "boot": [1, 10], "extension": 2, "health": 5, "retryAfter": 1}
PLATFORM, GALLERY = "18.04.202402010", "1.1.0"
WEST, NORTH, EAST = (
    DrawnRegion("westeurope", "northeurope", 3),
    DrawnRegion("northeurope"),
    DrawnRegion("eastus"),
)


def world(*fleets: DrawnFleet, **more: Any) -> DrawnWorld:  # noqa: ANN401 - fields of the world
    """Three regions, of which the first two are a pair, with one platform version and a phase for each."""
    said: dict[str, Any] = {
        "versions": (DrawnVersion(PLATFORM, 60),),
        "phases": (("westeurope",), ("northeurope",), ("eastus",)),
        "timings": TIMINGS,
    }
    return DrawnWorld(1, (WEST, NORTH, EAST), fleets, **{**said, **more})


ONE_IN_EACH = tuple(DrawnFleet(f"{region.name}-0", region.name, 5) for region in (WEST, NORTH, EAST))
REPLICAS = (("westeurope", 0.0), ("northeurope", 0.0))
PAIRED = world(
    DrawnFleet("west", "westeurope", 10, is_gallery=True),
    DrawnFleet("north", "northeurope", 10, is_gallery=True),
    versions=(DrawnVersion(GALLERY, 60, is_gallery=True, replicas=REPLICAS),),
)
ZONAL = world(
    DrawnFleet("first", "westeurope", 6, zones=("1", "2")),
    DrawnFleet("second", "westeurope", 8, zones=("2", "3")),
)
ORDERED = world(*ONE_IN_EACH)
HARMFUL = world(*ONE_IN_EACH, versions=(DrawnVersion(PLATFORM, 60, Harm.REGION, "westeurope"),))
HELD = replace(ORDERED, holds=(DrawnHold(HoldSubject.FLEET, "westeurope-0", 3700, 600),))


class WithoutTurns:
    """A ledger that grants turns of one scope to everybody."""

    def __init__(self, ledger: Any, scope: TurnScope) -> None:  # noqa: ANN401 - whatever the stage has
        self._ledger, self._scope = ledger, scope

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the ledger has
        return getattr(self._ledger, name)

    def claim_turns(self, lease: Lease, wants: tuple[Want, ...], **over: tuple[str, ...]) -> TurnAnswer:
        """Nobody has to wait."""
        return self._ledger.claim_turns(lease, self._left(wants), **over)  # type: ignore[no-any-return]

    def why_not_my_turn(self, lease: Lease, wants: tuple[Want, ...]) -> str:
        """Nobody is kept back."""
        return self._ledger.why_not_my_turn(lease, self._left(wants))  # type: ignore[no-any-return]

    def _left(self, wants: tuple[Want, ...]) -> tuple[Want, ...]:
        return tuple(want for want in wants if want.scope is not self._scope)


def without_turns(scope: TurnScope, drawn: DrawnWorld) -> Stage:
    """A stage whose rollouts do not wait for one another."""
    stage = Stage.of(drawn)
    stage.ledger = WithoutTurns(stage.ledger, scope)
    return stage


class WithoutHolds:
    """A ledger that tells nobody what people hold."""

    def __init__(self, ledger: Any) -> None:  # noqa: ANN401 - whatever the stage has
        self._ledger = ledger

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the ledger has
        return getattr(self._ledger, name)

    def list_holds(self, **_: bool) -> tuple[()]:
        """Nothing."""
        return ()

    def read_words(self, fleet_key: str, **since: Any) -> tuple[Any, tuple[()]]:  # noqa: ANN401 - an instant
        """Cancels alone."""
        return self._ledger.read_words(fleet_key, **since)[0], ()


def without_holds(drawn: DrawnWorld) -> Stage:
    """A stage whose processes do not hear what is held."""
    stage = Stage.of(drawn)
    stage.ledger = WithoutHolds(stage.ledger)
    return stage


class Unordered(PhasePlan):
    """Phases of which none has one before it."""

    def phase_before(self, _phase: Phase) -> Phase | None:
        """None: everybody may begin."""
        return None


class Hasty(Journey):
    """Carries a version into all phases at once."""

    def carry(self, publication: Publication) -> None:
        """Begin everywhere."""
        jobs = [partial(self._one, phase, publication) for phase in self.plan.phases]
        for ended in self.stage.clock.run_all(jobs):
            ended.result()

    def _one(self, phase: Phase, publication: Publication) -> None:
        ports = self.phase_ports()
        roll = partial(self.roll_out_fleets, ports)
        run_phase(ports, self.plan, phase, publication, owner="hasty", roll_out_fleets=roll)


def hasty(stage: Stage) -> Journey:
    """A journey that ignores the order of phases."""
    plan = plan_of(stage.world)
    return Hasty(stage, Unordered(plan.phases, plan.regions))


BROKEN: dict[str, tuple[DrawnWorld, Callable[[DrawnWorld], Played], str]] = {
    "no pair lock": (PAIRED, partial(play, stage_of=partial(without_turns, TurnScope.PAIR)), "R46"),
    "no zone turn": (ZONAL, partial(play, stage_of=partial(without_turns, TurnScope.ZONE)), "R48"),
    "no ear for holds": (HELD, partial(play, stage_of=without_holds), "is held since"),
    "no order of phases": (ORDERED, partial(play, journey_of=hasty), "R45"),
    "a bad version goes on": (HARMFUL, partial(play, journey_of=hasty), "did not succeed in phase 0"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_found(name: str) -> None:
    """Without the pair lock, the zone turn, an ear for holds or the order of phases the same world is found broken, by its rule (R45, R46, R48)."""
    drawn, broken, rule = BROKEN[name]

    assert any(rule in wrong for wrong in broken(drawn).broken)
    assert play(drawn).broken == ()


def test_what_never_ends_is_found() -> None:
    """A journey that does not come to an end breaks off at its bound of virtual time, and says so."""

    class Restless(Journey):
        def watch(self) -> None:
            while True:
                self.stage.clock.wait_until(self.stage.clock.now() + plan_of(ORDERED).phases[0].bake * 600)

    played = play(ORDERED, journey_of=lambda stage: Restless(stage, plan_of(stage.world)))

    assert "the journey broke off" in played.broken[0]
    assert "it was to be over by" in played.broken[0]


def test_a_ledger_that_lies_is_found() -> None:
    """An instance that is not on what the ledger says, a fleet that was left behind, an opted-out set that was touched (R1, R4)."""
    played = play(ORDERED)
    assert played.evidence is not None
    assert played.broken == ()

    fleet = ONE_IN_EACH[2]
    behind = {**played.evidence.versions, fleet.name: {"0": "18.04.202401010"}}
    told = judge(replace(played.evidence, versions=behind))
    opted_out = replace(ORDERED, fleets=(*ONE_IN_EACH[:2], replace(fleet, is_opted_out=True)))
    touched = judge(replace(played.evidence, world=opted_out))

    assert any("the ledger says" in wrong for wrong in told)
    assert any(wrong.startswith("R1") for wrong in told)
    assert any(wrong.startswith("R4") for wrong in touched)
