"""``upgradePolicy``: its ranges, its defaults and the policy that holds."""

from __future__ import annotations

import re
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from arm_emulator.record import EffectivePolicy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from arm_emulator.compute.model import JsonObject

MODES: Mapping[str, str] = MappingProxyType(
    {mode.lower(): mode for mode in ("Automatic", "Manual", "Rolling")}
)

DEFAULT_ROLLING_UPGRADE_POLICY: Mapping[str, Any] = MappingProxyType(
    {
        "maxBatchInstancePercent": 20,
        "maxUnhealthyInstancePercent": 20,
        "maxUnhealthyUpgradedInstancePercent": 20,
        "pauseTimeBetweenBatches": "PT0S",
    }
)
"""RollingUpgradePolicy of the Compute REST API: the values of a policy that was not given."""

_PERCENTAGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "maxBatchInstancePercent": (5, 100),
        "maxUnhealthyInstancePercent": (5, 100),
        "maxUnhealthyUpgradedInstancePercent": (0, 100),
    }
)
_FLAGS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "rollingUpgradePolicy": (
            "enableCrossZoneUpgrade",
            "prioritizeUnhealthyInstances",
            "rollbackFailedInstancesOnPolicyBreach",
            "maxSurge",
        ),
        "automaticOSUpgradePolicy": (
            "enableAutomaticOSUpgrade",
            "disableAutomaticRollback",
            "useRollingUpgradePolicy",
            "osRollingUpgradeDeferral",
        ),
    }
)
_DURATION = re.compile(r"P(?=.)(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")


class Problem(NamedTuple):
    """A property that Azure refuses: where it stands and why."""

    path: str
    message: str


def policy_problems(policy: Mapping[str, Any]) -> Iterator[Problem]:
    """Everything that is wrong with an ``upgradePolicy``."""
    mode = policy.get("mode")
    if mode is not None and str(mode).lower() not in MODES:
        yield Problem("mode", f"{mode!r} is not one of {', '.join(MODES.values())}")
    for section, flags in _FLAGS.items():
        given = policy.get(section)
        if given is None:
            continue
        if not isinstance(given, dict):
            yield Problem(section, f"{given!r} is no object")
            continue
        for problem in (*_flag_problems(given, flags), *_rolling_problems(given)):
            yield Problem(f"{section}.{problem.path}", problem.message)


def _flag_problems(given: Mapping[str, Any], flags: tuple[str, ...]) -> Iterator[Problem]:
    for flag in flags:
        if not isinstance(given.get(flag), bool | None):
            yield Problem(flag, f"{given[flag]!r} is neither true nor false")


def _rolling_problems(given: Mapping[str, Any]) -> Iterator[Problem]:
    for name, (low, high) in _PERCENTAGES.items():
        value = given.get(name)
        if value is not None and not (type(value) is int and low <= value <= high):
            yield Problem(name, f"{value!r} is not a whole number from {low} to {high}")
    pause = given.get("pauseTimeBetweenBatches")
    if pause is not None and not (isinstance(pause, str) and _DURATION.fullmatch(pause)):
        yield Problem("pauseTimeBetweenBatches", f"{pause!r} is no ISO 8601 duration such as PT30S")


def completed_policy(policy: Mapping[str, Any]) -> JsonObject:
    """The policy as Azure echoes it.

    Only ``Rolling`` without a ``rollingUpgradePolicy`` has one filled in; one that was given is kept in every mode,
    its durations letter by letter.
    """
    completed = dict(policy)
    if completed.get("mode") is not None:
        completed["mode"] = MODES.get(str(completed["mode"]).lower(), completed["mode"])
    if completed.get("mode") == "Rolling" and not completed.get("rollingUpgradePolicy"):
        completed["rollingUpgradePolicy"] = dict(DEFAULT_ROLLING_UPGRADE_POLICY)
    return completed


def effective_policy(resource: Mapping[str, Any]) -> EffectivePolicy:
    """The policy that holds for OS upgrades: the set's own only with ``useRollingUpgradePolicy`` (C7)."""
    policy = (resource.get("properties") or {}).get("upgradePolicy") or {}
    own = policy.get("rollingUpgradePolicy") or {}
    if not _uses_its_own(policy):
        return EffectivePolicy()
    percentages = policy_shown(resource)
    return EffectivePolicy(
        max_batch_instance_percent=percentages["maxBatchInstancePercent"],
        max_unhealthy_instance_percent=percentages["maxUnhealthyInstancePercent"],
        max_unhealthy_upgraded_instance_percent=percentages["maxUnhealthyUpgradedInstancePercent"],
        enable_cross_zone_upgrade=bool(own.get("enableCrossZoneUpgrade")),
        prioritize_unhealthy_instances=bool(own.get("prioritizeUnhealthyInstances")),
        pause_time_between_batches=duration_of(percentages["pauseTimeBetweenBatches"]),
    )


def policy_shown(resource: Mapping[str, Any]) -> JsonObject:
    """The same policy as ``rollingUpgrades/latest`` writes it (C7)."""
    policy = (resource.get("properties") or {}).get("upgradePolicy") or {}
    own = policy.get("rollingUpgradePolicy") or {} if _uses_its_own(policy) else {}
    return {**DEFAULT_ROLLING_UPGRADE_POLICY, **{k: v for k, v in own.items() if v is not None}}


def _uses_its_own(policy: Mapping[str, Any]) -> bool:
    return bool((policy.get("automaticOSUpgradePolicy") or {}).get("useRollingUpgradePolicy"))


def duration_of(text: str) -> timedelta:
    """An ISO 8601 duration of days, hours, minutes and seconds, as ARM writes them.

    >>> duration_of("PT1M30S"), duration_of("P0D")
    (datetime.timedelta(seconds=90), datetime.timedelta(0))

    :raises ValueError: the text is none
    """
    if not _DURATION.fullmatch(text):
        raise ValueError(f"{text!r} is no ISO 8601 duration such as PT30S")
    units = {"D": "days", "H": "hours", "M": "minutes", "S": "seconds"}
    parts = re.findall(r"([\d.]+)([DHMS])", text)
    return timedelta(**{units[unit]: float(number) for number, unit in parts})
