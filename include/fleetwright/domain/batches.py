"""Which instances are swapped next, and why these.

``select_batch`` is the one admission function: the plan, the live choice and the last look before the
call all ask it. Budget = cap - out of service, where out of service is everything that this rollout
has in flight or that is not ready; an instance that is already not ready uses no budget when it is the
one upgraded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fleetwright.domain.health import is_ready, why_not_ready
from fleetwright.domain.images import is_exact_version, is_older
from fleetwright.domain.instances import HealthSource, Instance
from fleetwright.domain.policy import RollingUpgradePolicy


def batch_size(total: int, percent: int) -> int:
    """How many instances may be out at once: the floor, and never less than one (R9).

    >>> [batch_size(n, 20) for n in (1, 5, 9, 10, 14, 15, 100)]
    [1, 1, 1, 2, 2, 3, 20]
    """
    return max(1, total * percent // 100)


class Standing(StrEnum):
    """How an instance stands to a rollout; every instance has exactly one standing."""

    CHOSEN = "chosen"
    ON_TARGET = "on target"
    NEWER = "newer"
    SWAPPED_BEFORE = "swapped before"
    PROTECTED = "protected"
    BUSY = "busy"
    OTHER_DOMAIN = "other domain"
    NO_BUDGET = "no budget"


# Still to be upgraded by this rollout, now or in a later batch.
PENDING = frozenset({Standing.CHOSEN, Standing.BUSY, Standing.OTHER_DOMAIN, Standing.NO_BUDGET})


@dataclass(frozen=True, slots=True)
class Choice:
    """One instance's standing with its reason."""

    instance_id: str
    standing: Standing
    reason: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What ``select_batch`` decided about every instance.

    :param chosen: the batch; empty when nothing is left or nothing fits
    :param left_out: everybody else
    :param blockers: ids that fill the budget, when something is left and nothing fits
    """

    chosen: tuple[Choice, ...]
    left_out: tuple[Choice, ...]
    zone: str = ""
    update_domain: int = 0
    reason: str = ""
    blockers: tuple[str, ...] = ()

    @property
    def pending_ids(self) -> tuple[str, ...]:
        """Instances still to be upgraded, those of this batch included."""
        return tuple(c.instance_id for c in (*self.chosen, *self.left_out) if c.standing in PENDING)

    @property
    def chosen_ids(self) -> tuple[str, ...]:
        """Ids of the batch."""
        return tuple(choice.instance_id for choice in self.chosen)


@dataclass(frozen=True, slots=True)
class Situation:
    """All that the choice of a batch depends on.

    :param instances: the whole set, as read just now
    :param swapped_ids: instances that this rollout has swapped or tried to
    :param in_flight_ids: instances that this rollout has in flight
    """

    instances: tuple[Instance, ...]
    target_version: str
    policy: RollingUpgradePolicy
    health_source: HealthSource
    swapped_ids: frozenset[str] = frozenset()
    in_flight_ids: frozenset[str] = frozenset()

    @property
    def total(self) -> int:
        """How many instances the set has."""
        return len(self.instances)

    @property
    def cap(self) -> int:
        """How many may be out of service at once, and be in one batch (R7, R9)."""
        return batch_size(self.total, self.policy.max_batch_instance_percent)

    @property
    def out_of_service(self) -> frozenset[str]:
        """Ids in flight or not ready."""
        return self.in_flight_ids | frozenset(
            i.instance_id for i in self.instances if not is_ready(i, self.health_source)
        )

    @property
    def unhealthy_ids(self) -> tuple[str, ...]:
        """Ids not ready and not in flight: what R8 and R14 count."""
        return tuple(
            i.instance_id
            for i in sorted(self.instances, key=lambda i: i.order)
            if i.instance_id not in self.in_flight_ids and not is_ready(i, self.health_source)
        )


def select_batch(situation: Situation) -> Selection:
    """Choose the next batch: within one zone and one update domain, never above the budget (R7, R9, R48, R49).

    Worked example: 15 instances, 20 % is a cap of 3; one is already unhealthy, so the budget is 2. A
    domain with the unhealthy one and four healthy ones gives the unhealthy one (it uses no budget) and
    two healthy ones.
    """
    settled, candidates = _split(situation)
    out = situation.out_of_service
    for domain in _domains_in_order(situation, candidates):
        chosen = _fitting(domain.members, out, situation.cap)
        if chosen:
            return _selection(situation, settled, candidates, chosen, domain)
    blockers = tuple(i.instance_id for i in _ordered(situation.instances) if i.instance_id in out)
    waiting = tuple(_no_budget(candidate, situation, out) for candidate in candidates)
    return Selection(
        (), (*settled, *waiting), blockers=blockers if _any_pending((*settled, *waiting)) else ()
    )


def why_not_admitted(situation: Situation, ids: frozenset[str]) -> str:
    """Why a batch that was chosen earlier may not be swapped as things stand now; empty when it may."""
    present = {instance.instance_id: instance for instance in situation.instances}
    for instance_id in sorted(ids):
        if instance_id not in present:
            return f"instance {instance_id} does not exist any more"
        choice = _standing(present[instance_id], situation)
        if choice is not None:
            return f"instance {instance_id}: {choice.reason}"
    out = situation.out_of_service
    if ids - out and len(out | ids) > situation.cap:
        return (
            f"{len(out | ids)} of {situation.total} would be out of service, at most {situation.cap} may be"
        )
    return ""


@dataclass(frozen=True, slots=True)
class _Domain:
    zone: str
    update_domain: int
    members: tuple[Instance, ...]


def _split(situation: Situation) -> tuple[tuple[Choice, ...], tuple[Instance, ...]]:
    settled: list[Choice] = []
    candidates: list[Instance] = []
    for instance in _ordered(situation.instances):
        choice = _standing(instance, situation)
        if choice is None:
            candidates.append(instance)
        else:
            settled.append(choice)
    return tuple(settled), tuple(candidates)


def _standing(instance: Instance, situation: Situation) -> Choice | None:
    instance_id, version, target = instance.instance_id, instance.version, situation.target_version
    if instance_id in situation.swapped_ids:
        return Choice(instance_id, Standing.SWAPPED_BEFORE, "already swapped once in this rollout")
    if version == target:
        return Choice(instance_id, Standing.ON_TARGET, f"already on {target}")
    if not is_older(version, target) and is_exact_version(version):
        reason = f"runs {version}, newer than {target}: never taken back"
        return Choice(instance_id, Standing.NEWER, reason)
    if instance.protected:
        reason = "protected from scale set actions; lift the protection to upgrade it"
        return Choice(instance_id, Standing.PROTECTED, reason)
    if not instance.is_settled:
        reason = f"an operation of somebody else is at work on it ({instance.provisioning_state})"
        return Choice(instance_id, Standing.BUSY, reason)
    return None


def _domains_in_order(situation: Situation, candidates: tuple[Instance, ...]) -> tuple[_Domain, ...]:
    grouped: dict[tuple[str, int], list[Instance]] = {}
    for candidate in candidates:
        grouped.setdefault(_domain_of(candidate, situation.policy), []).append(candidate)
    source = situation.health_source
    domains = [
        _Domain(zone, update_domain, tuple(sorted(members, key=lambda i: (is_ready(i, source), i.order))))
        for (zone, update_domain), members in sorted(grouped.items())
    ]
    if situation.policy.prioritize_unhealthy_instances:
        domains.sort(key=lambda d: all(is_ready(i, source) for i in d.members))
    return tuple(domains)


def _domain_of(instance: Instance, policy: RollingUpgradePolicy) -> tuple[str, int]:
    # Across zones (N14) the set counts as regional; update domains still bound the batch.
    return ("" if policy.enable_cross_zone_upgrade else instance.zone, instance.update_domain)


def _fitting(members: tuple[Instance, ...], out: frozenset[str], cap: int) -> tuple[Instance, ...]:
    chosen: list[Instance] = []
    budget = cap - len(out)
    for instance in members:
        if len(chosen) == cap:
            break
        if instance.instance_id in out:
            chosen.append(instance)
        elif budget > 0:
            chosen.append(instance)
            budget -= 1
    return tuple(chosen)


def _selection(
    situation: Situation,
    settled: tuple[Choice, ...],
    candidates: tuple[Instance, ...],
    chosen: tuple[Instance, ...],
    domain: _Domain,
) -> Selection:
    ids = {instance.instance_id for instance in chosen}
    out = situation.out_of_service
    rest = tuple(
        _no_budget(c, situation, out) if c in domain.members else _other_domain(c, domain)
        for c in candidates
        if c.instance_id not in ids
    )
    reason = (
        f"{len(chosen)} of {len(domain.members)} left in this domain; cap {situation.cap} of {situation.total} "
        f"({situation.policy.max_batch_instance_percent} %), {len(out)} out of service before"
    )
    choices = tuple(Choice(i.instance_id, Standing.CHOSEN, _why_chosen(i, situation)) for i in chosen)
    return Selection(choices, (*settled, *rest), domain.zone, domain.update_domain, reason)


def _why_chosen(instance: Instance, situation: Situation) -> str:
    older = (
        f"{instance.version} is older than {situation.target_version}"
        if is_exact_version(instance.version)
        else f"it shows {instance.version!r}, which is no version"
    )
    reason = why_not_ready(instance, situation.health_source)
    return f"{older}; goes first because it is not ready: {reason}" if reason else older


def _other_domain(candidate: Instance, domain: _Domain) -> Choice:
    here = f"zone {domain.zone} " if domain.zone else ""
    reason = f"waits: {here}update domain {domain.update_domain} goes first"
    return Choice(candidate.instance_id, Standing.OTHER_DOMAIN, reason)


def _no_budget(candidate: Instance, situation: Situation, out: frozenset[str]) -> Choice:
    reason = f"waits: at most {situation.cap} of {situation.total} may be out at once, {len(out)} were before"
    return Choice(candidate.instance_id, Standing.NO_BUDGET, reason)


def _any_pending(choices: tuple[Choice, ...]) -> bool:
    return any(choice.standing in PENDING for choice in choices)


def _ordered(instances: tuple[Instance, ...]) -> tuple[Instance, ...]:
    return tuple(sorted(instances, key=lambda instance: instance.order))


def count_standings(selection: Selection) -> Mapping[Standing, int]:
    """How many instances have which standing."""
    counts: dict[Standing, int] = {}
    for choice in (*selection.chosen, *selection.left_out):
        counts[choice.standing] = counts.get(choice.standing, 0) + 1
    return counts
