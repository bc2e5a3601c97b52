"""The order that applications ask for: ``SkipUpgrade`` and ``PhaseOrderingNumber`` of their custom metrics (N18-N20).

They are read once, at the start of a rollout; whatever an application says later counts for the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fleetwright.domain.instances import Health, Instance


@dataclass(frozen=True, slots=True)
class UpgradeOrder:
    """Who is skipped and who goes in which phase, as read at the start of a rollout.

    :param phases: ``PhaseOrderingNumber`` by instance id; who has none goes in the last phase (N18)
    :param skipped: ids of those that said ``SkipUpgrade`` (N19)
    """

    phases: Mapping[str, int] = field(default_factory=dict)
    skipped: frozenset[str] = frozenset()

    def rank(self, instance_id: str) -> tuple[bool, int]:
        """Sort key of the instance's phase: ascending numbers, then those without one."""
        number = self.phases.get(instance_id)
        return (number is None, number or 0)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON."""
        return {"phases": dict(self.phases), "skipped": sorted(self.skipped)}

    @classmethod
    def from_dict(cls, body: Mapping[str, Any]) -> UpgradeOrder:
        """From plain JSON, as ``to_dict`` wrote it."""
        return cls(dict(body.get("phases", {})), frozenset(body.get("skipped", ())))


def read_upgrade_order(
    instances: Iterable[Instance], *, heeded: bool
) -> tuple[UpgradeOrder, tuple[str, ...]]:
    """The order that the instances ask for now, and what of it could not be heeded, a line each.

    :param heeded: the set's health source is one whose custom metrics count (N20)
    """
    phases: dict[str, int] = {}
    skipped: set[str] = set()
    warnings: list[str] = []
    said = [instance for instance in instances if instance.custom_metrics is not None]
    if said and not heeded:
        return UpgradeOrder(), (_not_heeded(said),)
    for instance in said:
        metrics = instance.custom_metrics
        if metrics is None or metrics.problem:
            warnings.append(_unreadable(instance))
            continue
        if instance.health is not Health.HEALTHY:
            warnings.append(_not_healthy(instance))
            continue
        if metrics.skip_upgrade:
            skipped.add(instance.instance_id)
        if metrics.phase is not None:
            phases[instance.instance_id] = metrics.phase
    return UpgradeOrder(phases, frozenset(skipped)), tuple(warnings)


def _not_heeded(said: list[Instance]) -> str:
    return (
        f"custom metrics of {len(said)} instances are not heeded: they count only from the Application Health "
        "extension 2.0 over http or https (N20)"
    )


def _unreadable(instance: Instance) -> str:
    problem = instance.custom_metrics.problem if instance.custom_metrics else ""
    return f"instance {instance.instance_id}: custom metrics cannot be read and are ignored: {problem} (N19)"


def _not_healthy(instance: Instance) -> str:
    return (
        f"instance {instance.instance_id}: custom metrics are not heeded, because its health is {instance.health} "
        "and not healthy (N20)"
    )
