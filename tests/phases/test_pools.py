"""Phases carry Batch pools exactly as they carry scale sets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import requests
from phase_builders import IMAGE, NOW, PUBLISHED, a_fleet, a_pool
from pool_worlds import DEFERRAL_FEATURE, POOL_ID, USER_SUBSCRIPTION, batch_account, batch_pool, pool_policy
from rehearsals import TOKEN
from travel_fixtures import Keep, Sail
from vigils import AT_ONCE, Vigil
from voyages import NORTH, published, results, scale_set, sea
from worlds import NEW, SUBSCRIPTION, Json

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
TAGGED = {"resourceTags": {"fleetwright": "enabled"}}
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


def with_pools(
    *pools: dict[str, Any], sets: tuple[dict[str, Any], ...] = (), **account: Json
) -> dict[str, Any]:
    """A world with these scale sets, and these pools in one account."""
    features = [{"id": SUBSCRIPTION, "features": {DEFERRAL_FEATURE: "Registered"}}]
    return {**sea(*sets), "subscriptions": features, "batchAccounts": [batch_account(*pools, **account)]}


def test_a_version_travels_over_scale_sets_and_pools(voyage: Sail) -> None:
    """R45, R47, R54: one phase rolls out to both kinds and judges both; the next begins after them."""
    world = with_pools(batch_pool(3), sets=(scale_set("web"), scale_set("api", NORTH)))
    under_way = voyage(world)

    runs = under_way.sail()

    assert [results(run) for run in runs[:2]] == [
        {"web": "completed", "frames": "completed"},
        {"api": "completed"},
    ]
    assert [str(run.state) for run in runs] == ["succeeded", "succeeded", "succeeded"]
    assert under_way.admin.violations() == []


def test_a_version_that_breaks_a_pool_goes_no_further(voyage: Sail) -> None:
    """R45, R47, R54: nodes whose start task fails stop the pool's rollout, and with it the version."""
    world = {
        **with_pools(batch_pool(3), sets=(scale_set("api", NORTH),)),
        "imageBehaviours": [{"version": NEW, "health": "unhealthy"}],
    }

    runs = voyage(world).sail()

    assert (results(runs[0]), str(runs[0].state)) == ({"frames": "faulted"}, "failed")
    assert [str(run.state) for run in runs[1:]] in ([], ["held"], ["held", "held"])


def test_the_machines_of_a_users_own_pool_are_no_fleet_of_their_own(voyage: Sail) -> None:
    """R54: Azure lists the scale set behind the pool; a phase starts the pool alone."""
    runs = voyage(with_pools(batch_pool(3, properties=TAGGED), mode=USER_SUBSCRIPTION)).sail()

    assert results(runs[0]) == {"frames": "completed"}


def test_a_pool_outside_its_window_waits_for_it(voyage: Sail) -> None:
    """R51, R54: the window stands in the pool's metadata, and the phase waits until it opens."""
    window = {"metadata": [{"name": "fleetwright-window", "value": "Sat 03:00-09:00 UTC"}]}
    under_way = voyage(with_pools(batch_pool(3, properties=window)))

    runs = under_way.sail()

    began = under_way.phase_ports().ledger.list_rollouts(POOL_ID.lower())[0].rollout.started_at
    assert results(runs[0]) == {"frames": "completed"}
    assert began is not None
    assert began.hour == 3


def test_a_pool_that_opts_in_late_gets_what_its_phase_has_proven(vigil: Keep) -> None:
    """R1, R29, R54: the watch finds a pool whose phase is over, and says for how many nodes."""
    opted_out = {"upgradePolicy": {"mode": "manual"}}
    watch = vigil(with_pools(batch_pool(3, properties=opted_out), sets=(scale_set("web"),)), times=AT_ONCE)
    watch.sail(published(NEW))
    set_properties(watch, upgradePolicy=pool_policy())

    (start,) = watch.look().starts

    assert (start.fleet_id, start.version, start.phase) == (POOL_ID, NEW, "phase_0_westeurope")
    assert "3 of 3 nodes are behind it" in start.reason


def set_properties(watch: Vigil, **properties: Json) -> None:
    """The pool's owner changes it."""
    url = f"{watch.url}{POOL_ID}?api-version=2024-07-01"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = requests.patch(url, json={"properties": properties}, headers=headers, timeout=30)
    assert answer.ok, answer.text
