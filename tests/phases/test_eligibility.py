"""Which fleets a phase starts, and why not the others."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phase_builders import IMAGE, NOW, PUBLISHED, a_fleet

from fleetwright.domain.fleets import Fleet
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.images import ImageReference
from fleetwright.domain.phases import FleetChoice, Phase
from fleetwright.domain.policy import UpgradePolicy
from fleetwright.phases.eligibility import Circumstances, judge_fleets

FIRST = Phase(0, "first", ("westeurope", "East US"))
GIVEN = Circumstances(FIRST, PUBLISHED, NOW)
CANARY = replace(FIRST, only=FleetChoice(frozenset({"canary"}), {"stage": "test"}))
OTHER_IMAGE = replace(IMAGE, offer="CentOS")
PINNED = replace(IMAGE, version="18.04.202401010")
HELD = Hold(HoldSubject.FLEET, a_fleet().key, "ann", "a fair is on", NOW)
AT_NIGHT = {"fleetwright-window": "daily 22:00-04:00 UTC"}

# fleet, what else is given, the reason, and whether it stays so
LEFT_OUT: list[tuple[str, Fleet, Circumstances, str, bool]] = [
    ("other image", a_fleet(image=OTHER_IMAGE), GIVEN, "another image, Canonical:CentOS:18.04-LTS", True),
    (
        "other region",
        a_fleet(location="northeurope"),
        GIVEN,
        "region northeurope is not of phase_0_first",
        True,
    ),
    ("opted out", replace(a_fleet(), tags={}), GIVEN, "web is opted out", True),
    ("pinned", a_fleet(image=PINNED), GIVEN, "pinned to version 18.04.202401010", True),
    ("not chosen", a_fleet(), replace(GIVEN, phase=CANARY), "for chosen fleets", True),
    (
        "not there",
        a_fleet(),
        replace(GIVEN, missing={"westeurope": "is not replicated"}),
        "not replicated",
        False,
    ),
    (
        "held",
        a_fleet(),
        replace(GIVEN, holds=(HELD,)),
        "is held by ann since 2024-06-01 12:00 UTC: a fair",
        False,
    ),
    ("no window", a_fleet(tags=AT_NIGHT), GIVEN, "opens Sat 2024-06-01 22:00 UTC", False),
    ("odd window", a_fleet(tags={"fleetwright-window": "soon"}), GIVEN, "window is never open", False),
]


@pytest.mark.parametrize(
    ("fleet", "given_", "reason", "settled"), [c[1:] for c in LEFT_OUT], ids=[c[0] for c in LEFT_OUT]
)
def test_every_fleet_left_out_has_its_reason(
    fleet: Fleet, given_: Circumstances, reason: str, settled: bool
) -> None:
    """Each requirement leaves a fleet out with a reason that says whether it may come back (R4, R15, R26, R27, O1, O3)."""
    found = judge_fleets(given_, [fleet])

    (left,) = found.left_out
    assert found.starts == ()
    assert reason in left.reason
    assert left.settled is settled
    assert bool(found.waiting) is not settled


def test_a_fleet_in_no_ones_way_is_started() -> None:
    """A set of ours on latest of the image, in a region however written, is started with what it will take (R1, R51)."""
    found = judge_fleets(
        GIVEN, [a_fleet(location="eastus"), a_fleet("zonal", zones=("1", "2", "3"), capacity=15)]
    )

    assert found.left_out == ()
    assert [(s.location, s.instances, s.batches, s.predicted_seconds) for s in found.starts] == [
        ("eastus", 6, 6, 1800.0),
        ("westeurope", 15, 6, 1800.0),
    ]


@pytest.mark.parametrize(
    "fleet", [a_fleet("canary"), a_fleet(tags={"Stage": "TEST"})], ids=["by name", "by tag"]
)
def test_a_canary_phase_takes_the_chosen(fleet: Fleet) -> None:
    """A phase for chosen fleets takes those that are named or tagged (R45)."""
    assert judge_fleets(replace(GIVEN, phase=CANARY), [fleet]).left_out == ()


def test_the_flag_alone_makes_a_set_ours() -> None:
    """Ours is a set with the flag, or with the tag (O1)."""
    flagged = replace(a_fleet(), tags={}, policy=UpgradePolicy(enable_automatic_os_upgrade=True))

    assert judge_fleets(GIVEN, [flagged]).left_out == ()


def test_what_never_changes_is_told_before_what_may() -> None:
    """A fleet with several reasons is told the lasting one, so that no phase waits for it (R51)."""
    fleet = a_fleet(image=PINNED, tags=AT_NIGHT)

    (left,) = judge_fleets(replace(GIVEN, missing={"westeurope": "is not replicated"}), [fleet]).left_out

    assert left.settled
    assert "pinned" in left.reason


def test_the_earliest_window_is_when_to_look_again() -> None:
    """Of several fleets outside their windows the first that opens decides; one that is settled never does (R51)."""
    late = a_fleet("late", tags={"fleetwright-window": "Sun 10:00-12:00 UTC"})
    gone = a_fleet("gone", image=OTHER_IMAGE, tags={"fleetwright-window": "daily 13:00-14:00 UTC"})

    found = judge_fleets(GIVEN, [late, a_fleet(tags=AT_NIGHT), gone])

    assert found.next_opening == NOW.replace(hour=22)


FLEETS = st.builds(
    a_fleet,
    name=st.sampled_from(["web", "api", "canary"]),
    location=st.sampled_from(["westeurope", "West Europe", "eastus", "northeurope"]),
    image=st.sampled_from([IMAGE, OTHER_IMAGE, PINNED, ImageReference(resource_id="/x/images/y")]),
    tags=st.sampled_from([{}, AT_NIGHT, {"stage": "test"}, {"fleetwright": "no"}]),
    capacity=st.integers(0, 300),
)
CIRCUMSTANCES = st.builds(
    Circumstances,
    st.sampled_from([FIRST, CANARY]),
    st.just(PUBLISHED),
    st.just(NOW),
    st.sampled_from([(), (HELD,)]),
    st.sampled_from([None, {"westeurope": "is not there"}]),
)


@given(CIRCUMSTANCES, st.lists(FLEETS, max_size=8))
def test_nobody_is_forgotten(given_: Circumstances, fleets: list[Fleet]) -> None:
    """Every fleet of the list is either started or left out, once, with one reason (R51)."""
    found = judge_fleets(given_, fleets)

    told = [start.fleet_id for start in found.starts] + [left.fleet_id for left in found.left_out]
    assert sorted(told) == sorted(fleet.fleet_id.resource_id for fleet in fleets)
    assert all(left.reason for left in found.left_out)
