"""``select_batch`` against a second, naive one that was written from the contract's sentences alone."""

from __future__ import annotations

from random import Random

import pytest
from fleet_builders import NEW, NEWER, OLD, an_instance

from fleetwright.domain.batches import select_batch
from fleetwright.domain.instances import Health, HealthSource, Instance
from fleetwright.domain.policy import RollingUpgradePolicy
from fleetwright.domain.situation import PENDING, Situation, Standing
from fleetwright.domain.upgrade_order import UpgradeOrder

ROUNDS = 60


def cap_of(s: Situation) -> int:
    """The contract: batch size is max(1, floor(n * maxBatchInstancePercent / 100)) in integers."""
    cap = 1
    while (cap + 1) * 100 <= len(s.instances) * s.policy.max_batch_instance_percent:
        cap += 1
    return cap


def ready(s: Situation, i: Instance) -> bool:
    """The contract: running, provisioned, every extension succeeded and, where there is a source, healthy."""
    serves = i.power == "running" and i.provisioning_state == "Succeeded"
    extended = not i.failed_extensions and not i.pending_extensions
    return serves and extended and (s.health_source == "none" or i.health == "healthy")


def out_of_service(s: Situation) -> set[str]:
    """The contract: distinct instances in flight or not ready; a node that is given no work serves nobody."""
    closed = {i.instance_id for i in s.instances if not i.takes_work} | set(s.closed_ids)
    return set(s.in_flight_ids) | closed | {i.instance_id for i in s.instances if not ready(s, i)}


def to_upgrade(s: Situation, i: Instance) -> bool:
    """The contract: not yet on the version, not swapped before, neither protected nor skipped; never taken back."""

    def number(version: str) -> list[int]:
        return [int(part) for part in version.split(".")] if version else [-1]

    left_alone = i.protected or i.instance_id in s.order.skipped or i.instance_id in s.left_busy
    left_alone = left_alone or (not i.takes_work and i.instance_id not in s.closed_ids)
    return i.instance_id not in s.swapped_ids and number(i.version) < number(NEW) and not left_alone


def place(s: Situation, i: Instance) -> tuple[str, int]:
    """The contract: one update domain of one zone; zones do not count with enableCrossZoneUpgrade."""
    return ("" if s.policy.enable_cross_zone_upgrade else i.zone, i.update_domain)


def phase_of(s: Situation, i: Instance) -> float:
    """The contract: ascending numbers, and instances without one in the last phase."""
    return s.order.phases.get(i.instance_id, float("inf"))


def rank(s: Situation, i: Instance) -> tuple[object, ...]:
    """The contract: zones, update domains, numbers; unhealthy first within, or first of all with the setting."""
    serves = i.instance_id not in out_of_service(s)
    first_of_all = s.policy.prioritize_unhealthy_instances and not serves
    return (not first_of_all, place(s, i), serves, int(i.instance_id))


def reference_batch(s: Situation) -> tuple[list[str], set[str]]:
    """The batch in its order, and everybody who is pending."""
    cap, out = cap_of(s), out_of_service(s)
    budget = cap - len(out)
    pending = [i for i in s.instances if to_upgrade(s, i)]
    phase = min((phase_of(s, i) for i in pending), default=0)
    ranked = sorted(
        (i for i in pending if i.provisioning_state in {"Succeeded", "Failed"} and phase_of(s, i) == phase),
        key=lambda i: rank(s, i),
    )
    # The first that fits decides about the place; who is not ready already fits without budget.
    first = next((i for i in ranked if i.instance_id in out or budget > 0), None)
    batch: list[str] = []
    for i in ranked:
        fits = i.instance_id in out or budget > 0
        if first and fits and place(s, i) == place(s, first) and len(batch) < cap:
            batch.append(i.instance_id)
            budget -= i.instance_id not in out
    return batch, {i.instance_id for i in pending}


def random_situation(n: int, chance: Random) -> Situation:
    """A set of n instances in any state, in the middle of any rollout."""
    zones, domains = chance.randint(0, 3), chance.randint(1, 5)
    sickness, closing = chance.choice([0.0, 0.1, 0.4]), chance.choice([0.0, 0.0, 0.2])
    instances = tuple(
        an_instance(
            i,
            zone=str(i % zones + 1) if zones else "",
            update_domain=chance.randrange(domains),
            version=chance.choice([OLD, OLD, OLD, OLD, NEW, NEWER, ""]),
            health=chance.choice(list(Health)) if chance.random() < sickness else Health.HEALTHY,
            power="stopped" if chance.random() < sickness / 2 else "running",
            provisioning_state=chance.choice(["Failed", "Updating"])
            if chance.random() < sickness / 2
            else "Succeeded",
            failed_extensions=("agent",) if chance.random() < sickness / 4 else (),
            pending_extensions=("script",) if chance.random() < sickness / 4 else (),
            protected=chance.random() < 0.1,
            takes_work=chance.random() >= closing,
        )
        for i in range(n)
    )
    shuffled = tuple(chance.sample(instances, n))
    swapped = frozenset(i.instance_id for i in instances if chance.random() < chance.choice([0.0, 0.2]))
    policy = RollingUpgradePolicy(
        max_batch_instance_percent=chance.choice([5, 20, 20, 33, 50, 100]),
        enable_cross_zone_upgrade=chance.random() < 0.3,
        prioritize_unhealthy_instances=chance.random() < 0.3,
    )
    flying = frozenset(i for i in sorted(swapped) if chance.random() < 0.3)
    source = chance.choice(list(HealthSource))
    ours = frozenset(i.instance_id for i in instances if not i.takes_work and chance.random() < 0.5)
    busy = {i.instance_id: "its task never ended" for i in instances if chance.random() < closing / 4}
    order = random_order(instances, chance)
    return Situation(shuffled, NEW, policy, source, swapped, flying, order, ours, busy)


def random_order(instances: tuple[Instance, ...], chance: Random) -> UpgradeOrder:
    """What the applications of the set asked for: mostly nothing."""
    if chance.random() < 0.5:
        return UpgradeOrder()
    phases = {i.instance_id: chance.randint(-1, 3) for i in instances if chance.random() < 0.7}
    return UpgradeOrder(phases, frozenset(i.instance_id for i in instances if chance.random() < 0.1))


@pytest.mark.parametrize("n", range(61))
def test_the_choice_is_the_one_that_the_contract_describes(n: int) -> None:
    """R7, R9, R44, R48, R49, N13, N14, N18, N19: for n = 0..60 and random states both give the same batch in the same order."""
    chance = Random(n)
    for _ in range(ROUNDS):
        situation = random_situation(n, chance)
        batch, pending = reference_batch(situation)
        selection = select_batch(situation)

        assert list(selection.chosen_ids) == batch, situation
        assert set(selection.pending_ids) == pending, situation


def test_the_reference_meets_every_kind_of_answer() -> None:
    """R7: the random states are worth something: full batches, short ones, none that fits, nothing left."""
    chance, met = Random(0), set()
    for _ in range(600):
        situation = random_situation(chance.randint(0, 24), chance)
        selection = select_batch(situation)
        met.add((len(selection.chosen) == situation.cap, bool(selection.chosen), bool(selection.blockers)))
        met.update(c.standing for c in (*selection.chosen, *selection.left_out))

    assert set(Standing) <= met
    assert met >= PENDING
    assert {(True, True, False), (False, True, False), (False, False, True), (False, False, False)} <= met
