"""Publications travel the phases: real rollouts over HTTP, in virtual time."""

from __future__ import annotations

from travel_fixtures import Sail
from voyages import EAST, NORTH, WEST, left_out, results, scale_set, sea, states


def test_a_good_version_travels_to_the_end(voyage: Sail) -> None:
    """A version goes phase by phase over every fleet of ours, and each phase succeeds before the next begins (R1, R45)."""
    world = sea(
        scale_set("web"), scale_set("api", NORTH), scale_set("far", EAST), scale_set("out", EAST, tags={})
    )
    under_way = voyage(world)

    runs = under_way.sail()

    assert states(runs) == [
        ("phase_0_westeurope", "succeeded"),
        ("phase_1_northeurope", "succeeded"),
        ("phase_2_eastus", "succeeded"),
    ]
    assert [results(run) for run in runs] == [
        {"web": "completed"},
        {"api": "completed"},
        {"far": "completed"},
    ]
    assert "opted out" in left_out(runs[2])["out"]
    assert WEST not in left_out(runs[0])
    assert under_way.admin.violations() == []
