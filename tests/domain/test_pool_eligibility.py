"""Whether a Batch pool may be upgraded at all: each reason alone, and all at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fleet_builders import IMAGE, a_fleet, a_pool, a_set

from fleetwright.domain.batch_pools import AllocationMode, BatchPool, NodeUpgradeWay
from fleetwright.domain.eligibility import Facts, judge_eligibility, opted_out
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import HealthSource
from fleetwright.domain.model import ServiceFabricExtension, WindowsSettings
from fleetwright.domain.policy import RollingUpgradePolicy, UpgradePolicy, parse_upgrade_policy
from fleetwright.domain.surroundings import ImageSupport, Surroundings

DEFERRED = UpgradePolicy(enable_automatic_os_upgrade=True, os_rolling_upgrade_deferral=True)
AUTOMATIC = {
    "enableAutomaticOSUpgrade": True,
    "osRollingUpgradeDeferral": True,
    "useRollingUpgradePolicy": True,
}
FLAGGED = UpgradePolicy(enable_automatic_os_upgrade=True)
USERS_OWN = BatchPool(
    "acct",
    allocation_mode=AllocationMode.USER_SUBSCRIPTION,
    way=NodeUpgradeWay.SCALE_SET,
    deferral_feature="Registered",
)
MANAGED = ImageReference(resource_id="/subscriptions/s/providers/Microsoft.Compute/images/web")
GALLERY = "/subscriptions/s/providers/Microsoft.Compute/galleries/g/images/web"


def rolling(**percents: object) -> UpgradePolicy:
    """A deferred policy with a rolling policy of its own."""
    return replace(DEFERRED, use_rolling_upgrade_policy=True, rolling=RollingUpgradePolicy(**percents))


def pool(**changes: object) -> Fleet:
    """A pool that may be upgraded, with one thing of its own changed."""
    return a_pool(pool=BatchPool("acct", **changes))


def reasons(fleet: Fleet, **facts: object) -> tuple[str, ...]:
    """Why the pool is held."""
    return judge_eligibility(Facts(fleet, a_set(5), **facts)).reasons


def warnings(fleet: Fleet, **facts: object) -> tuple[str, ...]:
    """What the plan warns of."""
    return judge_eligibility(Facts(fleet, a_set(5), **facts)).warnings


@pytest.mark.parametrize("fleet", [a_pool(), a_pool(policy=UpgradePolicy(), tags={"fleetwright": "enabled"})])
def test_a_flagged_or_tagged_pool_on_latest_may_be_upgraded(fleet: Fleet) -> None:
    """R54, O1, R15: no reason to hold it and nothing to warn of: a pool needs no probe and no extension."""
    assert (reasons(fleet), warnings(fleet)) == ((), ())


@pytest.mark.parametrize(
    ("fleet", "rule", "words"),
    [
        (pool(has_virtual_machines=False), "(R54)", "pool nightly has no deploymentConfiguration.virtualMachineConfiguration"),
        (a_pool(image=replace(IMAGE, version="18.04.202401010")), "(R15)", "imageReference.version is '18.04.202401010'; it must be 'latest'"),
        (a_pool(image=ImageReference(resource_id=f"{GALLERY}/versions/1.0.0")), "(R15)", "pinned to /versions/1.0.0"),
        (a_pool(windows=WindowsSettings(enable_automatic_updates=True)), "(R19)", "enableAutomaticUpdates is true; it must be false"),
        (a_pool(image=MANAGED), "(R28)", "is a managed image"),
        (a_pool(policy=rolling(max_batch_instance_percent=30)), "(N29)", "maxBatchInstancePercent is 30 and maxUnhealthyInstancePercent 20"),
        (a_pool(policy=rolling(enable_cross_zone_upgrade=True)), "(N29)", "enableCrossZoneUpgrade is true, and pool nightly is not zonal"),
        (pool(api_version="2023-05-01", shows_upgrade_policy=False), "(R57)", "api_version of Batch is 2023-05-01"),
        (a_pool(policy=UpgradePolicy(), pool=BatchPool("acct", shows_upgrade_policy=False)), "(R60)", "Batch account acct shows no upgradePolicy"),
        (pool(api_version="2024-07-01", shows_upgrade_policy=False), "(R60)", "Batch account acct shows no upgradePolicy of pool nightly to api-version 2024-07-01"),
        (a_pool(pool=replace(USERS_OWN, deferral_feature="Pending")), "(R59)", "is Pending; osRollingUpgradeDeferral needs it Registered"),
        (a_pool(pool=replace(USERS_OWN, deferral_feature="")), "(R59)", "is not known"),
        (pool(way=NodeUpgradeWay.NONE), "(R55)", "node reimage is documented for cloud service pools alone"),
        (pool(way=NodeUpgradeWay.SCALE_SET), "(R55)", "no scale set is shown behind a pool of an account in BatchService mode"),
        (a_pool(policy=UpgradePolicy()), "(O3)", "the tag or metadata `fleetwright: enabled` is missing"),
    ],
    ids=["cloud services", "R15", "R15 gallery", "R19", "R28", "N29 batch", "N29 zones", "R57", "R60 as read", "R60", "R59", "R59 unknown", "way", "hidden machines", "O3"],
)  # fmt: skip
def test_each_reason_holds_the_pool_by_itself(fleet: Fleet, rule: str, words: str) -> None:
    """R15, R19, R28, R54, R55, R57, R59, R60, N29, O3: one thing wrong is one reason on one line, with its rule."""
    (reason,) = reasons(fleet)

    assert words in reason
    assert reason.endswith(rule)
    assert len(reason.splitlines()) == 1


def test_every_reason_is_told_at_once() -> None:
    """R15, R19, R59, N29, O4: a person mends everything of a pool in one go."""
    wrong = a_pool(
        image=replace(IMAGE, version="1.0.0"),
        windows=WindowsSettings(enable_automatic_updates=True),
        policy=rolling(max_batch_instance_percent=50, enable_cross_zone_upgrade=True),
        pool=replace(USERS_OWN, deferral_feature="NotRegistered", api_version="2023-05-01"),
    )

    found = reasons(wrong, foreign_rollout="started by Azure")

    assert [reason[reason.rindex("(") :] for reason in found] == [
        "(O4)",
        "(R57)",
        "(R59)",
        "(R15)",
        "(R19)",
        "(N29)",
        "(N29)",
    ]


def test_the_missing_registration_comes_with_the_command_that_mends_it() -> None:
    """R59: the feature, its state, its subscription and account, and what to type."""
    (reason,) = reasons(a_pool(pool=replace(USERS_OWN, deferral_feature="NotRegistered")))

    subscription = a_pool().fleet_id.subscription
    assert reason == (
        f"feature Microsoft.Compute/RollingUpgradeDeferral of subscription {subscription} is NotRegistered; "
        "osRollingUpgradeDeferral needs it Registered where the account (acct) is in user subscription mode: "
        "az feature register --namespace Microsoft.Compute --name RollingUpgradeDeferral "
        f"--subscription {subscription} (R59)"
    )


@pytest.mark.parametrize(
    "fleet",
    [
        a_pool(pool=replace(USERS_OWN, deferral_feature="registered")),
        a_pool(policy=FLAGGED, pool=replace(USERS_OWN, deferral_feature="NotRegistered")),
        pool(deferral_feature="NotRegistered"),
    ],
    ids=["registered", "no deferral", "batch service"],
)
def test_the_feature_counts_only_for_deferral_in_user_subscription_mode(fleet: Fleet) -> None:
    """R59: an account of the Batch service needs no feature, nor does a pool without deferral."""
    assert reasons(fleet) == ()


@pytest.mark.parametrize("version", ["2023-11-01", "2024-02-01", "2024-07-01", "2025-06-01"])
def test_versions_from_the_gate_on_are_new_enough(version: str) -> None:
    """R57, C4: the gate is 2023-11-01, and everything from it on passes."""
    assert reasons(pool(api_version=version)) == ()


def test_a_pool_that_is_handed_over_by_metadata_needs_no_policy() -> None:
    """R60, O1: what shows no upgradePolicy defers nothing; the plan warns, and the tag or metadata is enough."""
    fleet = a_pool(
        policy=UpgradePolicy(),
        tags={"fleetwright": "enabled"},
        pool=BatchPool("acct", api_version="2024-07-01", shows_upgrade_policy=False),
    )

    (warned,) = warnings(fleet)

    assert reasons(fleet) == ()
    assert warned.endswith("(R60)")


def test_an_old_version_holds_whoever_handed_the_pool_over() -> None:
    """R57, R55: a policy that the version does not show may defer, so nothing is upgraded past it."""
    fleet = a_pool(
        policy=UpgradePolicy(),
        tags={"fleetwright": "enabled"},
        pool=BatchPool("acct", api_version="2023-05-01", shows_upgrade_policy=False),
    )

    (reason,) = reasons(fleet)

    assert reason.endswith("(R57)")


def test_percentages_are_compared_where_both_are_given() -> None:
    """N29: maxBatchInstancePercent alone is compared with nothing, as in Batch."""
    given = {"maxBatchInstancePercent": 50}
    alone = parse_upgrade_policy({"rollingUpgradePolicy": given, "automaticOSUpgradePolicy": AUTOMATIC})
    both = parse_upgrade_policy(
        {
            "rollingUpgradePolicy": {**given, "maxUnhealthyInstancePercent": 20},
            "automaticOSUpgradePolicy": AUTOMATIC,
        }
    )

    assert reasons(a_pool(policy=alone)) == ()
    assert len(reasons(a_pool(policy=both))) == 1


def test_a_zonal_pool_may_cross_its_zones() -> None:
    """N29: enableCrossZoneUpgrade is right where the placement is zonal; equal percentages are right everywhere."""
    policy = rolling(max_batch_instance_percent=20, enable_cross_zone_upgrade=True)

    assert reasons(a_pool(policy=policy, pool=BatchPool("acct", is_zonal=True))) == ()


def test_a_pool_that_azure_alone_upgrades_is_held_with_azures_own_way() -> None:
    """R55: the advice names both settings of the platform's upgrade, and why nobody else can."""
    (reason,) = reasons(pool(way=NodeUpgradeWay.NONE))

    assert "enableAutomaticOSUpgrade with osRollingUpgradeDeferral" in reason
    assert "an account in BatchService mode" in reason


def test_a_pool_of_cloud_services_is_not_blamed_for_the_image_it_cannot_have() -> None:
    """R28, R54: the kind of the pool is the one reason, whatever else its configuration lacks."""
    odd = a_pool(
        image=ImageReference(),
        pool=BatchPool(
            "acct", has_virtual_machines=False, way=NodeUpgradeWay.NONE, shows_upgrade_policy=False
        ),
    )

    assert len(reasons(odd)) == 1


@pytest.mark.parametrize("shown", [None, True, False])
def test_an_image_out_of_azures_tables_holds_a_pool_too(shown: bool | None) -> None:
    """R53, R54: the SKU has to be one that Azure upgrades automatically."""
    support = Surroundings(image=ImageSupport(shown, listed=False))

    assert bool(reasons(a_pool(), surroundings=support)) is (shown is not True)


def test_rules_about_scale_sets_are_not_asked_of_pools() -> None:
    """R16, R20, O8, R54: no health source, Service Fabric, ephemeral disk, placement group or version of Compute counts."""
    odd = a_pool(
        health_sources=(HealthSource.PROBE, HealthSource.EXTENSION),
        fabric=ServiceFabricExtension("fabric", "1.0", "Bronze"),
        ephemeral_os_disk=True,
        automatic_repairs=True,
        orchestration_mode="Other",
        patch_mode="AutomaticByPlatform",
    )

    assert reasons(odd, surroundings=Surroundings(api_version="2017-01-01")) == ()


def test_the_scale_set_behind_needs_a_version_that_heeds_the_image_version() -> None:
    """O5: where nodes are reimaged through the scale set behind, its calls' version counts."""
    (reason,) = reasons(a_pool(pool=USERS_OWN), surroundings=Surroundings(api_version="2022-08-01"))

    assert reason.endswith("(O5)")


def test_a_flag_without_deferral_is_held_on_azure_and_warned_of_elsewhere() -> None:
    """O2: Azure would upgrade the pool by itself, its working nodes included."""
    fleet = a_pool(policy=FLAGGED)

    (held,) = reasons(fleet, requires_deferral=True)
    (warned,) = warnings(fleet)

    assert held.startswith("Azure upgrades this pool itself")
    assert (held[-4:], warned[-4:]) == ("(O2)", "(O2)")


def test_deferral_on_azure_warns_that_azure_may_be_first() -> None:
    """O1, O9: Batch asks nobody before it upgrades an idle node, and the plan says so."""
    (warned,) = warnings(a_pool(), requires_deferral=True)

    assert "Azure begins its own upgrade of idle nodes whenever it likes" in warned


@pytest.mark.parametrize(
    ("said", "flagged", "held"),
    [(True, True, True), (True, False, True), (None, True, False), (None, False, True), (False, True, False)],
)
def test_windows_pools_must_not_update_themselves(said: bool | None, flagged: bool, held: bool) -> None:
    """R19: true is wrong, and so is what is not set (true by default) unless the flag forces it."""
    policy, tags = (DEFERRED if flagged else UpgradePolicy()), {"fleetwright": "enabled"}
    fleet = a_pool(windows=WindowsSettings(enable_automatic_updates=said), policy=policy, tags=tags)

    assert bool(reasons(fleet)) is held


def test_a_scale_set_of_a_pool_is_held_and_names_the_pool() -> None:
    """R54: what stands behind a pool is upgraded as its pool, whoever tags it."""
    behind = a_fleet(owned_by_pool=a_pool().fleet_id.resource_id)

    (reason,) = reasons(behind)

    assert reason == opted_out(behind)
    assert f"belongs to Batch pool {a_pool().fleet_id.resource_id}" in reason
