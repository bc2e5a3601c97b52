"""Phases carry Batch pools exactly as they carry scale sets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from phase_builders import IMAGE, NOW, PUBLISHED, a_fleet, a_pool

from fleetwright.domain.batch_pools import AllocationMode, BatchPool
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.forecasts import forecast
from fleetwright.domain.holds import Hold, HoldSubject
from fleetwright.domain.phases import FleetChoice, Phase
from fleetwright.domain.policy import UpgradePolicy
from fleetwright.phases.eligibility import Circumstances, judge_fleets

FIRST = Phase(0, "first", ("westeurope", "East US"))
GIVEN = Circumstances(FIRST, PUBLISHED, NOW)
CANARY = replace(FIRST, only=FleetChoice(frozenset({"frames"}), {"stage": "test"}))
HELD = Hold(HoldSubject.FLEET, a_pool().key, "ann", "a film is due", NOW)
AT_NIGHT = {"fleetwright-window": "daily 22:00-04:00 UTC"}
ZONAL = BatchPool("renders", is_zonal=True)
ZONAL_OF_THE_USER = replace(ZONAL, allocation_mode=AllocationMode.USER_SUBSCRIPTION)


def test_pools_and_scale_sets_are_started_side_by_side() -> None:
    """R45, R54: a phase starts both kinds, each with what it will take: a pool has one domain as far as anybody sees."""
    found = judge_fleets(GIVEN, [a_pool(), a_fleet("web")])

    assert found.left_out == ()
    assert [(s.fleet_id.rpartition("/")[2], s.instances, s.batches) for s in found.starts] == [
        ("frames", 10, 5),
        ("web", 6, 6),
    ]


@pytest.mark.parametrize(
    ("pool", "given", "reason", "settled"),
    [
        (
            a_pool(policy=UpgradePolicy()),
            GIVEN,
            "the tag or metadata `fleetwright: enabled` is missing",
            True,
        ),
        (a_pool(image=replace(IMAGE, version="1.0.0")), GIVEN, "pinned to version 1.0.0", True),
        (a_pool(location="northeurope"), GIVEN, "region northeurope is not of phase_0_first", True),
        (a_pool("nightly"), replace(GIVEN, phase=CANARY), "for chosen fleets", True),
        (a_pool(), replace(GIVEN, missing={"westeurope": "is not replicated"}), "is not replicated", False),
        (a_pool(), replace(GIVEN, holds=(HELD,)), "is held by ann", False),
        (a_pool(tags=AT_NIGHT), GIVEN, "opens Sat 2024-06-01 22:00 UTC", False),
    ],
    ids=["opted out", "pinned", "region", "not chosen", "not there", "held", "window"],
)
def test_what_leaves_a_scale_set_out_leaves_a_pool_out(
    pool: Fleet, given: Circumstances, reason: str, settled: bool
) -> None:
    """R4, R15, R26, R27, R54, O3: each requirement is a pool's too, its region's galleries and its window among them."""
    (left,) = judge_fleets(given, [pool]).left_out

    assert reason in left.reason
    assert left.settled is settled


def test_a_canary_phase_takes_pools_by_name_and_by_metadata() -> None:
    """R45, R54: what is hung on a pool chooses it as a scale set's tags do."""
    chosen = [a_pool(), a_pool("nightly", tags={"stage": "test"})]

    assert judge_fleets(replace(GIVEN, phase=CANARY), chosen).left_out == ()


def test_the_scale_set_behind_a_pool_is_never_started_beside_it() -> None:
    """R54: a tag that Batch copied to the machines makes no second fleet of them."""
    pool = a_pool()
    behind = a_fleet("azurebatch-1", owned_by_pool=pool.fleet_id.resource_id)

    found = judge_fleets(GIVEN, [pool, behind])

    assert [start.fleet_id for start in found.starts] == [pool.fleet_id.resource_id]
    assert found.left_out[0].settled
    assert f"belongs to Batch pool {pool.fleet_id.resource_id}" in found.left_out[0].reason


@pytest.mark.parametrize(
    ("pool", "batches"),
    [(BatchPool("renders"), 5), (ZONAL, 10), (ZONAL_OF_THE_USER, 5)],
    ids=["regional", "zones are hidden", "zones are shown behind it"],
)
def test_a_forecast_of_a_pool_knows_what_zones_cost(pool: BatchPool, batches: int) -> None:
    """R9, R48, R54: where zones are hidden nodes go one by one, elsewhere in batches of a fifth."""
    assert forecast(a_pool(pool=pool)).batches == batches
