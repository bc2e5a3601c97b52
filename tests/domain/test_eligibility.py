"""Whether a fleet may be upgraded at all: each reason alone, and all at once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fleet_builders import IMAGE, a_fleet, a_set, an_instance

from fleetwright.domain.eligibility import Facts, judge_eligibility, opted_out
from fleetwright.domain.fleets import Fleet
from fleetwright.domain.images import ImageReference
from fleetwright.domain.instances import Health, HealthSource
from fleetwright.domain.model import ServiceFabricExtension
from fleetwright.domain.policy import RollingUpgradePolicy, UpgradePolicy

FLAGGED = UpgradePolicy(enable_automatic_os_upgrade=True)
DEFERRED = UpgradePolicy(enable_automatic_os_upgrade=True, os_rolling_upgrade_deferral=True)
PINNED = replace(IMAGE, version="18.04.202401010")
MANAGED = ImageReference(resource_id="/subscriptions/s/providers/Microsoft.Compute/images/web")
GALLERY = ImageReference(resource_id="/subscriptions/s/providers/Microsoft.Compute/galleries/g/images/web")

SILVER = ServiceFabricExtension("fabric", "1.1", "Silver")


def reasons(fleet: Fleet | None = None, **facts: object) -> tuple[str, ...]:
    """Why the fleet is held."""
    return judge_eligibility(Facts(fleet or a_fleet(), a_set(5), **facts)).reasons


def warnings(fleet: Fleet | None = None, **facts: object) -> tuple[str, ...]:
    """What the plan warns of."""
    values = {"instances": a_set(5), **facts}
    return judge_eligibility(Facts(fleet or a_fleet(), **values)).warnings


def test_a_tagged_set_on_latest_with_a_probe_may_be_upgraded() -> None:
    """O1, R15, R16: no reason to hold it and nothing to warn of."""
    assert (reasons(), warnings()) == ((), ())


@pytest.mark.parametrize(
    ("fleet", "facts", "rule", "words"),
    [
        (a_fleet(tags={}), {}, "(O3)", "web is opted out: enableAutomaticOSUpgrade is false and the tag"),
        (a_fleet(policy=FLAGGED), {"requires_deferral": True}, "(O2)", "Azure upgrades this set itself"),
        (a_fleet(), {"foreign_rollout": "started by portal at 08:47"}, "(O4)", "(started by portal at 08:47)"),
        (a_fleet(image=PINNED), {}, "(R15)", "imageReference.version is '18.04.202401010'; it must be 'latest'"),
        (a_fleet(image=replace(IMAGE, version="")), {}, "(R15)", "it must be 'latest'"),
        (a_fleet(health_sources=()), {}, "(R16)", "neither a health probe nor the Application Health extension"),
        (a_fleet(image=MANAGED), {}, "(R28)", "is a managed image"),
        (a_fleet(image=ImageReference()), {}, "(R28)", "names no image by publisher, offer and sku"),
        (
            a_fleet(image=ImageReference(resource_id=f"{GALLERY.resource_id}/versions/1.0.0")),
            {},
            "(R15)",
            "pinned to /versions/1.0.0",
        ),
        (a_fleet(orchestration_mode="Flexible"), {}, "", "orchestrationMode is Flexible"),
    ],
    ids=["R4 O3", "O2", "O4", "R15", "R15 empty", "R16", "R28 managed", "R28 none", "R15 gallery", "flexible"],
)  # fmt: skip
def test_each_reason_holds_the_fleet_by_itself(
    fleet: Fleet, facts: dict[str, object], rule: str, words: str
) -> None:
    """R4, R15, R16, R28, O2-O4: one thing wrong is one reason: it names the rule, the thing and what is there."""
    (reason,) = reasons(fleet, **facts)

    assert words in reason
    assert reason.endswith(rule)
    assert len(reason.splitlines()) == 1


def test_every_reason_is_told_at_once() -> None:
    """R4, R15, R16, O4: a person mends everything in one go, not one after the other."""
    wrong = a_fleet(tags={}, image=PINNED, health_sources=(), orchestration_mode="Flexible")
    found = reasons(wrong, foreign_rollout="somebody")

    assert [rule for rule in ("O3", "O4", "R15", "R16") if any(f"({rule})" in r for r in found)] == [
        "O3",
        "O4",
        "R15",
        "R16",
    ]
    assert len(found) == 5


@pytest.mark.parametrize("image", [MANAGED, ImageReference()])
def test_an_image_of_the_wrong_kind_is_not_blamed_for_its_version_too(image: ImageReference) -> None:
    """R15, R28: the version rule speaks about images that have versions only."""
    assert len(reasons(a_fleet(image=image))) == 1


@pytest.mark.parametrize(
    "image",
    [
        GALLERY,
        ImageReference(resource_id="/SharedGalleries/g/Images/web/Versions/latest"),
        ImageReference(resource_id="/CommunityGalleries/g/Images/web"),
    ],
)
def test_an_image_of_a_gallery_may_be_upgraded(image: ImageReference) -> None:
    """R28, R15: own, shared and community galleries count, where the reference names no version."""
    assert reasons(a_fleet(image=image)) == ()


@pytest.mark.parametrize(
    ("policy", "tags", "ours"),
    [
        (UpgradePolicy(), {}, False),
        (UpgradePolicy(), {"fleetwright": "enabled"}, True),
        (UpgradePolicy(), {"FleetWright": "enabled"}, True),
        (UpgradePolicy(), {"fleetwright": "disabled"}, False),
        (FLAGGED, {}, True),
        (DEFERRED, {}, True),
    ],
)
def test_a_set_is_ours_by_flag_or_tag(policy: UpgradePolicy, tags: dict[str, str], ours: bool) -> None:
    """O1, O3, R4: the flag, or the tag, or hands off."""
    assert (opted_out(a_fleet(policy=policy, tags=tags)) == "") is ours


@pytest.mark.parametrize(
    ("policy", "requires_deferral", "held"),
    [
        (FLAGGED, True, True),
        (FLAGGED, False, False),
        (DEFERRED, True, False),
        (DEFERRED, False, False),
        (UpgradePolicy(), True, False),
    ],
)
def test_azure_would_race_only_where_nothing_is_deferred(
    policy: UpgradePolicy, requires_deferral: bool, held: bool
) -> None:
    """O2: held where Azure itself upgrades flagged sets, unless it waits for approval."""
    assert bool(reasons(a_fleet(policy=policy), requires_deferral=requires_deferral)) is held


@pytest.mark.parametrize(
    ("policy", "words"),
    [(FLAGGED, "on Azure it would upgrade by itself (O2)"), (DEFERRED, "osRollingUpgradeDeferral is set")],
)
def test_a_flagged_set_is_warned_of_where_it_is_not_held(policy: UpgradePolicy, words: str) -> None:
    """O1, O2: elsewhere than on Azure the plan says what the flag would do there."""
    (warning,) = warnings(a_fleet(policy=policy))

    assert words in warning


def test_what_is_held_is_not_warned_of_as_well() -> None:
    """O2: one thing is told once."""
    assert warnings(a_fleet(policy=FLAGGED), requires_deferral=True) == ()


def test_instances_that_report_no_health_hold_the_fleet_with_their_number() -> None:
    """R31, O10: running without vmHealth means not running the model with the health source: held, not called sick."""
    silent = (
        *a_set(3),
        an_instance(3, health=Health.NOT_REPORTED),
        an_instance(4, health=Health.NOT_REPORTED),
    )

    (reason,) = judge_eligibility(Facts(a_fleet(), silent)).reasons

    assert reason.startswith("2 of 5 instances run and report no health (3, 4): they do not run the model")
    assert reason.endswith("bring them to it first: manualupgrade (R31, O10)")


@pytest.mark.parametrize(
    "changes",
    [
        {"provisioning_state": "Creating"},
        {"provisioning_state": "Failed"},
        {"failed_extensions": ("script",)},
        {"power": "starting"},
    ],
)
def test_an_instance_that_cannot_report_yet_may_be_silent(changes: dict[str, object]) -> None:
    """O10, R37: what is being made, or what failed on its way and is to be recovered, is not behind the model for it."""
    silent = (*a_set(4), an_instance(4, health=Health.NOT_REPORTED, **changes))

    assert judge_eligibility(Facts(a_fleet(), silent)).reasons == ()


@pytest.mark.parametrize(
    ("sources", "power"), [((), "running"), ((HealthSource.PROBE,), "stopped")], ids=["no source", "stopped"]
)
def test_silence_is_expected_without_a_source_or_without_power(
    sources: tuple[HealthSource, ...], power: str
) -> None:
    """R32: nobody is blamed for not reporting where nothing could report."""
    silent = (an_instance(0, health=Health.NOT_REPORTED, power=power),)
    fabric = None if sources else SILVER

    assert judge_eligibility(Facts(a_fleet(health_sources=sources, fabric=fabric), silent)).reasons == ()


@pytest.mark.parametrize(
    "source", [HealthSource.PROBE, HealthSource.EXTENSION, HealthSource.BINARY_EXTENSION]
)
def test_probe_and_extension_are_both_good(source: HealthSource) -> None:
    """R16: either one is enough."""
    assert reasons(a_fleet(health_sources=(source,))) == ()


def test_a_service_fabric_set_needs_no_probe() -> None:
    """R16, R23: Service Fabric judges its own instances."""
    assert reasons(a_fleet(health_sources=(), fabric=SILVER)) == ()


def test_the_word_uniform_counts_in_any_case() -> None:
    """C5: ARM enums are case-insensitive."""
    assert reasons(a_fleet(orchestration_mode="uniform")) == ()


def test_a_flexible_set_needs_the_extension_and_no_surge() -> None:
    """R16, N11, N17: a Flexible set with the health extension is eligible; maxSurge holds it, rollback on breach is noted."""
    fine = a_fleet(orchestration_mode="Flexible", health_sources=(HealthSource.EXTENSION,))
    rolling = RollingUpgradePolicy(max_surge=True, rollback_failed_instances_on_policy_breach=True)
    asking = replace(fine, policy=UpgradePolicy(use_rolling_upgrade_policy=True, rolling=rolling))

    assert reasons(fine) == ()
    (reason,) = reasons(asking)
    assert reason.endswith("set maxSurge to false (N17)")
    found = judge_eligibility(Facts(asking, ())).warnings
    assert any(warning.endswith("has no effect here (N11)") for warning in found)
