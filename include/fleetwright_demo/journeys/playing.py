"""One seed from its world to its verdict."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from fleetwright_demo.journeys.drawing import draw_world
from fleetwright_demo.journeys.drawn import START, DrawnWorld
from fleetwright_demo.journeys.evidence import Evidence
from fleetwright_demo.journeys.happenings import arrange
from fleetwright_demo.journeys.journey import Journey, plan_of
from fleetwright_demo.journeys.oracle import judge
from fleetwright_demo.journeys.stage import Stage


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a world.

    :param evidence: None where the journey could not be played to its end
    :param broken: every rule that was broken, one line each; empty when all is well
    :param lasted: in virtual time
    :param real_seconds: what it cost
    """

    world: DrawnWorld
    evidence: Evidence | None
    broken: tuple[str, ...]
    lasted: timedelta
    real_seconds: float


def play(
    world: DrawnWorld | int,
    *,
    stage_of: Callable[[DrawnWorld], Stage] = Stage.of,
    journey_of: Callable[[Stage], Journey] | None = None,
) -> Played:
    """Play a world, or that of a seed, and judge it; what cannot be played is broken too.

    :param stage_of: makes the stage; a test may hand in one that is broken
    :param journey_of: makes the journey; likewise
    """
    drawn = draw_world(world) if isinstance(world, int) else world
    began = time.perf_counter()
    stage = stage_of(drawn)
    evidence: Evidence | None = None
    broken: tuple[str, ...] = ()
    try:
        arrange(stage)
        journey = journey_of(stage) if journey_of else Journey(stage, plan_of(drawn))
        (watch,) = stage.clock.run_all([journey.watch])
        watch.result()
        evidence = Evidence.of(stage)
        broken = judge(evidence)
    except Exception as error:  # noqa: BLE001 - a journey that breaks off is a finding, and the next seed is played
        broken = (f"the journey broke off: {type(error).__name__}: {error}",)
    finally:
        lasted = stage.clock.now() - START
        stage.close()
    return Played(drawn, evidence, broken, lasted, time.perf_counter() - began)
