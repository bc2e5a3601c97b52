"""What a Flexible set has to have, and what its policy may not ask for (N11, N17)."""

from __future__ import annotations

from fleetwright.domain.eligibility.facts import Facts, Rule
from fleetwright.domain.instances import HealthSource

_EXTENSIONS = frozenset({HealthSource.EXTENSION, HealthSource.BINARY_EXTENSION})


def _is_known(facts: Facts) -> str:
    fleet = facts.fleet
    if fleet.is_flexible or fleet.orchestration_mode.lower() == "uniform":
        return ""
    return f"orchestrationMode is {fleet.orchestration_mode}; it must be Uniform or Flexible"


def _has_health_extension(facts: Facts) -> str:
    fleet = facts.fleet
    if not fleet.is_flexible or _EXTENSIONS & set(fleet.health_sources):
        return ""
    return (
        "orchestrationMode is Flexible, and the model has no Application Health extension; "
        "a health probe is not enough there: add the extension (R16)"
    )


def _max_surge(facts: Facts) -> str:
    if not (facts.fleet.is_flexible and facts.fleet.effective_policy.max_surge):
        return ""
    return (
        "orchestrationMode is Flexible and rollingUpgradePolicy.maxSurge is true: Azure does not support automatic OS "
        "upgrades with it there; set maxSurge to false (N17)"
    )


def _rollback_on_breach(facts: Facts) -> str:
    policy = facts.fleet.effective_policy
    if not (facts.fleet.is_flexible and policy.rollback_failed_instances_on_policy_breach):
        return ""
    return (
        "orchestrationMode is Flexible: rollbackFailedInstancesOnPolicyBreach is for Uniform sets only "
        "and has no effect here (N11)"
    )


REASONS: tuple[Rule, ...] = (_is_known, _has_health_extension, _max_surge)
WARNINGS: tuple[Rule, ...] = (_rollback_on_breach,)
