"""upgradePolicy: every field with its range and default, and which policy is in force."""

from __future__ import annotations

from datetime import timedelta

import pytest

from fleetwright.domain.errors import ConfigurationError
from fleetwright.domain.policy import (
    RollingUpgradePolicy,
    UpgradePolicy,
    parse_duration,
    parse_rolling_policy,
    parse_upgrade_policy,
)

PERCENTS = [
    ("maxBatchInstancePercent", "max_batch_instance_percent", 5, 100),
    ("maxUnhealthyInstancePercent", "max_unhealthy_instance_percent", 5, 100),
    ("maxUnhealthyUpgradedInstancePercent", "max_unhealthy_upgraded_instance_percent", 0, 100),
]
ROLLING_FLAGS = [
    ("enableCrossZoneUpgrade", "enable_cross_zone_upgrade"),
    ("prioritizeUnhealthyInstances", "prioritize_unhealthy_instances"),
    ("rollbackFailedInstancesOnPolicyBreach", "rollback_failed_instances_on_policy_breach"),
    ("maxSurge", "max_surge"),
]
AUTOMATIC_FLAGS = [
    ("enableAutomaticOSUpgrade", "enable_automatic_os_upgrade"),
    ("disableAutomaticRollback", "disable_automatic_rollback"),
    ("useRollingUpgradePolicy", "use_rolling_upgrade_policy"),
    ("osRollingUpgradeDeferral", "os_rolling_upgrade_deferral"),
]


@pytest.mark.parametrize("body", [{}, {"automaticOSUpgradePolicy": None, "rollingUpgradePolicy": None}])
def test_nothing_given_is_manual_and_everything_off(body: dict[str, object]) -> None:
    """C7, R58: without a policy the mode is Manual, no flag is set and 20/20/20/PT0S is in force."""
    policy = parse_upgrade_policy(body)

    assert policy == UpgradePolicy()
    assert (policy.mode, policy.rolling) == ("Manual", None)
    assert policy.effective == RollingUpgradePolicy(20, 20, 20, timedelta(0))


def test_the_default_rolling_policy_is_azures() -> None:
    """C7: 20 % three times, no pause, every switch off."""
    assert parse_rolling_policy({}) == RollingUpgradePolicy(
        max_batch_instance_percent=20,
        max_unhealthy_instance_percent=20,
        max_unhealthy_upgraded_instance_percent=20,
        pause_time_between_batches=timedelta(0),
        enable_cross_zone_upgrade=False,
        prioritize_unhealthy_instances=False,
        rollback_failed_instances_on_policy_breach=False,
        max_surge=False,
    )


@pytest.mark.parametrize(("wire", "name", "low", "high"), PERCENTS)
def test_a_percentage_is_read_within_its_range(wire: str, name: str, low: int, high: int) -> None:
    """N11: every whole number of the range is taken, and no other field changes with it."""
    for percent in range(low, high + 1):
        assert parse_rolling_policy({wire: percent}) == RollingUpgradePolicy(**{name: percent})


@pytest.mark.parametrize(("wire", "name", "low", "high"), PERCENTS)
def test_a_percentage_out_of_range_is_refused(wire: str, name: str, low: int, high: int) -> None:
    """N11: the error names the field, its value and the range, in one line."""
    for percent in (low - 1, high + 1, -20, 1000):
        with pytest.raises(ConfigurationError) as caught:
            parse_rolling_policy({wire: percent})
        assert str(caught.value) == f"{wire} is {percent}; it must be from {low} to {high}"


@pytest.mark.parametrize("value", ["20", 20.5, True, [20]])
@pytest.mark.parametrize("wire", [row[0] for row in PERCENTS])
def test_a_percentage_is_a_whole_number(wire: str, value: object) -> None:
    """N11: a string, a fraction or a boolean is no percentage."""
    with pytest.raises(ConfigurationError, match=f"{wire} is .*; it must be a whole number"):
        parse_rolling_policy({wire: value})


@pytest.mark.parametrize(
    ("given", "flag"),
    [
        (True, True),
        (False, False),
        ("true", True),
        ("True", True),
        ("false", False),
        ("False", False),
        (None, False),
    ],
)
@pytest.mark.parametrize(("wire", "name"), ROLLING_FLAGS)
def test_a_rolling_switch_is_read_as_boolean_or_as_text(
    wire: str, name: str, given: object, flag: bool
) -> None:
    """N11: samples print "MaxSurge": "false"; the text false is not true."""
    assert parse_rolling_policy({wire: given}) == RollingUpgradePolicy(**{name: flag})


@pytest.mark.parametrize(("given", "flag"), [(True, True), (False, False), ("true", True), ("false", False)])
@pytest.mark.parametrize(("wire", "name"), AUTOMATIC_FLAGS)
def test_an_automatic_switch_is_read_as_boolean_or_as_text(
    wire: str, name: str, given: object, flag: bool
) -> None:
    """R30, C12: the four fields of automaticOSUpgradePolicy, each alone."""
    policy = parse_upgrade_policy({"automaticOSUpgradePolicy": {wire: given}})

    assert policy == UpgradePolicy(**{name: flag})


@pytest.mark.parametrize("mode", ["Automatic", "Manual", "Rolling"])
def test_the_mode_is_kept_and_decides_nothing(mode: str) -> None:
    """R58, N10: mode and automatic OS upgrade are independent."""
    policy = parse_upgrade_policy({"mode": mode, "rollingUpgradePolicy": {"maxBatchInstancePercent": 50}})

    assert policy.mode == mode
    assert policy.effective == RollingUpgradePolicy()


@pytest.mark.parametrize(
    ("use", "given", "percent"), [(True, True, 50), (False, True, 20), (True, False, 20), (False, False, 20)]
)
def test_the_sets_own_policy_counts_only_when_asked_for(use: bool, given: bool, percent: int) -> None:
    """C7, N10: the rolling policy is in force only with useRollingUpgradePolicy and where there is one, whatever the mode."""
    body: dict[str, object] = {"automaticOSUpgradePolicy": {"useRollingUpgradePolicy": use}}
    if given:
        body["rollingUpgradePolicy"] = {"maxBatchInstancePercent": 50}

    assert parse_upgrade_policy(body).effective.max_batch_instance_percent == percent


def test_a_bad_policy_is_refused_although_it_is_not_in_force() -> None:
    """C7: a percentage out of range is an error wherever it stands."""
    with pytest.raises(ConfigurationError, match="maxBatchInstancePercent is 4"):
        parse_upgrade_policy({"rollingUpgradePolicy": {"maxBatchInstancePercent": 4}})


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT0S", 0),
        ("PT2S", 2),
        ("P0D", 0),
        ("PT1H30M", 5400),
        ("PT5M", 300),
        ("P1D", 86400),
        ("P1DT2H3M4S", 93784),
        ("PT0.5S", 0.5),
        ("PT90M", 5400),
        ("PT36H", 129600),
    ],
)
def test_a_duration_is_read_as_azure_writes_it(text: str, seconds: float) -> None:
    """N11: days, hours, minutes and seconds, each optional, in this order."""
    assert parse_duration(text) == timedelta(seconds=seconds)
    assert parse_rolling_policy({"pauseTimeBetweenBatches": text}).pause_time_between_batches == timedelta(
        seconds=seconds
    )


@pytest.mark.parametrize(
    "text",
    [
        "", "P", "PT", "P1DT", "5", "5S", "PT5", "T5S", "PT5S ", " PT5S", "PT5S\n", "-PT5S", "PT-5S", "P1Y", "P1M",
        "P1W", "PT1M1H", "PT1.5H", "PT5s", "00:00:05", "None",
    ],
)  # fmt: skip
def test_any_other_text_is_no_duration(text: str) -> None:
    """N11: the error quotes the text and shows what would be right."""
    with pytest.raises(ConfigurationError) as caught:
        parse_duration(text)
    assert str(caught.value) == f"duration {text!r} is not ISO 8601 such as PT30S or PT1H30M"


@pytest.mark.parametrize("pause", [None, ""])
def test_no_pause_given_is_no_pause(pause: str | None) -> None:
    """C7: without the field there is no pause between batches."""
    assert parse_rolling_policy({"pauseTimeBetweenBatches": pause}).pause_time_between_batches == timedelta(0)


def test_a_duration_beyond_all_calendars_is_refused() -> None:
    """N11: a number of days that no time can hold is a configuration error too."""
    with pytest.raises(ConfigurationError):
        parse_duration("P9999999999D")


@pytest.mark.parametrize("name", [row[1] for row in PERCENTS])
def test_a_policy_built_in_code_is_checked_as_well(name: str) -> None:
    """N11: there is no way around the ranges."""
    with pytest.raises(ConfigurationError):
        RollingUpgradePolicy(**{name: 101})
