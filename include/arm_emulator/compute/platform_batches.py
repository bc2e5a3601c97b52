"""Which instances a rolling upgrade takes next: one update domain of one zone, within what the policy leaves."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.record import EffectivePolicy


def next_batch(scale_set: ScaleSet, pending: Iterable[Instance], policy: EffectivePolicy) -> list[Instance]:
    """The next instances in the order of zones, update domains and numbers; none when nothing fits.

    Batch size and budget are R7 and R9, zones R48 and N14, update domains R49; ``prioritizeUnhealthyInstances``
    puts the domains of unhealthy ones first (N13).
    """

    def domain(instance: Instance) -> tuple[str, int]:
        zone = "" if policy.enable_cross_zone_upgrade else instance.zone or ""
        return zone, instance.update_domain

    cap = max(1, len(scale_set.instances) * policy.max_batch_instance_percent // 100)
    budget = cap - sum(not instance.ready for instance in scale_set.instances.values())
    ordered = sorted(pending, key=lambda i: (*domain(i), i.ready, *_number(i)))
    domains = [list(instances) for _, instances in groupby(ordered, key=domain)]
    if policy.prioritize_unhealthy_instances:
        domains.sort(key=lambda instances: all(instance.ready for instance in instances))
    for instances in domains:
        fitting = _fitting(instances, budget)[:cap]
        if fitting:
            return fitting
    return []


def _number(instance: Instance) -> tuple[int, str]:
    """Ids by number; names, which Flexible sets have, by letter."""
    is_number = instance.instance_id.isdecimal()
    return (int(instance.instance_id), "") if is_number else (0, instance.instance_id)


def _fitting(instances: list[Instance], budget: int) -> list[Instance]:
    """Those that are out of service anyway, which use no budget, and as many others as it allows."""
    others = [instance for instance in instances if instance.ready]
    chosen = {i.instance_id for i in others[: max(0, budget)]}
    return [i for i in instances if not i.ready or i.instance_id in chosen]
