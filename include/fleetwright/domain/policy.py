"""A scale set's upgrade policy: every field with its range and default, and the one in force (C7)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from fleetwright.domain.errors import ConfigurationError

# Defaults and ranges: learn.microsoft.com/rest/api/compute/virtual-machine-scale-sets, RollingUpgradePolicy.
DEFAULT_PERCENT = 20
BATCH_PERCENT_RANGE = (5, 100)
UNHEALTHY_PERCENT_RANGE = (5, 100)
UNHEALTHY_UPGRADED_PERCENT_RANGE = (0, 100)

_DURATION = re.compile(
    r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?"
)


@dataclass(frozen=True, slots=True)
class RollingUpgradePolicy:
    """How much of a set may be out at once, and what stops a rollout.

    :param max_batch_instance_percent: of all instances, in one batch; 5 to 100
    :param max_unhealthy_instance_percent: of all instances, before any batch; 5 to 100
    :param max_unhealthy_upgraded_instance_percent: of the upgraded ones, after each batch; 0 to 100
    """

    max_batch_instance_percent: int = DEFAULT_PERCENT
    max_unhealthy_instance_percent: int = DEFAULT_PERCENT
    max_unhealthy_upgraded_instance_percent: int = DEFAULT_PERCENT
    pause_time_between_batches: timedelta = timedelta(0)
    enable_cross_zone_upgrade: bool = False
    prioritize_unhealthy_instances: bool = False
    rollback_failed_instances_on_policy_breach: bool = False
    max_surge: bool = False

    def __post_init__(self) -> None:
        _in_range("maxBatchInstancePercent", self.max_batch_instance_percent, BATCH_PERCENT_RANGE)
        _in_range("maxUnhealthyInstancePercent", self.max_unhealthy_instance_percent, UNHEALTHY_PERCENT_RANGE)
        _in_range(
            "maxUnhealthyUpgradedInstancePercent",
            self.max_unhealthy_upgraded_instance_percent,
            UNHEALTHY_UPGRADED_PERCENT_RANGE,
        )


@dataclass(frozen=True, slots=True)
class UpgradePolicy:
    """``upgradePolicy`` of a scale set.

    :param rolling: the policy that was given, None where the set has none
    :param limits_unhealthy: the policy that was given has a ``maxUnhealthyInstancePercent`` of its own (N29)
    """

    mode: str = "Manual"
    enable_automatic_os_upgrade: bool = False
    disable_automatic_rollback: bool = False
    use_rolling_upgrade_policy: bool = False
    os_rolling_upgrade_deferral: bool = False
    rolling: RollingUpgradePolicy | None = None
    limits_unhealthy: bool = field(default=True, compare=False)

    @property
    def is_deferred(self) -> bool:
        """Whether Azure's own upgrade waits for approvals: the flag with the deferral (O1)."""
        return self.enable_automatic_os_upgrade and self.os_rolling_upgrade_deferral

    @property
    def effective(self) -> RollingUpgradePolicy:
        """The policy in force: the set's own only with ``useRollingUpgradePolicy``, else 20/20/20 (C7)."""
        if self.use_rolling_upgrade_policy and self.rolling is not None:
            return self.rolling
        return RollingUpgradePolicy()


def parse_upgrade_policy(body: Mapping[str, Any]) -> UpgradePolicy:
    """Read ``upgradePolicy`` as ARM writes it.

    :raises ConfigurationError: for a percentage out of range, a duration that is not ISO 8601, a policy that is no object
    """
    automatic = _object(body, "automaticOSUpgradePolicy") or {}
    rolling = _object(body, "rollingUpgradePolicy")
    return UpgradePolicy(
        mode=str(body.get("mode") or "Manual"),
        enable_automatic_os_upgrade=_flag(automatic, "enableAutomaticOSUpgrade"),
        disable_automatic_rollback=_flag(automatic, "disableAutomaticRollback"),
        use_rolling_upgrade_policy=_flag(automatic, "useRollingUpgradePolicy"),
        os_rolling_upgrade_deferral=_flag(automatic, "osRollingUpgradeDeferral"),
        rolling=None if rolling is None else parse_rolling_policy(rolling),
        limits_unhealthy=(rolling or {}).get("maxUnhealthyInstancePercent") is not None,
    )


def parse_rolling_policy(body: Mapping[str, Any]) -> RollingUpgradePolicy:
    """Read ``rollingUpgradePolicy``; a field that is missing has Azure's default.

    :raises ConfigurationError: for a percentage out of range or a duration that is not ISO 8601
    """
    return RollingUpgradePolicy(
        max_batch_instance_percent=_percent(body, "maxBatchInstancePercent"),
        max_unhealthy_instance_percent=_percent(body, "maxUnhealthyInstancePercent"),
        max_unhealthy_upgraded_instance_percent=_percent(body, "maxUnhealthyUpgradedInstancePercent"),
        pause_time_between_batches=parse_duration(str(body.get("pauseTimeBetweenBatches") or "PT0S")),
        enable_cross_zone_upgrade=_flag(body, "enableCrossZoneUpgrade"),
        prioritize_unhealthy_instances=_flag(body, "prioritizeUnhealthyInstances"),
        rollback_failed_instances_on_policy_breach=_flag(body, "rollbackFailedInstancesOnPolicyBreach"),
        max_surge=_flag(body, "maxSurge"),
    )


def parse_duration(text: str) -> timedelta:
    """Read an ISO 8601 duration as Azure writes them: ``PT0S``, ``PT2S``, ``P0D``, ``PT1H30M``.

    :raises ConfigurationError: when the text is no such duration
    """
    match = _DURATION.fullmatch(text)
    if match is None or text in {"P", "PT"} or text.endswith("T"):
        raise ConfigurationError(f"duration {text!r} is not ISO 8601 such as PT30S or PT1H30M")
    try:
        return timedelta(**{unit: float(amount) for unit, amount in match.groupdict(default="0").items()})
    except OverflowError:
        raise ConfigurationError(f"duration {text!r} is longer than any calendar") from None


def _in_range(field: str, value: int, allowed: tuple[int, int]) -> None:
    low, high = allowed
    if not low <= value <= high:
        raise ConfigurationError(f"{field} is {value}; it must be from {low} to {high}")


def _object(body: Mapping[str, Any], field: str) -> Mapping[str, Any] | None:
    value = body.get(field)
    if value is not None and not isinstance(value, Mapping):
        raise ConfigurationError(f"{field} is {value!r}; it must be an object")
    return value


def _percent(body: Mapping[str, Any], field: str) -> int:
    value = body.get(field)
    if value is None:
        return DEFAULT_PERCENT
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigurationError(f"{field} is {value!r}; it must be a whole number")
    return value


def _flag(body: Mapping[str, Any], field: str) -> bool:
    # Documented samples print booleans as strings, "false" for instance, so both are read.
    value = body.get(field)
    return value.lower() == "true" if isinstance(value, str) else bool(value)
