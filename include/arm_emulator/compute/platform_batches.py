"""Which instances the platform upgrades next: one update domain of one zone, within what the policy leaves."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from arm_emulator.images.versions import is_lower

if TYPE_CHECKING:
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.record import EffectivePolicy


def behind(scale_set: ScaleSet, target: str) -> list[Instance]:
    """The instances that run an older version and are not protected from actions of the set."""
    return [
        instance
        for instance in scale_set.instances.values()
        if instance.exact_version is not None
        and is_lower(instance.exact_version, than=target)
        and not instance.is_protected
    ]


def next_batch(scale_set: ScaleSet, target: str, policy: EffectivePolicy) -> list[Instance]:
    """The next instances in the order of zones, update domains and numbers; none when nothing fits (R7, R9, R48, R49)."""

    def domain(instance: Instance) -> tuple[str, int]:
        zone = "" if policy.enable_cross_zone_upgrade else instance.zone or ""
        return zone, instance.update_domain

    cap = max(1, len(scale_set.instances) * policy.max_batch_instance_percent // 100)
    budget = cap - sum(not instance.ready for instance in scale_set.instances.values())
    ordered = sorted(behind(scale_set, target), key=lambda i: (*domain(i), int(i.instance_id)))
    for _, instances in groupby(ordered, key=domain):
        fitting = _fitting(list(instances), budget)[:cap]
        if fitting:
            return fitting
    return []


def _fitting(instances: list[Instance], budget: int) -> list[Instance]:
    """Those that are out of service anyway, which use no budget, and as many others as it allows."""
    others = [instance for instance in instances if instance.ready]
    chosen = {i.instance_id for i in others[: max(0, budget)]}
    return [i for i in instances if not i.ready or i.instance_id in chosen]
