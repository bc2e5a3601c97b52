"""Automatic repairs at work, in worlds whose platform acts by itself (``platformUpgrades: true``).

An instance whose health source says unhealthy for longer than the grace period since its last change of state is
replaced, reimaged or restarted, as ``automaticRepairsPolicy`` says. At most 5 % of a set are repaired at a time.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from arm_emulator.compute.actions import begin_reimage
from arm_emulator.compute.instance import Change, ChangeKind, HealthState
from arm_emulator.compute.life_cycle import begin
from arm_emulator.compute.policy import duration_of
from arm_emulator.compute.repairs import ServiceState, repairs_policy, service_state
from arm_emulator.compute.scaling import replace_instance
from arm_emulator.compute.wakes import wake_at

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World

DEFAULT_GRACE_PERIOD = "PT10M"
DEFAULT_ACTION = "Replace"
_SHARE_AT_A_TIME = 20  # one in twenty


def repair_by_platform(world: World, scale_set: ScaleSet) -> None:
    """Begin the repairs that are due, and come back when the next one is."""
    if not world.platform_upgrades or service_state(scale_set) is not ServiceState.RUNNING:
        return
    room = max(1, len(scale_set.instances) // _SHARE_AT_A_TIME)
    room -= sum(instance.is_busy for instance in scale_set.instances.values())
    for instance in [i for i in scale_set.instances.values() if _is_repairable(i)]:
        due = _due(scale_set, instance)
        if world.now < due:
            wake_at(world, scale_set, due)
        elif room > 0:
            room -= 1
            _repair(world, scale_set, instance)


def _is_repairable(instance: Instance) -> bool:
    is_ill = instance.model.has_health_source and instance.shown_health is HealthState.UNHEALTHY
    return is_ill and not (instance.is_busy or instance.is_down or instance.is_protected)


def _due(scale_set: ScaleSet, instance: Instance) -> datetime:
    grace: timedelta = duration_of(repairs_policy(scale_set).get("gracePeriod") or DEFAULT_GRACE_PERIOD)
    return max(instance.health_at, instance.provisioned_at, instance.powered_at) + grace


def _repair(world: World, scale_set: ScaleSet, instance: Instance) -> None:
    action = str(repairs_policy(scale_set).get("repairAction") or DEFAULT_ACTION).lower()
    if action == "reimage":
        begin_reimage(world, scale_set, [instance])
    elif action == "restart":
        begin(world, scale_set, instance, Change(ChangeKind.RESTART))
    else:
        replace_instance(world, scale_set, instance)
