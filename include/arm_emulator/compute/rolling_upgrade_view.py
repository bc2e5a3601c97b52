"""Rolling upgrades as ARM shows them: ``rollingUpgrades/latest`` and ``osUpgradeHistory``."""

from __future__ import annotations

import calendar
from collections import Counter
from typing import TYPE_CHECKING

from arm_emulator.compute.policy import DEFAULT_ROLLING_UPGRADE_POLICY
from arm_emulator.compute.rolling_upgrade import KEPT_UPGRADES, Standing
from arm_emulator.instants import arm_instant

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.rolling_upgrade import RollingUpgrade
    from arm_emulator.compute.scale_set import ScaleSet

ROLLING_UPGRADE_TYPE = "Microsoft.Compute/virtualMachineScaleSets/rollingUpgrades"
KEPT_MONTHS = 2
"""``osUpgradeHistory`` goes back so far (R39)."""


def latest_body(scale_set: ScaleSet, upgrade: RollingUpgrade, now: datetime) -> JsonObject:
    """The body of ``rollingUpgrades/latest``: no end time, but the policy and the last action."""
    started = upgrade.started or now
    properties = {
        "policy": upgrade.policy or dict(DEFAULT_ROLLING_UPGRADE_POLICY),
        "runningStatus": {
            "code": upgrade.code.value,
            "startTime": arm_instant(started),
            "lastAction": upgrade.last_action,
            "lastActionTime": arm_instant(upgrade.last_action_at or started),
        },
        "progress": _progress(scale_set, upgrade),
    }
    return _wrapped(scale_set, properties, upgrade)


def history_bodies(scale_set: ScaleSet, now: datetime) -> list[JsonObject]:
    """The entries of ``osUpgradeHistory``, newest first: five at most, none older than two months (R39, R40)."""
    latest = scale_set.rolling_upgrade
    known = [latest, *scale_set.upgrade_history] if latest is not None else scale_set.upgrade_history
    oldest = _months_before(now, KEPT_MONTHS)
    shown = [u for u in known if u.is_run_here and u.started is not None and u.started >= oldest]
    return [_entry(scale_set, upgrade) for upgrade in shown[:KEPT_UPGRADES]]


def _entry(scale_set: ScaleSet, upgrade: RollingUpgrade) -> JsonObject:
    status: JsonObject = {"code": upgrade.code.value}
    if upgrade.started is not None:
        status["startTime"] = arm_instant(upgrade.started)
    if upgrade.ended is not None:
        status["endTime"] = arm_instant(upgrade.ended)  # C6: endTime, whatever samples show
    properties = {
        "runningStatus": status,
        "progress": _progress(scale_set, upgrade),
        "startedBy": upgrade.started_by.value,
        "targetImageReference": upgrade.image or {},
        "rollbackInfo": _rollback_info(upgrade),
    }
    return _wrapped(scale_set, properties, upgrade)


def _wrapped(scale_set: ScaleSet, properties: JsonObject, upgrade: RollingUpgrade) -> JsonObject:
    if upgrade.error is not None:
        properties["error"] = upgrade.error
    return {"type": ROLLING_UPGRADE_TYPE, "location": scale_set.location, "properties": properties}


def _progress(scale_set: ScaleSet, upgrade: RollingUpgrade) -> dict[str, int]:
    counted = {
        "successfulInstanceCount": 0,
        "failedInstanceCount": 0,
        "inProgressInstanceCount": 0,
        "pendingInstanceCount": len(scale_set.instances),
    }
    return {**counted, **(upgrade.progress or {})}


def _rollback_info(upgrade: RollingUpgrade) -> JsonObject:
    counts = Counter(swap.standing for swap in upgrade.swaps.values())
    return {
        "successfullyRolledbackInstanceCount": counts[Standing.ROLLED_BACK],
        "failedRolledbackInstanceCount": counts[Standing.ROLLBACK_FAILED],
    }


def _months_before(now: datetime, months: int) -> datetime:
    """The same day so many calendar months before; the last day of a shorter month."""
    total = now.year * 12 + now.month - 1 - months
    year, month = divmod(total, 12)
    day = min(now.day, calendar.monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)
