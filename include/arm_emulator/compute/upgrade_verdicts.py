"""What a rolling upgrade makes of what it sees: each instance's verdict, the thresholds, the counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.compute.instance import ChangeKind, Provisioning
from arm_emulator.compute.policy import effective_policy
from arm_emulator.compute.rolling_upgrade import IN_FLIGHT, Standing

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.rolling_upgrade import RollingUpgrade, UpgradeSwap
    from arm_emulator.compute.scale_set import ScaleSet

HEALTH_WAIT = timedelta(minutes=5)
"""How long an upgraded instance may take to become healthy (R10)."""

_REPLACEMENTS = {ChangeKind.REIMAGE, ChangeKind.REIMAGE_ALL, ChangeKind.ATTACH}

_GOOD = {Standing.UPGRADING: Standing.UPGRADED, Standing.ROLLING_BACK: Standing.ROLLED_BACK}
_BAD = {Standing.UPGRADING: Standing.FAILED, Standing.ROLLING_BACK: Standing.ROLLBACK_FAILED}


def standing_now(swap: UpgradeSwap, instance: Instance, target: str, now: datetime) -> Standing:
    """The verdict on an instance in flight, or that there is none yet (R10, R11).

    A failed provisioning and the wrong version are definite signs; anything else has five minutes.
    """
    if swap.standing not in IN_FLIGHT or instance.is_busy:
        return swap.standing
    wanted = target if swap.standing is Standing.UPGRADING else swap.previous
    if instance.exact_version != wanted or instance.provisioning is Provisioning.FAILED:
        return _BAD[swap.standing]
    if instance.ready:
        return _GOOD[swap.standing]
    return _BAD[swap.standing] if now >= health_deadline(instance) else swap.standing


def health_deadline(instance: Instance) -> datetime:
    """When the patience with an instance is over."""
    return instance.provisioned_at + HEALTH_WAIT


def in_other_hands(scale_set: ScaleSet, upgrade: RollingUpgrade, now: datetime) -> list[Instance]:
    """Those whose OS disk somebody else is replacing and that are not ready again yet.

    Like the upgrade's own they have five minutes from the end of their swap, or until that failed.
    """
    return [
        instance
        for instance_id, instance in scale_set.instances.items()
        if instance_id not in upgrade.swaps and _is_on_its_way(instance, now)
    ]


def _is_on_its_way(instance: Instance, now: datetime) -> bool:
    if instance.is_busy:
        return instance.change is not None and instance.change.kind in _REPLACEMENTS
    is_waited_for = instance.os_disk_at is not None and now < instance.os_disk_at + HEALTH_WAIT
    return is_waited_for and not instance.ready and instance.provisioning is not Provisioning.FAILED


def failed_instances(scale_set: ScaleSet, upgrade: RollingUpgrade) -> list[str]:
    """Those that the upgrade swapped and that are not ready on its version, rolled back ones included (C20)."""
    return [
        i
        for i, swap in upgrade.swaps.items()
        if i in scale_set.instances
        and swap.standing not in IN_FLIGHT
        and (swap.standing is not Standing.UPGRADED or not scale_set.instances[i].ready)
    ]


def pending_instances(scale_set: ScaleSet, upgrade: RollingUpgrade) -> list[Instance]:
    """Those that are behind and that the upgrade has not touched."""
    target = upgrade.version or ""
    return [
        instance
        for instance in scale_set.instances.values()
        if instance.instance_id not in upgrade.swaps and instance.is_behind(target)
    ]


def progress_of(scale_set: ScaleSet, upgrade: RollingUpgrade) -> dict[str, int]:
    """The four counts; instances that were on the version already are in none of them (R44)."""
    swapped = [i for i in upgrade.swaps if i in scale_set.instances]
    failed, in_flight = failed_instances(scale_set, upgrade), upgrade.in_flight
    return {
        "successfulInstanceCount": len(swapped) - len(failed) - len(in_flight),
        "failedInstanceCount": len(failed),
        "inProgressInstanceCount": len(in_flight),
        "pendingInstanceCount": len(pending_instances(scale_set, upgrade)),
    }


def breach_of_upgraded(scale_set: ScaleSet, upgrade: RollingUpgrade) -> JsonObject | None:
    """More than the allowed share of the instances upgraded so far is unhealthy (R12, C20)."""
    percent = effective_policy(scale_set.resource).max_unhealthy_upgraded_instance_percent
    failed, count = failed_instances(scale_set, upgrade), len(upgrade.swaps)
    if len(failed) * 100 <= percent * count:
        return None
    name = "MaxUnhealthyUpgradedInstancePercent"
    message = (
        f"Rolling Upgrade failed after exceeding the {name} value defined in the RollingUpgradePolicy. "
        f"{100 * len(failed) // count}% of instances are in an unhealthy state after being upgraded - more than the "
        f"threshold of {percent}%. The most impactful error is: Instance found to be unhealthy or unreachable.. "
        f"First failed instance ID is: {failed[0]}."
    )
    return {"code": f"{name}ExceededInRollingUpgrade", "message": message}


def breach_of_set(scale_set: ScaleSet, upgrade: RollingUpgrade) -> JsonObject | None:
    """More than the allowed share of all instances is unhealthy, whoever is to blame (R8, R14)."""
    percent = effective_policy(scale_set.resource).max_unhealthy_instance_percent
    unhealthy = sum(not instance.ready for instance in scale_set.instances.values())
    if unhealthy * 100 <= percent * len(scale_set.instances):
        return None
    return too_many_unhealthy(unhealthy, len(scale_set.instances), percent, begun=bool(upgrade.swaps))


def too_many_unhealthy(unhealthy: int, count: int, percent: int, *, begun: bool) -> JsonObject:
    """The error of a breach of the whole set, before the first batch or later."""
    name = "MaxUnhealthyInstancePercent"
    message = (
        f"Rolling Upgrade failed after exceeding the {name} value defined in the RollingUpgradePolicy. "
        f"{100 * unhealthy // count}% of instances are in an unhealthy state - more than the threshold of {percent}%. "
        f"To apply upgrades, consider increasing the {name} value."
    )
    return {"code": f"{name}Exceeded{'In' if begun else 'Before'}RollingUpgrade", "message": message}
