"""Rollouts that a policy shapes: surges, surges that cannot be, and failed instances that go back on a breach."""

from __future__ import annotations

from typing import Any

from scenarios import Scenario
from worlds import SUBSCRIPTION, rolling_policy, sick, world


def _surging(n: int = 6, zones: int = 0, *, quota: int | None = None, **options: object) -> dict[str, Any]:
    policy = rolling_policy(maxSurge=True, maxBatchInstancePercent=34, maxUnhealthyUpgradedInstancePercent=50)
    document = world(n, zones, policy=policy, updateDomains=1, dataDisksPerInstance=0, **options)
    if quota is not None:
        document["subscriptions"] = [{"id": SUBSCRIPTION, "quotas": {"westeurope": {"cores": quota}}}]
    return document


POLICIES = {
    "surge": Scenario(
        "maxSurge: new instances come up before the old ones are deleted (N15)", _surging(6, 3)
    ),
    "surge_one_fails": Scenario(
        "maxSurge: one new instance never becomes healthy; it is deleted, and the old one stays (N15, R12)",
        _surging(behaviours=[sick("7")]),
    ),
    "surge_quota": Scenario(
        "maxSurge without the quota for it: every batch is swapped in place, and says so (N16)",
        _surging(quota=13),
    ),
    "surge_data_disks": Scenario(
        "maxSurge on instances that carry data disks: in place, because a surge would lose them (N15)",
        world(6, 0, policy=rolling_policy(maxSurge=True, maxBatchInstancePercent=34), updateDomains=1),
    ),
    "breach_taken_back": Scenario(
        "by hand with rollbackFailedInstancesOnPolicyBreach: failed ones of two batches go back at the stop (N11)",
        world(
            policy=rolling_policy(
                rollbackFailedInstancesOnPolicyBreach=True, maxUnhealthyUpgradedInstancePercent=50
            ),
            behaviours=[sick("0", "9", "12")],
        ),
        arguments=("--trigger", "manual"),
    ),
}
