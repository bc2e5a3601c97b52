"""The judgement: every rule is asked, and every answer is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from fleetwright.domain.eligibility import (
    batch_pools,
    credentials,
    flexible,
    health_source,
    model,
    ownership,
    patching,
    service_fabric,
)
from fleetwright.domain.eligibility.facts import Facts, Rule
from fleetwright.domain.fleets import FleetKind

_FAMILIES = {
    FleetKind.SCALE_SET: (ownership, model, flexible, health_source, patching, service_fabric),
    FleetKind.BATCH_POOL: (ownership, batch_pools),
}
_REASONS: Mapping[FleetKind, tuple[Rule, ...]] = MappingProxyType(
    {
        kind: tuple(rule for family in families for rule in family.REASONS)
        for kind, families in _FAMILIES.items()
    }
)
_WARNINGS: Mapping[FleetKind, tuple[Rule, ...]] = MappingProxyType(
    {
        kind: tuple(rule for family in families for rule in family.WARNINGS)
        for kind, families in _FAMILIES.items()
    }
)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The judgement: held when there is any reason; warnings stand in the plan."""

    reasons: tuple[str, ...]
    warnings: tuple[str, ...]


def judge_eligibility(facts: Facts) -> Eligibility:
    """Ask every rule that is about this kind of fleet, and collect every answer."""
    kind = facts.fleet.kind
    reasons = (*(rule(facts) for rule in _REASONS[kind]), *credentials.expiring(facts))
    warnings = tuple(rule(facts) for rule in _WARNINGS[kind])
    return Eligibility(_lines(reasons), _lines(warnings))


def _lines(answers: tuple[str, ...]) -> tuple[str, ...]:
    """What was answered, each on one line whatever a model's values hold."""
    return tuple(" ".join(answer.split()) for answer in answers if answer)
