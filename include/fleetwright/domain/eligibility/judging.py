"""The judgement: every rule is asked, and every answer is told."""

from __future__ import annotations

from dataclasses import dataclass

from fleetwright.domain.eligibility import (
    credentials,
    flexible,
    health_source,
    model,
    ownership,
    patching,
    service_fabric,
)
from fleetwright.domain.eligibility.facts import Facts, Rule

_FAMILIES = (ownership, model, flexible, health_source, patching, service_fabric)
_REASONS: tuple[Rule, ...] = tuple(rule for family in _FAMILIES for rule in family.REASONS)
_WARNINGS: tuple[Rule, ...] = tuple(rule for family in _FAMILIES for rule in family.WARNINGS)


@dataclass(frozen=True, slots=True)
class Eligibility:
    """The judgement: held when there is any reason; warnings stand in the plan."""

    reasons: tuple[str, ...]
    warnings: tuple[str, ...]


def judge_eligibility(facts: Facts) -> Eligibility:
    """Ask every rule and collect every answer."""
    reasons = (*(rule(facts) for rule in _REASONS), *credentials.expiring(facts))
    warnings = tuple(rule(facts) for rule in _WARNINGS)
    return Eligibility(_lines(reasons), _lines(warnings))


def _lines(answers: tuple[str, ...]) -> tuple[str, ...]:
    """What was answered, each on one line whatever a model's values hold."""
    return tuple(" ".join(answer.split()) for answer in answers if answer)
