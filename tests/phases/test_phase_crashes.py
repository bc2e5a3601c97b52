"""A phase's process dies at every single thing that it asks for; the next one comes to the same end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from crashes import Death, Killed, Moment, Mortal, fragile
from travel_fixtures import Sail
from voyages import MINUTE, NORTH, WEST, Voyage, phase, plan_of, results, scale_set, sea, states
from worlds import sick

from fleetwright.domain.phase_runs import PhaseRun
from fleetwright.phases.ports import PhasePorts

QUICK = {"swap": 4, "boot": 2, "extension": 2, "health": 2}
GOOD = sea(scale_set("web", n=1), timings=QUICK)
BAD = sea(scale_set("web", n=1), timings=QUICK, behaviours=[sick("0", health="unhealthy")])
PLAN = plan_of(phase(0, WEST, bake=10 * MINUTE), phase(1, NORTH))

CALLS = {
    "driver": frozenset({"fetch_fleet", "list_instances"}),
    "ledger": frozenset({"append_phase_events", "quarantine"}),
    "fleets": frozenset({"list_fleets"}),
    "catalogue": frozenset({"why_not_rolled_out"}),
}


def mortal_ports(ports: PhasePorts, mortal: Mortal) -> PhasePorts:
    """The same ports, through which a phase's process may die; what a rollout asks for is tried elsewhere."""
    return replace(
        ports, **{name: fragile(getattr(ports, name), names, mortal) for name, names in CALLS.items()}
    )


def journey(under_way: Voyage, mortal: Mortal) -> tuple[PhaseRun, ...]:
    """Travel with ports through which the process may die; the rollouts have their own."""
    ports = under_way.phase_ports()
    phase_side = mortal_ports(ports, mortal)

    def rolls(run: PhaseRun, its_phase: Any) -> None:  # noqa: ANN401 - RollOutFleets
        under_way.one_by_one(phase_side, ports)(run, its_phase)

    return under_way.sail(ports=phase_side, roll_out_fleets=rolls)


def end_of(under_way: Voyage, runs: tuple[PhaseRun, ...]) -> dict[str, Any]:
    """What a journey came to: comparable between those that were cut off and those that were not."""
    ledger = under_way.phase_ports().ledger
    assert ledger.verify_chain() is None  # type: ignore[attr-defined]  # of SqlLedger
    assert ledger.replay() == ()  # type: ignore[attr-defined]  # of SqlLedger
    audit = under_way.admin.get("audit")
    return {
        "states": states(runs),
        "results": [results(run) for run in runs],
        "attempts": [run.attempt for run in runs],
        "quarantined": sorted(entry.fleet_key for entry in ledger.list_quarantined()),
        "swaps": {key: one["swaps"] for key, one in audit["scaleSets"].items()},
        "violations": audit["violations"],
    }


@pytest.mark.parametrize("world", [GOOD, BAD], ids=["good", "bad"])
def test_whoever_dies_where_ever_the_end_is_the_same(voyage: Sail, world: dict[str, Any]) -> None:
    """At every call of a phase, before it and after it, the process may die: the next one ends the journey alike (R45, R47)."""
    whole, unhurt = Mortal(), voyage(world, plan=PLAN)
    expected = end_of(unhurt, journey(unhurt, whole))
    unhurt.close()
    different = {}

    for number, name in enumerate(whole.calls):
        for moment in Moment:
            under_way = voyage(world, plan=PLAN)
            with pytest.raises(Killed):
                journey(under_way, Mortal(Death(number, moment)))
            under_way.wall.advance(60)
            found = end_of(under_way, journey(under_way, Mortal()))
            under_way.close()
            if found != expected:
                different[f"{moment} call {number}, {name}"] = found

    assert different == {}
    assert set(whole.calls) >= {"list_fleets", "append_phase_events", "fetch_fleet", "list_instances"}
    assert ("quarantine" in whole.calls) is (world is BAD)
