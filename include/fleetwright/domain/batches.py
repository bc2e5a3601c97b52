"""Which instances are swapped next, and why these.

``select_batch`` is the one admission function: the plan, the live choice and the last look before the
call all ask it. Budget = cap - out of service, where out of service is everything that this rollout
has in flight or that is not ready; an instance that is already not ready uses no budget when it is the
one upgraded.
"""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.domain.health import is_ready, why_not_ready
from fleetwright.domain.images import is_exact_version, is_older
from fleetwright.domain.instances import Instance
from fleetwright.domain.policy import RollingUpgradePolicy
from fleetwright.domain.situation import PENDING, Choice, Selection, Situation, Standing


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
