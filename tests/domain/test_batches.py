"""The size of a batch, and the order in which instances are chosen, one rule at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from fleet_builders import NEW, NEWER, OLD, PROBED, a_set, a_situation, an_instance, upgraded

from fleetwright.domain.batches import select_batch
from fleetwright.domain.instances import Health, HealthSource, Instance
from fleetwright.domain.situation import PENDING, Selection, Standing, batch_size

SICK = {"health": Health.UNHEALTHY}


def choose(*instances: Instance, **changes: object) -> Selection:
    """Select a batch of these instances with the whole set allowed out, unless said otherwise."""
    return select_batch(a_situation(instances, **{"max_batch_instance_percent": 100, **changes}))


def standing_of(selection: Selection, instance_id: str) -> Standing:
    """How one instance stands."""
    return next(c.standing for c in (*selection.chosen, *selection.left_out) if c.instance_id == instance_id)


# --- the size of a batch ------------------------------------------------------------------------------


@pytest.mark.parametrize("percent", range(5, 101))
def test_the_size_is_the_largest_whole_number_within_the_share(percent: int) -> None:
    """R9 and R7: for n = 0..1000 the size is the largest k of which a hundred fold is within n * percent, or one."""
    largest = 0
    for n in range(1001):
        while (largest + 1) * 100 <= n * percent:
            largest += 1
        assert batch_size(n, percent) == (largest or 1)


@pytest.mark.parametrize(
    ("n", "size"), [(1, 1), (5, 1), (9, 1), (10, 2), (14, 2), (15, 3), (100, 20)], ids=str
)
def test_the_table_of_the_contract(n: int, size: int) -> None:
    """R9: 1 to 9 instances give batches of one, 10 to 14 of two, 15 of three, 100 of twenty."""
    assert size == batch_size(n, 20)


@pytest.mark.parametrize("n", range(6))
def test_sets_of_up_to_five_go_one_by_one(n: int) -> None:
    """R9: a set of at most five instances is upgraded in batches of one."""
    assert batch_size(n, 20) == 1


@pytest.mark.parametrize(("n", "percent", "ceiling"), [(6, 33, 2), (9, 22, 2), (11, 20, 3)])
def test_the_share_is_rounded_down(n: int, percent: int, ceiling: int) -> None:
    """R9: a ceiling would take one instance more, above the share that is allowed."""
    assert ceiling - 1 == batch_size(n, percent)


def test_a_larger_set_never_has_a_smaller_batch() -> None:
    """R9: at every percentage the size grows with the set and never shrinks."""
    for percent in range(5, 101):
        sizes = [batch_size(n, percent) for n in range(300)]
        assert all(small <= large for small, large in pairwise(sizes))


def test_the_cap_counts_the_whole_set() -> None:
    """R7: protected, newer and upgraded instances count in the total that the cap is a share of."""
    instances = (*a_set(5), *(replace(an_instance(i), version=NEW) for i in range(5, 10)))

    assert a_situation(instances).cap == 2


# --- order --------------------------------------------------------------------------------------------


def test_zones_come_in_ascending_order() -> None:
    """R48: the lowest zone that still has something to upgrade is the batch's only zone."""
    selection = choose(an_instance(0, zone="3"), an_instance(1, zone="2"), an_instance(2, zone="1"))

    assert (selection.zone, selection.chosen_ids) == ("1", ("2",))


def test_update_domains_come_in_ascending_order() -> None:
    """R49: within a zone the lowest update domain comes first, alone."""
    selection = choose(an_instance(0, update_domain=10), an_instance(1, update_domain=9))

    assert (selection.update_domain, selection.chosen_ids) == (9, ("1",))


def test_the_zone_decides_before_the_update_domain() -> None:
    """R48, R49: update domain 4 of zone 1 comes before update domain 0 of zone 2."""
    selection = choose(an_instance(0, zone="2"), an_instance(1, zone="1", update_domain=4))

    assert (selection.zone, selection.update_domain) == ("1", 4)


def test_ids_are_ordered_by_number() -> None:
    """R49: instance 10 comes after instance 9, whatever letters say."""
    assert choose(an_instance(10), an_instance(9), an_instance(100)).chosen_ids == ("9", "10", "100")


def test_names_come_after_numbers_and_by_letter() -> None:
    """R49: ids that are no numbers have an order too."""
    assert choose(an_instance("web_b"), an_instance(3), an_instance("web_a")).chosen_ids == (
        "3",
        "web_a",
        "web_b",
    )


def test_the_order_of_the_reading_changes_nothing() -> None:
    """R49: the same set read in another order gives the same batch."""
    instances = a_set(12, zones=3, update_domains=2, unhealthy=(4, 9))

    assert choose(*instances) == choose(*reversed(instances))


def test_unhealthy_ones_come_first_within_their_update_domain() -> None:
    """N13 within a domain: what is broken already is upgraded before what still serves."""
    selection = choose(an_instance(0), an_instance(1), an_instance(2, **SICK))

    assert selection.chosen_ids == ("2", "0", "1")
    assert "first because it is not ready: health is unhealthy" in selection.chosen[0].reason


def test_unhealthy_ones_of_a_later_domain_wait_without_the_setting() -> None:
    """R49: without prioritizeUnhealthyInstances the order of the domains is kept."""
    selection = choose(an_instance(0, zone="1"), an_instance(1, zone="2", **SICK))

    assert selection.zone == "1"


def test_unhealthy_ones_come_first_of_all_with_the_setting() -> None:
    """N13: with prioritizeUnhealthyInstances the domain that holds unhealthy ones comes first."""
    selection = choose(
        an_instance(0, zone="1"),
        an_instance(1, zone="2"),
        an_instance(2, zone="2", **SICK),
        prioritize_unhealthy_instances=True,
    )

    assert (selection.zone, selection.chosen_ids) == ("2", ("2", "1"))


def test_a_batch_never_spans_two_zones() -> None:
    """R48: even with the whole set allowed out, one zone at a time."""
    assert choose(*a_set(6, zones=3)).chosen_ids == ("0", "3")


def test_a_batch_never_spans_two_update_domains() -> None:
    """R49, C10: even with the whole set allowed out, one update domain at a time, in every set."""
    assert choose(*a_set(6, update_domains=2)).chosen_ids == ("0", "2", "4")


def test_across_zones_the_update_domain_still_bounds_the_batch() -> None:
    """C8, N14: with enableCrossZoneUpgrade zones do not count, update domains do."""
    selection = choose(*a_set(12, zones=3, update_domains=2), enable_cross_zone_upgrade=True)

    assert selection.chosen_ids == ("0", "1", "2", "6", "7", "8")
    assert (selection.zone, selection.update_domain) == ("", 0)


def test_across_zones_the_cap_still_holds() -> None:
    """N14: crossing zones does not raise the share of the set that may be out."""
    selection = choose(*a_set(15, zones=3), enable_cross_zone_upgrade=True, max_batch_instance_percent=20)

    assert selection.chosen_ids == ("0", "1", "2")


# --- budget -------------------------------------------------------------------------------------------


def test_the_budget_is_the_cap_less_what_is_out_of_service() -> None:
    """R7, N27: one protected instance that is down leaves two of a cap of three."""
    instances = (*a_set(14), an_instance(14, protected=True, **SICK))

    assert select_batch(a_situation(instances)).chosen_ids == ("0", "1")


def test_an_instance_that_is_not_ready_uses_no_budget() -> None:
    """R7: 15 instances, cap 3, one unhealthy: it is upgraded together with two that serve."""
    selection = select_batch(a_situation(a_set(15, unhealthy=(7,))))

    assert selection.chosen_ids == ("7", "0", "1")


def test_a_batch_is_never_larger_than_the_cap() -> None:
    """R9: five unhealthy instances of fifteen still go three at a time."""
    selection = select_batch(a_situation(a_set(15, unhealthy=(2, 4, 6, 8, 10))))

    assert selection.chosen_ids == ("2", "4", "6")


def test_without_budget_only_what_is_not_ready_is_chosen() -> None:
    """R7: while the cap is used up, upgrading what is broken makes nothing worse."""
    down = (an_instance(12, protected=True, **SICK), an_instance(13, protected=True, **SICK))
    selection = select_batch(a_situation((*a_set(12), *down, an_instance(14, **SICK))))

    assert selection.chosen_ids == ("14",)
    assert standing_of(selection, "0") is Standing.NO_BUDGET


def test_when_nothing_of_a_domain_fits_the_next_one_that_has_something_is_taken() -> None:
    """R7, R48: zone 1 serves and the budget is spent in zone 2, so zone 2's broken instance goes first."""
    selection = select_batch(
        a_situation((*(an_instance(i, zone="1") for i in range(4)), an_instance(4, zone="2", **SICK)))
    )

    assert (selection.zone, selection.chosen_ids) == ("2", ("4",))
    assert standing_of(selection, "0") is Standing.OTHER_DOMAIN


def test_when_nothing_fits_who_fills_the_budget_is_named() -> None:
    """R7: something is left and nothing fits: nobody is chosen and the blockers are named by number."""
    down = tuple(an_instance(i, protected=True, **SICK) for i in (11, 2))
    selection = select_batch(a_situation((an_instance(0), *down), max_batch_instance_percent=67))

    assert (selection.chosen, selection.blockers) == ((), ("2", "11"))
    assert selection.pending_ids == ("0",)


def test_nothing_left_has_no_blockers() -> None:
    """R44: a set that is upgraded is done, whoever is down in it."""
    selection = select_batch(a_situation((an_instance(0, version=NEW, **SICK),)))

    assert (selection.chosen, selection.blockers, selection.pending_ids) == ((), (), ())


def test_what_this_rollout_has_in_flight_uses_budget() -> None:
    """R7: an instance in flight that looks ready is out of service all the same."""
    situation = a_situation(a_set(5), swapped_ids=frozenset({"0"}), in_flight_ids=frozenset({"0"}))

    assert select_batch(situation).chosen == ()


def test_an_empty_set_has_no_batch() -> None:
    """R3: no instances, no batch, no blockers."""
    assert select_batch(a_situation(())) == Selection((), ())


# --- standings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "standing", "words"),
    [
        ({"version": NEW}, Standing.ON_TARGET, f"already on {NEW}"),
        ({"version": NEWER}, Standing.NEWER, f"runs {NEWER}, newer than {NEW}"),
        ({"protected": True}, Standing.PROTECTED, "protected from scale set actions"),
        ({"provisioning_state": "Updating"}, Standing.BUSY, "somebody else is at work on it (Updating)"),
        ({"provisioning_state": "Deleting"}, Standing.BUSY, "(Deleting)"),
        ({"provisioning_state": "Failed"}, Standing.CHOSEN, "provisioning is Failed"),
        ({"version": ""}, Standing.CHOSEN, "which is no version"),
        ({"version": "not-a-version"}, Standing.CHOSEN, "not-a-version"),
        ({}, Standing.CHOSEN, OLD),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_instance_stands_to_the_rollout(
    changes: dict[str, object], standing: Standing, words: str
) -> None:
    """R44, N23, R49: on target, newer, protected and busy instances are left alone, each with its reason."""
    selection = choose(an_instance(0, **changes), an_instance(1), an_instance(2))
    choice = next(c for c in (*selection.chosen, *selection.left_out) if c.instance_id == "0")

    assert choice.standing is standing
    assert words in choice.reason


def test_an_instance_swapped_before_is_never_chosen_again() -> None:
    """R49: not even when it still shows the old version."""
    selection = choose(an_instance(0), an_instance(1), swapped_ids=frozenset({"0"}))

    assert selection.chosen_ids == ("1",)
    assert standing_of(selection, "0") is Standing.SWAPPED_BEFORE


def test_pending_counts_whoever_is_still_to_be_upgraded() -> None:
    """R13: chosen, busy, in another domain or without budget is pending; everybody else is not."""
    instances = (
        an_instance(0),
        an_instance(1, zone="2"),
        an_instance(2, provisioning_state="Updating"),
        an_instance(3, version=NEW),
        an_instance(4, protected=True),
        an_instance(5, version=NEWER),
    )
    selection = choose(*instances)

    assert set(selection.pending_ids) == {"0", "1", "2"}
    assert {standing_of(selection, i) for i in ("3", "4", "5")} & PENDING == set()


def test_standings_are_counted() -> None:
    """R13: the counts over all standings are the whole set."""
    selection = select_batch(a_situation((*a_set(9, zones=3), an_instance(9, version=NEW))))

    assert Counter(choice.standing for choice in (*selection.chosen, *selection.left_out)) == {
        Standing.CHOSEN: 2,
        Standing.NO_BUDGET: 1,
        Standing.OTHER_DOMAIN: 6,
        Standing.ON_TARGET: 1,
    }


def test_the_batch_tells_its_place_and_its_numbers() -> None:
    """R7, R48, R49: zone and update domain, and a reason with cap, set and what was out before."""
    selection = select_batch(a_situation(a_set(15, zones=3, unhealthy=(3,))))

    assert (selection.zone, selection.update_domain) == ("1", 0)
    for words in ("3 of 5", "cap 3 of 15 (20 %)", "1 out of service before"):
        assert words in selection.reason


def test_unhealthy_ids_leave_out_what_is_in_flight() -> None:
    """R8, R14: counted is what is not ready and not in flight, ordered by number."""
    situation = a_situation(
        a_set(12, unhealthy=(10, 2, 9)), swapped_ids=frozenset({"2"}), in_flight_ids=frozenset({"2"})
    )

    assert situation.unhealthy_ids == ("9", "10")
    assert situation.out_of_service == {"2", "9", "10"}


@pytest.mark.parametrize("source", [PROBED, HealthSource.NONE])
def test_without_a_health_source_health_words_do_not_count(source: HealthSource) -> None:
    """R32: where nothing reports health, power and provisioning alone say who is out."""
    situation = a_situation((an_instance(0, health=Health.NOT_REPORTED),), health_source=source)

    assert bool(situation.out_of_service) is (source is PROBED)


def test_an_upgraded_set_has_nothing_left() -> None:
    """R13: once everybody is on the target nobody is pending."""
    assert choose(*(upgraded(i) for i in a_set(7, zones=2))).pending_ids == ()
