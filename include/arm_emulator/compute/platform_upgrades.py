"""The platform's own upgrades, where the world asks for them with ``platformUpgrades: true``.

A set with ``enableAutomaticOSUpgrade`` whose model says ``latest`` goes to the newest version of its region, batch by
batch, once the delays of the world's timings have passed (R1, R29). With ``osRollingUpgradeDeferral`` the upgrade
begins as well, but each instance waits until somebody approves it (N24); a node of a Batch pool waits until it is idle
(R55). Upgrades that a person began go on in every world.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.batch.deferral import is_left_alone, may_be_upgraded
from arm_emulator.compute.images import followed_version
from arm_emulator.compute.rolling_upgrade import StartedBy, UpgradeCode
from arm_emulator.compute.upgrade_course import begin_upgrade, carry_on, end_upgrade
from arm_emulator.compute.upgrade_verdicts import pending_instances
from arm_emulator.compute.wakes import wake_at

if TYPE_CHECKING:
    from datetime import datetime

    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.rolling_upgrade import RollingUpgrade
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def upgrade_by_platform(world: World, scale_set: ScaleSet) -> None:
    """Take the next step with a set's rolling upgrade, or begin one, if there is one to take or to begin now."""
    if world.platform_upgrades:
        _remember_enablement(world, scale_set)
        _give_way(world, scale_set)
    _carry_on(world, scale_set)
    if world.platform_upgrades and _begin(world, scale_set):
        _carry_on(world, scale_set)


def _carry_on(world: World, scale_set: ScaleSet) -> None:
    upgrade = scale_set.rolling_upgrade
    if upgrade is None or not upgrade.is_run_here or not upgrade.is_under_way:
        return
    if world.platform_upgrades or upgrade.started_by is StartedBy.USER:
        carry_on(world, scale_set, upgrade)


def _remember_enablement(world: World, scale_set: ScaleSet) -> None:
    if not _is_the_platforms(scale_set):
        scale_set.automatic_since = None
    elif scale_set.automatic_since is None:
        scale_set.automatic_since = world.now


def _give_way(world: World, scale_set: ScaleSet) -> None:
    """End what must not go on: a set that was opted out (R4), a deferred upgrade that a newer version overtakes."""
    upgrade = scale_set.rolling_upgrade
    if upgrade is None or not upgrade.is_under_way or upgrade.started_by is StartedBy.USER:
        return
    if not upgrade.is_run_here:
        return
    if not _is_the_platforms(scale_set):
        upgrade.cancelling = True
    elif _only_waits(world, scale_set, upgrade) and followed_version(world, scale_set) not in {
        None,
        upgrade.version,
    }:
        end_upgrade(world, scale_set, upgrade, UpgradeCode.CANCELLED)


def _only_waits(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade) -> bool:
    """Whether it waits for somebody's approval before its first swap, or for nothing but the end of tasks."""
    if upgrade.deferred:
        return not upgrade.swaps
    pending = pending_instances(scale_set, upgrade) if scale_set.owner and not upgrade.in_flight else []
    return bool(pending) and all(is_left_alone(world, scale_set, instance) for instance in pending)


def _begin(world: World, scale_set: ScaleSet) -> bool:
    """Begin the platform's own upgrade, if one is due; whether it did."""
    if not _is_the_platforms(scale_set) or not may_be_upgraded(world, scale_set):
        return False
    wake_at(world, scale_set, _next_publication(world, scale_set))
    target = followed_version(world, scale_set)
    if target is None:
        return False
    if scale_set.eligible is None or scale_set.eligible[0] != target:
        scale_set.eligible = target, world.now
    if not _may_begin(scale_set, target):
        return False
    due = _due(world, scale_set, target)
    if world.now < due:
        wake_at(world, scale_set, due)
        return False
    automatic = _automatic_policy(scale_set)
    # Instances of a set wait for an approval; nodes of a pool wait for the end of their work, one by one.
    awaits_approval = bool(automatic.get("osRollingUpgradeDeferral")) and not scale_set.owner
    begin_upgrade(
        world,
        scale_set,
        target,
        started_by=StartedBy.PLATFORM,
        deferred=awaits_approval,
        rolls_back=not automatic.get("disableAutomaticRollback") and not awaits_approval,
    )
    return True


def _is_the_platforms(scale_set: ScaleSet) -> bool:
    return bool(_automatic_policy(scale_set).get("enableAutomaticOSUpgrade"))


def _automatic_policy(scale_set: ScaleSet) -> JsonObject:
    return scale_set.resource["properties"]["upgradePolicy"].get("automaticOSUpgradePolicy") or {}


def _may_begin(scale_set: ScaleSet, target: str) -> bool:
    """Nothing is under way, somebody is behind, and this version was not tried before, or the model changed since (N12)."""
    latest = scale_set.rolling_upgrade
    if latest is not None and (latest.is_under_way or _had_its_try(latest, target)):
        return False
    return any(instance.is_behind(target) for instance in scale_set.instances.values())


def _had_its_try(upgrade: RollingUpgrade, target: str) -> bool:
    return upgrade.version == target and not upgrade.may_begin_again


def _due(world: World, scale_set: ScaleSet, target: str) -> datetime:
    """When the upgrade to a version may begin: after its publication, the first one also after the enabling (R29, C16)."""
    timings, key = world.timings_of(scale_set), scale_set.key
    published, enabled = _published_at(world, scale_set, target), scale_set.automatic_since or world.now
    after_publication = timings.draw("publicationDelay", world.seed, key, target)
    after_enabling = timings.draw("enablementDelay", world.seed, key)
    due = world.now if published is None else published + after_publication
    if scale_set.rolling_upgrade is None:
        # What was there before the flag was set is not new: only the first delay counts for it.
        is_new = published is not None and published > enabled
        return max(enabled + after_enabling, due if is_new else enabled)
    return due


def _published_at(world: World, scale_set: ScaleSet, version: str) -> datetime | None:
    """When the region came to have it: its publication, for a gallery's version the replication (C16)."""
    publications, eligible = _publications(world, scale_set), scale_set.eligible
    if version in publications or eligible is None or eligible[0] != version:
        return publications.get(version)
    return eligible[1]


def _next_publication(world: World, scale_set: ScaleSet) -> datetime | None:
    instants = _publications(world, scale_set).values()
    return min((at for at in instants if at is not None and at > world.now), default=None)


def _publications(world: World, scale_set: ScaleSet) -> dict[str, datetime | None]:
    reference = scale_set.model.image_reference
    key = (str(reference.get(part, "")).lower() for part in ("publisher", "offer", "sku"))
    image = world.catalogue.images.get((next(key), next(key), next(key)))
    return {name: version.published_at for name, version in image.versions.items()} if image else {}
