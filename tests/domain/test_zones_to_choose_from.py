"""The zones in which a batch could be chosen, and the choice within one of them."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from fleet_builders import a_set, a_situation, an_instance
from test_batches_reference import random_situation

from fleetwright.domain.batches import list_zones, predict_batches, select_batch
from fleetwright.domain.instances import Health
from fleetwright.domain.upgrade_order import UpgradeOrder


@pytest.mark.parametrize("n", range(41))
def test_each_zone_that_is_listed_has_a_batch_and_the_natural_one_is_first(n: int) -> None:
    """R48: in random states, a zone that is listed gives a batch of the same phase; the first one gives the natural choice."""
    chance = Random(n)
    for _ in range(40):
        situation = random_situation(n, chance)
        natural, zones = select_batch(situation), list_zones(situation)
        chosen = {zone: select_batch(replace(situation, zone=zone)) for zone in zones}

        assert bool(zones) == bool(natural.chosen)
        assert all(one.chosen and one.zone == zone for zone, one in chosen.items())
        assert {one.phase for one in chosen.values()} <= {natural.phase}
        assert [chosen[zone].chosen_ids for zone in zones[:1]] == ([natural.chosen_ids] if zones else [])


@pytest.mark.parametrize("n", range(41))
def test_a_choice_within_a_zone_keeps_to_it(n: int) -> None:
    """R48, R7, R49: whatever the zone, nobody of another one is chosen, and never more than the budget."""
    chance = Random(1000 + n)
    for _ in range(40):
        situation = random_situation(n, chance)
        if situation.policy.enable_cross_zone_upgrade:
            continue
        one = select_batch(replace(situation, zone="2"))
        where = {i.instance_id: i.domain for i in situation.instances}

        assert {where[i][0] for i in one.chosen_ids} <= {"2"}
        assert len({where[i] for i in one.chosen_ids}) <= 1
        assert len(one.chosen) <= situation.cap


def test_zones_are_listed_in_ascending_order() -> None:
    """R48: where every zone could be next, the lowest is preferred."""
    assert list_zones(a_situation(a_set(15, zones=3))) == ("1", "2", "3")


def test_a_regional_set_has_the_zone_that_is_none() -> None:
    """R48, N14, C8: a set without zones, and one that crosses them, has no zone to choose."""
    assert list_zones(a_situation(a_set(15))) == ("",)
    assert list_zones(a_situation(a_set(15, zones=3), enable_cross_zone_upgrade=True)) == ("",)


def test_a_zone_whose_phase_is_later_is_no_alternative() -> None:
    """N18, R48: while a zone waits, no instance of a later phase goes first because its own zone is free."""
    situation = a_situation(a_set(6, zones=2), order=UpgradeOrder({"0": 1, "2": 1, "1": 2}))

    assert list_zones(situation) == ("1",)
    assert select_batch(replace(situation, zone="2")).chosen == ()


def test_unhealthy_ones_are_not_overtaken_by_a_free_zone() -> None:
    """N13, R48: with prioritizeUnhealthyInstances, only zones that have some are alternatives while there are any."""
    situation = a_situation(a_set(15, zones=3, unhealthy=(4,)), prioritize_unhealthy_instances=True)

    assert list_zones(situation) == ("2",)


def test_where_nothing_fits_no_zone_is_listed() -> None:
    """R7, R48: a full budget leaves no zone to wait for."""
    busy = an_instance(0, zone="1", provisioning_state="Updating", health=Health.UNHEALTHY)

    assert list_zones(a_situation((busy, *a_set(5, zones=3)[1:]))) == ()


def test_the_plan_of_a_set_alone_knows_no_turns() -> None:
    """R48: a plan goes zone by zone as ever, whoever else is in the region."""
    zones = [selection.zone for selection in predict_batches(a_situation(a_set(15, zones=3)))]

    assert zones == sorted(zones)
