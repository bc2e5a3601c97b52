"""What holds for every set, placement, health, policy and moment of a rollout."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from fleet_builders import NEW, an_instance, orders, policies, random_sets, random_situations, upgraded
from hypothesis import given, settings
from hypothesis import strategies as st

from fleetwright.domain.batches import select_batch
from fleetwright.domain.images import is_exact_version, version_key
from fleetwright.domain.instances import HealthSource, Instance
from fleetwright.domain.plan import plan_batches
from fleetwright.domain.policy import RollingUpgradePolicy
from fleetwright.domain.situation import Selection, Situation, Standing
from fleetwright.domain.thresholds import judge_set
from fleetwright.domain.upgrade_order import UpgradeOrder

EXAMPLES = settings(max_examples=250, deadline=None)


def by_id(situation: Situation) -> dict[str, Instance]:
    """The instances by their ids."""
    return {instance.instance_id: instance for instance in situation.instances}


def wants_upgrade(instance: Instance) -> bool:
    """Whether the rollout should swap the instance, by the rules and not by the code under test."""
    moves_up = not is_exact_version(instance.version) or version_key(instance.version) < version_key(NEW)
    return moves_up and not instance.protected and instance.provisioning_state in {"Succeeded", "Failed"}


def drive(situation: Situation) -> tuple[Situation, list[Selection]]:
    """Take batch after batch while all goes well; return the end and every batch."""
    taken: list[Selection] = []
    while (selection := select_batch(situation)).chosen:
        taken.append(selection)
        ids = set(selection.chosen_ids)
        instances = tuple(upgraded(i) if i.instance_id in ids else i for i in situation.instances)
        situation = replace(situation, instances=instances, swapped_ids=situation.swapped_ids | ids)
    return situation, taken


@EXAMPLES
@given(random_situations())
def test_every_instance_has_exactly_one_standing_with_a_reason(situation: Situation) -> None:
    """R49: no instance is chosen twice, none is forgotten, and each can say why."""
    selection = select_batch(situation)
    choices = (*selection.chosen, *selection.left_out)

    assert Counter(c.instance_id for c in choices) == Counter(i.instance_id for i in situation.instances)
    assert all(choice.reason for choice in choices)
    assert {c.standing for c in selection.chosen} <= {Standing.CHOSEN}
    assert Standing.CHOSEN not in {c.standing for c in selection.left_out}


@EXAMPLES
@given(random_situations())
def test_a_batch_stays_within_cap_and_budget(situation: Situation) -> None:
    """R7, R9, N27: at most the cap is chosen, and at most the budget of those that serve."""
    chosen = set(select_batch(situation).chosen_ids)
    serving = chosen - situation.out_of_service
    budget = max(0, situation.cap - len(situation.out_of_service))

    assert len(chosen) <= situation.cap
    assert len(serving) <= budget


@EXAMPLES
@given(random_situations())
def test_a_batch_never_puts_more_out_of_service_than_the_cap(situation: Situation) -> None:
    """R7: what is out after the call is within the cap, or no more than was out before it."""
    before = situation.out_of_service
    out = before | set(select_batch(situation).chosen_ids)

    assert len(out) <= max(situation.cap, len(before))


@EXAMPLES
@given(random_situations())
def test_a_batch_lies_within_one_zone_and_one_update_domain(situation: Situation) -> None:
    """R48, R49: one update domain always, and one zone unless the policy crosses zones (C8)."""
    instances = by_id(situation)
    chosen = [instances[i] for i in select_batch(situation).chosen_ids]

    assert len({i.update_domain for i in chosen}) <= 1
    assert situation.policy.enable_cross_zone_upgrade or len({i.zone for i in chosen}) <= 1


@EXAMPLES
@given(random_situations())
def test_only_what_wants_an_upgrade_is_chosen(situation: Situation) -> None:
    """R44, N23: on target, newer, protected, busy and swapped instances are never touched."""
    instances = by_id(situation)

    for instance_id in select_batch(situation).chosen_ids:
        assert instance_id not in situation.swapped_ids
        assert wants_upgrade(instances[instance_id])


@EXAMPLES
@given(random_situations())
def test_an_empty_batch_means_that_nothing_fits(situation: Situation) -> None:
    """R7, R13: nothing chosen means nothing left, or busy instances, or a cap that is used up and named."""
    selection = select_batch(situation)
    waiting = {c.instance_id for c in selection.left_out if c.standing is Standing.NO_BUDGET}

    if not selection.chosen:
        assert set(selection.blockers) == (situation.out_of_service if selection.pending_ids else set())
        assert not waiting or len(situation.out_of_service) >= situation.cap
        assert not waiting & situation.out_of_service


@EXAMPLES
@given(random_sets(), policies, st.sampled_from(HealthSource))
def test_every_eligible_instance_is_upgraded_exactly_once_when_all_goes_well(
    instances: tuple[Instance, ...], policy: RollingUpgradePolicy, source: HealthSource
) -> None:
    """R13, R2: driven to the end, each instance is swapped once, or instances that nobody may touch fill the cap."""
    end, taken = drive(Situation(instances, NEW, policy, source))
    swaps = Counter(i for selection in taken for i in selection.chosen_ids)
    eligible = {i.instance_id for i in instances if wants_upgrade(i)}

    assert set(swaps.values()) <= {1}
    assert swaps.keys() <= eligible
    assert swaps.keys() == eligible or len(end.out_of_service) >= end.cap


@EXAMPLES
@given(random_sets(), policies, orders)
def test_the_plan_is_what_driving_gives(
    instances: tuple[Instance, ...], policy: RollingUpgradePolicy, order: UpgradeOrder
) -> None:
    """R2, N18: the predicted batches are those that the rollout takes when all goes well, phase by phase."""
    situation = Situation(instances, NEW, policy, HealthSource.PROBE, order=order)
    _, taken = drive(situation)

    batches = plan_batches(situation).batches
    assert [(b.instance_ids, b.reason, b.phase) for b in batches] == [
        (s.chosen_ids, s.reason, s.phase) for s in taken
    ]


@EXAMPLES
@given(random_situations())
def test_a_healthy_instance_more_never_shrinks_the_budget(situation: Situation) -> None:
    """R7: an up-to-date instance added to the set leaves at least the budget that was there."""
    more = replace(situation, instances=(*situation.instances, upgraded(an_instance(1000))))

    assert more.cap - len(more.out_of_service) >= situation.cap - len(situation.out_of_service)


@EXAMPLES
@given(random_situations())
def test_a_healthy_instance_more_never_stops_a_rollout(situation: Situation) -> None:
    """R8, R14: a set that may be upgraded still may be with one healthy instance more."""
    percent = situation.policy.max_unhealthy_instance_percent
    more = replace(situation, instances=(*situation.instances, upgraded(an_instance(1000))))

    if judge_set(situation.unhealthy_ids, situation.total, percent, started=True) is None:
        assert judge_set(more.unhealthy_ids, more.total, percent, started=True) is None


@EXAMPLES
@given(random_sets(), policies, st.integers(1, 9), st.integers(0, 99))
def test_relabelling_in_order_relabels_the_plan(
    instances: tuple[Instance, ...], policy: RollingUpgradePolicy, factor: int, shift: int
) -> None:
    """R49: other numbers in the same order give the same plan under the new numbers."""

    def label(instance_id: str) -> str:
        return str(int(instance_id) * factor + shift)

    plan = plan_batches(Situation(instances, NEW, policy, HealthSource.PROBE))
    renamed = tuple(replace(i, instance_id=label(i.instance_id)) for i in instances)
    other = plan_batches(Situation(renamed, NEW, policy, HealthSource.PROBE))

    assert [tuple(map(label, b.instance_ids)) for b in plan.batches] == [
        b.instance_ids for b in other.batches
    ]


@EXAMPLES
@given(random_sets(), policies, st.randoms(use_true_random=False))
def test_relabelling_at_will_keeps_the_shape_of_the_plan(
    instances: tuple[Instance, ...], policy: RollingUpgradePolicy, chance: object
) -> None:
    """R49: whoever has which number, places and sizes of the batches stay the same."""
    labels = [i.instance_id for i in instances]
    chance.shuffle(labels)
    renamed = tuple(replace(i, instance_id=label) for i, label in zip(instances, labels, strict=True))

    def shape(members: tuple[Instance, ...]) -> list[tuple[str, int, int]]:
        plan = plan_batches(Situation(members, NEW, policy, HealthSource.PROBE))
        return [(b.zone, b.update_domain, len(b.choices)) for b in plan.batches]

    assert shape(instances) == shape(renamed)
