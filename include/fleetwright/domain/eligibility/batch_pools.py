"""What a Batch pool has to be, what its account has to have, and by what its nodes could be upgraded at all.

Of the rules about scale sets those about images and about Windows' own updates hold for pools as they are. Health
sources, placement groups, ephemeral disks, Service Fabric, repairs and surges do not exist there.
"""

from __future__ import annotations

from fleetwright.domain.batch_pools import (
    DEFERRAL_FEATURE,
    REGISTERED,
    AllocationMode,
    BatchPool,
    NodeUpgradeWay,
)
from fleetwright.domain.eligibility import model, patching
from fleetwright.domain.eligibility.facts import Facts, Rule

# Since when the page about pools knows automatic OS upgrades (R57); the published specs have them from 2024-02-01 on (C4).
UPGRADES_SINCE = "2023-11-01"

_NAMESPACE, _, _FEATURE = DEFERRAL_FEATURE.partition("/")


def _has_virtual_machines(facts: Facts) -> str:
    if _pool(facts).has_virtual_machines:
        return ""
    return (
        f"pool {facts.fleet.name} has no deploymentConfiguration.virtualMachineConfiguration: a pool of cloud services "
        "has no OS image of yours to upgrade; create it anew with a virtualMachineConfiguration (R54)"
    )


def _api_version(facts: Facts) -> str:
    used = _pool(facts).api_version
    if not used or used[: len(UPGRADES_SINCE)] >= UPGRADES_SINCE:
        return ""
    return (
        f"api_version of Batch is {used}: upgradePolicy of pool {facts.fleet.name} is not shown to it; "
        f"use {UPGRADES_SINCE} or a later one (R57)"
    )


def _is_activated(facts: Facts) -> str:
    # Whoever hands a pool over by tag or metadata needs no policy of it: nothing is deferred where none is in force.
    return "" if facts.fleet.is_tagged else _shows_no_policy(facts)


def _shows_no_policy(facts: Facts) -> str:
    pool = _pool(facts)
    if pool.shows_upgrade_policy or not pool.has_virtual_machines or _api_version(facts):
        return ""
    version = f" to api-version {pool.api_version}" if pool.api_version else ""
    return (
        f"Batch account {pool.account} shows no upgradePolicy of pool {facts.fleet.name}{version}: the account is not "
        "activated for automatic OS upgrades, or the pool has none; have Azure support activate the account, then set "
        "the pool's upgradePolicy (R60)"
    )


def _no_policy(facts: Facts) -> str:
    return _shows_no_policy(facts) if facts.fleet.is_tagged else ""


def _feature_is_registered(facts: Facts) -> str:
    pool, fleet = _pool(facts), facts.fleet
    if not fleet.needs_deferral_feature or pool.deferral_feature.lower() == REGISTERED.lower():
        return ""
    return (
        f"feature {DEFERRAL_FEATURE} of subscription {fleet.fleet_id.subscription} is "
        f"{pool.deferral_feature or 'not known'}; osRollingUpgradeDeferral needs it {REGISTERED} where the account "
        f"({pool.account}) is in user subscription mode: az feature register --namespace {_NAMESPACE} "
        f"--name {_FEATURE} --subscription {fleet.fleet_id.subscription} (R59)"
    )


def _upgrade_way(facts: Facts) -> str:
    pool = _pool(facts)
    if not pool.has_virtual_machines or not _is_azures_own(pool):
        return ""
    return (
        f"nodes of pool {facts.fleet.name} can be upgraded by Azure only: node reimage is documented for cloud service "
        f"pools alone, and no scale set is shown behind a pool of an account in {pool.allocation_mode} mode; let Azure "
        "upgrade it: enableAutomaticOSUpgrade with osRollingUpgradeDeferral, which leaves nodes that run tasks alone (R55)"
    )


def _is_azures_own(pool: BatchPool) -> bool:
    hides_machines = pool.allocation_mode is AllocationMode.BATCH_SERVICE
    return pool.way is NodeUpgradeWay.NONE or (pool.way is NodeUpgradeWay.SCALE_SET and hides_machines)


def _batch_percent(facts: Facts) -> str:
    policy = facts.fleet.policy.rolling
    if policy is None or not facts.fleet.policy.limits_unhealthy:
        return ""  # Batch compares the two where both are given
    most, unhealthy = policy.max_batch_instance_percent, policy.max_unhealthy_instance_percent
    if most <= unhealthy:
        return ""
    return (
        f"rollingUpgradePolicy.maxBatchInstancePercent is {most} and maxUnhealthyInstancePercent {unhealthy}; "
        "the first may not be more than the second (N29)"
    )


def _cross_zone(facts: Facts) -> str:
    policy = facts.fleet.policy.rolling or facts.fleet.effective_policy
    if not policy.enable_cross_zone_upgrade or _pool(facts).is_zonal:
        return ""
    return (
        f"rollingUpgradePolicy.enableCrossZoneUpgrade is true, and pool {facts.fleet.name} is not zonal: "
        "leave it out, or use a pool whose nodePlacementConfiguration.policy is Zonal (N29)"
    )


def _of_machines(rule: Rule) -> Rule:
    """A rule about a virtual machine's configuration, for pools that have one."""

    def asked(facts: Facts) -> str:
        return rule(facts) if _pool(facts).has_virtual_machines else ""

    return asked


def _reimage(rule: Rule) -> Rule:
    """A rule about the reimage of a scale set, for pools whose nodes are upgraded by one."""

    def asked(facts: Facts) -> str:
        return rule(facts) if _pool(facts).way is NodeUpgradeWay.SCALE_SET else ""

    return asked


def _pool(facts: Facts) -> BatchPool:
    return facts.fleet.pool or BatchPool(facts.fleet.fleet_id.parent)


REASONS: tuple[Rule, ...] = (
    _has_virtual_machines,
    _api_version,
    _is_activated,
    _feature_is_registered,
    _upgrade_way,
    *map(_of_machines, (*model.IMAGE_REASONS, *patching.UPDATES_REASONS)),
    *map(_reimage, model.REIMAGE_REASONS),
    _batch_percent,
    _cross_zone,
)
WARNINGS: tuple[Rule, ...] = (_no_policy, *map(_of_machines, patching.WARNINGS))
