"""The platform's own upgrades, where the world asks for them with ``platformUpgrades: true``.

A set with ``enableAutomaticOSUpgrade`` whose model says ``latest`` goes to the newest version of its region, batch by
batch, beginning as soon as that is there. What is behind, in flight or unhealthy is read off the instances each time;
all that is kept is what ``rollingUpgrades/latest`` shows.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from arm_emulator.arm_errors import PlatformImageNotFoundError
from arm_emulator.compute.actions import begin_reimage
from arm_emulator.compute.images import require_version
from arm_emulator.compute.instance import Provisioning
from arm_emulator.compute.platform_batches import behind, next_batch
from arm_emulator.compute.policy import DEFAULT_ROLLING_UPGRADE_POLICY, effective_policy
from arm_emulator.instants import admin_instant

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.record import EffectivePolicy
    from arm_emulator.world.world import World

HEALTH_WAIT = timedelta(minutes=5)
"""How long the platform waits for an upgraded instance to become healthy (R10)."""

_ROLLING = "RollingForward"


def upgrade_by_platform(world: World, scale_set: ScaleSet) -> None:
    """Take the platform's next step with a set, if there is one to take now."""
    if not world.platform_upgrades or not _is_the_platforms(scale_set):
        return
    _wake_at(world, scale_set, _next_publication(world, scale_set))
    target = _newest(world, scale_set)
    upgrade = None if target is None else _upgrade_to(world, scale_set, target)
    if target is not None and upgrade is not None:
        _go_on(world, scale_set, target, upgrade)


def _is_the_platforms(scale_set: ScaleSet) -> bool:
    """Automatic OS upgrades are on; deferred ones wait for an approval, which nobody gives here."""
    policy = scale_set.resource["properties"]["upgradePolicy"].get("automaticOSUpgradePolicy") or {}
    return bool(policy.get("enableAutomaticOSUpgrade")) and not policy.get("osRollingUpgradeDeferral")


def _newest(world: World, scale_set: ScaleSet) -> str | None:
    version = scale_set.model.image_reference.get("version")
    if version is None or version.lower() != "latest":
        return None
    try:
        return require_version(world, scale_set, version)
    except PlatformImageNotFoundError:
        return None


def _upgrade_to(world: World, scale_set: ScaleSet, target: str) -> JsonObject | None:
    """The platform's upgrade to this version, begun if need be; None when it is over or somebody else's runs."""
    latest = scale_set.rolling_upgrade
    if latest is not None and latest.get("platformVersion") == target:
        return latest if latest["code"] == _ROLLING else None
    is_somebody_elses = latest is not None and latest["code"] == _ROLLING and "platformVersion" not in latest
    if is_somebody_elses or not behind(scale_set, target):
        return None
    now = admin_instant(world.now)
    scale_set.rolling_upgrade = {
        "code": _ROLLING,
        "startTime": now,
        "lastAction": "Start",
        "lastActionTime": now,
        "policy": _policy_shown(effective_policy(scale_set.resource)),
        "platformVersion": target,
    }
    return scale_set.rolling_upgrade


def _policy_shown(policy: EffectivePolicy) -> JsonObject:
    return {
        **DEFAULT_ROLLING_UPGRADE_POLICY,
        "maxBatchInstancePercent": policy.max_batch_instance_percent,
        "maxUnhealthyInstancePercent": policy.max_unhealthy_instance_percent,
        "maxUnhealthyUpgradedInstancePercent": policy.max_unhealthy_upgraded_instance_percent,
    }


def _go_on(world: World, scale_set: ScaleSet, target: str, upgrade: JsonObject) -> None:
    waiting = _waiting(world, scale_set, target)
    if not waiting:
        _decide(world, scale_set, target, upgrade)
        waiting = _waiting(world, scale_set, target)
    upgrade["progress"] = _progress(scale_set, target, waiting)


def _waiting(world: World, scale_set: ScaleSet, target: str) -> list[Instance]:
    """Instances of which nobody can say yet what becomes of them; the timeline knows when their time is over."""
    found = []
    for instance in scale_set.instances.values():
        deadline = instance.provisioned_at + HEALTH_WAIT
        is_settled = instance.provisioning is Provisioning.SUCCEEDED and not instance.ready
        if instance.is_busy:
            found.append(instance)
        elif instance.exact_version == target and is_settled and world.now < deadline:
            found.append(instance)
            _wake_at(world, scale_set, deadline)
    return found


def _decide(world: World, scale_set: ScaleSet, target: str, upgrade: JsonObject) -> None:
    """Between two batches: stop, be done, or begin the next one; when nothing fits, wait for the set to recover."""
    breach = _breach(scale_set, target)
    if breach is not None:
        upgrade["code"], upgrade["error"] = "Faulted", {"code": breach.code, "message": breach.message}
    elif not behind(scale_set, target):
        upgrade["code"] = "Completed"
    else:
        batch = next_batch(scale_set, target, effective_policy(scale_set.resource))
        if batch:
            begin_reimage(world, scale_set, batch, exact_version=target)


class _Breach(NamedTuple):
    """A threshold that is broken, in Azure's words."""

    code: str
    message: str


def _breach(scale_set: ScaleSet, target: str) -> _Breach | None:
    """R12 and R8/R14, strictly more than the threshold."""
    policy, instances = effective_policy(scale_set.resource), scale_set.instances.values()
    upgraded = [i for i in instances if i.exact_version == target]
    failed, unhealthy = sum(not i.ready for i in upgraded), sum(not i.ready for i in instances)
    if failed * 100 > policy.max_unhealthy_upgraded_instance_percent * len(upgraded):
        return _breach_of("MaxUnhealthyUpgradedInstancePercent", failed, len(upgraded))
    if unhealthy * 100 > policy.max_unhealthy_instance_percent * len(instances):
        return _breach_of("MaxUnhealthyInstancePercent", unhealthy, len(instances), before=not upgraded)
    return None


def _breach_of(name: str, unhealthy: int, count: int, *, before: bool = False) -> _Breach:
    message = (
        f"Rolling Upgrade failed after exceeding the {name} value defined in the RollingUpgradePolicy. "
        f"{100 * unhealthy // count}% of instances are in an unhealthy state: {unhealthy} of {count}."
    )
    return _Breach(f"{name}Exceeded{'Before' if before else 'In'}RollingUpgrade", message)


def _progress(scale_set: ScaleSet, target: str, waiting: list[Instance]) -> dict[str, int]:
    undecided = {instance.instance_id for instance in waiting}
    upgraded = [
        i
        for i in scale_set.instances.values()
        if i.exact_version == target and i.instance_id not in undecided
    ]
    pending = [i for i in behind(scale_set, target) if i.instance_id not in undecided]
    successful = sum(instance.ready for instance in upgraded)
    return {
        "successfulInstanceCount": successful,
        "failedInstanceCount": len(upgraded) - successful,
        "inProgressInstanceCount": len(waiting),
        "pendingInstanceCount": len(pending),
    }


def _next_publication(world: World, scale_set: ScaleSet) -> datetime | None:
    reference = scale_set.model.image_reference
    key = (str(reference.get(part, "")).lower() for part in ("publisher", "offer", "sku"))
    image = world.catalogue.images.get((next(key), next(key), next(key)))
    instants = (version.published_at for version in image.versions.values()) if image else ()
    return min((at for at in instants if at is not None and at > world.now), default=None)


def _wake_at(world: World, scale_set: ScaleSet, instant: datetime | None) -> None:
    """Have the timeline come back to the set at an instant, once."""
    if instant is not None and instant not in scale_set.platform_wakes:
        scale_set.platform_wakes.add(instant)
        world.timeline.schedule(instant, scale_set=scale_set.key, instance="")
