"""A rolling upgrade policy as Azure writes it."""

from __future__ import annotations

from typing import Any

from fleetwright.domain.policy import RollingUpgradePolicy


def rolling_policy_body(policy: RollingUpgradePolicy) -> dict[str, Any]:
    """The ``policy`` of ``rollingUpgrades/latest``; flags that are off are left away.

    >>> rolling_policy_body(RollingUpgradePolicy())["pauseTimeBetweenBatches"]
    'PT0S'
    """
    flags = {
        "enableCrossZoneUpgrade": policy.enable_cross_zone_upgrade,
        "prioritizeUnhealthyInstances": policy.prioritize_unhealthy_instances,
        "rollbackFailedInstancesOnPolicyBreach": policy.rollback_failed_instances_on_policy_breach,
        "maxSurge": policy.max_surge,
    }
    return {
        "maxBatchInstancePercent": policy.max_batch_instance_percent,
        "maxUnhealthyInstancePercent": policy.max_unhealthy_instance_percent,
        "maxUnhealthyUpgradedInstancePercent": policy.max_unhealthy_upgraded_instance_percent,
        "pauseTimeBetweenBatches": f"PT{policy.pause_time_between_batches.total_seconds():g}S",
        **{name: value for name, value in flags.items() if value},
    }
