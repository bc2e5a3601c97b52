"""Instances that came to the new version by themselves: ``latest`` leaks past every rollout (O9)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fleetwright.domain.images import is_exact_version, is_older
from fleetwright.domain.instances import Instance
from fleetwright.domain.records import RolloutView

ON_TARGET_BEFORE = (
    "onTargetBefore"  # key of a rollout's plan: who ran the version, or a newer one, at its start
)


@dataclass(frozen=True, slots=True)
class Leak:
    """An instance that the set itself created or repaired on the version of ``latest``."""

    instance_id: str
    version: str

    def to_dict(self) -> dict[str, str]:
        """As plain JSON."""
        return {"instance": self.instance_id, "version": self.version}


def find_on_target(instances: Iterable[Instance], target: str) -> tuple[str, ...]:
    """Ids of the instances that run the version already, or a newer one."""
    return tuple(
        instance.instance_id
        for instance in instances
        if is_exact_version(instance.version) and not is_older(instance.version, target)
    )


def find_leaks(view: RolloutView, instances: Iterable[Instance]) -> tuple[Leak, ...]:
    """Who came to the version during the rollout and not by it; none where nobody noted who ran it before.

    Scale-out and automatic repairs create instances on the newest version, whatever phases and quarantine say.
    """
    plan: Mapping[str, Any] = view.rollout.plan
    if ON_TARGET_BEFORE not in plan:
        return ()
    present = {instance.instance_id: instance for instance in instances}
    surged = {swap.replacement_id for swap in view.swaps.values()}
    ours = view.swapped_ids | frozenset(plan[ON_TARGET_BEFORE]) | surged
    found = find_on_target(present.values(), view.rollout.settings.target_version)
    return tuple(Leak(i, present[i].version) for i in found if i not in ours)
