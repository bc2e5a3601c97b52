"""Whose set it is, and whether somebody else is at work on it (R4, O1-O4)."""

from __future__ import annotations

from fleetwright.domain.eligibility.facts import Facts, Rule
from fleetwright.domain.fleets import OPT_IN_TAG, OPT_IN_VALUE, Fleet, FleetKind


def opted_out(fleet: Fleet) -> str:
    """Why the fleet is not ours to upgrade (R4, R54, O1, O3); empty when it is."""
    if fleet.owned_by_pool:
        return (
            f"scale set {fleet.name} belongs to Batch pool {fleet.owned_by_pool}: "
            "it is upgraded as its pool, never by itself; name the pool instead (R54)"
        )
    if fleet.policy.enable_automatic_os_upgrade or fleet.is_tagged:
        return ""
    where = "tag or metadata" if fleet.kind is FleetKind.BATCH_POOL else "tag"
    return (
        f"{fleet.name} is opted out: enableAutomaticOSUpgrade is {_shown_flag(fleet)} and the {where} "
        f"`{OPT_IN_TAG}: {OPT_IN_VALUE}` is missing; set the {where}, or the flag with osRollingUpgradeDeferral (O3)"
    )


def _shown_flag(fleet: Fleet) -> str:
    return "false" if fleet.pool is None or fleet.pool.shows_upgrade_policy else "not shown"


def foreign_rollout(facts: Facts) -> str:
    """Why somebody else's rolling upgrade holds the fleet (O4); empty when there is none."""
    if not facts.foreign_rollout:
        return ""
    return f"a rolling upgrade of somebody else is under way ({facts.foreign_rollout}); let it end or cancel it (O4)"


def azure_upgrades_it(facts: Facts) -> str:
    """Why Azure would race us (O2); empty when it would not."""
    policy = facts.fleet.policy
    if (
        policy.enable_automatic_os_upgrade
        and not policy.os_rolling_upgrade_deferral
        and facts.requires_deferral
    ):
        return (
            f"Azure upgrades this {facts.fleet.kind.noun} itself: enableAutomaticOSUpgrade is true without "
            "osRollingUpgradeDeferral; set the deferral, or set the flag to false and the tag (O2)"
        )
    return ""


def _strategy(facts: Facts) -> str:
    policy = facts.fleet.policy
    if not policy.enable_automatic_os_upgrade or azure_upgrades_it(facts):
        return ""
    if policy.os_rolling_upgrade_deferral and facts.fleet.kind is FleetKind.BATCH_POOL:
        return _who_else_replaces(facts)
    if policy.os_rolling_upgrade_deferral:
        return _who_replaces(facts)
    return "enableAutomaticOSUpgrade is true without osRollingUpgradeDeferral: on Azure it would upgrade by itself (O2)"


def _who_else_replaces(facts: Facts) -> str:
    """Batch approves its own upgrade, node by idle node: nobody else is asked."""
    if not facts.requires_deferral:
        return ""
    return (
        "osRollingUpgradeDeferral is set: Azure begins its own upgrade of idle nodes whenever it likes, whatever phases "
        "say; a node that it has upgraded is counted as one that came to the version by itself (O1, O9)"
    )


def _who_replaces(facts: Facts) -> str:
    if facts.awaited_version and not facts.fleet.is_flexible:
        return "osRollingUpgradeDeferral is set, and Azure's upgrade waits: this rollout approves its batches (O1)"
    return (
        "osRollingUpgradeDeferral is set, and Azure has begun no upgrade that could be approved: "
        "this rollout replaces the disks by reimage (O1)"
    )


def _opted_out(facts: Facts) -> str:
    pool = facts.fleet.pool
    # A policy that is not shown says nothing about its owner's will: why it is not shown is told instead (R57, R60).
    is_unknown = pool is not None and not pool.shows_upgrade_policy
    return "" if is_unknown else opted_out(facts.fleet)


REASONS: tuple[Rule, ...] = (_opted_out, azure_upgrades_it, foreign_rollout)
WARNINGS: tuple[Rule, ...] = (_strategy,)
