"""The course of a rolling upgrade that this world carries out: begun, taken further, ended.

Each step reads the instances anew; what is kept is what each instance that had its turn came from, and its verdict.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ArmError, ErrorDetail
from arm_emulator.batch.deferral import is_left_alone
from arm_emulator.compute.actions import begin_reimage
from arm_emulator.compute.images import require_version
from arm_emulator.compute.kept_texts import forget_texts
from arm_emulator.compute.platform_batches import next_batch
from arm_emulator.compute.policy import effective_policy, policy_shown
from arm_emulator.compute.rolling_upgrade import (
    KEPT_UPGRADES,
    RollingUpgrade,
    Standing,
    StartedBy,
    UpgradeCode,
    UpgradeSwap,
)
from arm_emulator.compute.upgrade_verdicts import (
    HEALTH_WAIT,
    breach_of_set,
    breach_of_upgraded,
    health_deadline,
    in_other_hands,
    pending_instances,
    progress_of,
    standing_now,
    too_many_unhealthy,
)
from arm_emulator.compute.wakes import wake_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.model import JsonObject
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def begin_upgrade(
    world: World,
    scale_set: ScaleSet,
    version: str,
    *,
    started_by: StartedBy,
    deferred: bool = False,
    rolls_back: bool = False,
) -> RollingUpgrade:
    """Begin an upgrade to a version; the one before it goes to the history."""
    before = scale_set.rolling_upgrade
    if before is not None and before.is_run_here:
        scale_set.upgrade_history = [before, *scale_set.upgrade_history][: KEPT_UPGRADES - 1]
    upgrade = RollingUpgrade(
        UpgradeCode.ROLLING_FORWARD,
        started=world.now,
        last_action_at=world.now,
        policy=policy_shown(scale_set.resource),
        version=version,
        started_by=started_by,
        image=_target_reference(scale_set, version),
        deferred=deferred,
        rolls_back=rolls_back,
    )
    scale_set.rolling_upgrade = upgrade
    upgrade.progress = progress_of(scale_set, upgrade)
    forget_texts(scale_set)
    return upgrade


def _target_reference(scale_set: ScaleSet, version: str) -> JsonObject:
    """The image that it goes to: history names the very version, never ``latest``."""
    reference = {**scale_set.model.image_reference, "exactVersion": version}
    return {**reference, "version": version} if "version" in reference else reference


def carry_on(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade) -> None:
    """Take the upgrade as far as it can go at this instant."""
    _follow(world, scale_set, upgrade)
    if not upgrade.in_flight and upgrade.is_under_way and not _roll_back(world, scale_set, upgrade):
        upgrade.code = UpgradeCode.ROLLING_FORWARD
        if upgrade.deferred:
            _decide_deferred(world, scale_set, upgrade)
        else:
            _decide(world, scale_set, upgrade)
    upgrade.progress = progress_of(scale_set, upgrade)


def swap(upgrade: RollingUpgrade, instances: Iterable[Instance]) -> None:
    """Note that these instances have their turn; each is on its way to the upgrade's version."""
    for instance in instances:
        # A new disk counts from the end of its swap, so this is the number of the old one.
        upgrade.swaps[instance.instance_id] = UpgradeSwap(instance.exact_version or "", instance.os_disk)
        instance.rendered = None


def end_upgrade(
    world: World,
    scale_set: ScaleSet,
    upgrade: RollingUpgrade,
    code: UpgradeCode,
    error: JsonObject | None = None,
) -> None:
    """The upgrade is over, and so are the operations that waited for its end."""
    upgrade.code, upgrade.error, upgrade.ended = code, error, world.now
    upgrade.progress = progress_of(scale_set, upgrade)
    forget_texts(scale_set)
    for operation_id in upgrade.operations:
        operation = world.operations.get(operation_id)
        if operation is None:
            continue
        if error is not None:
            operation.failures.append(ErrorDetail(error["code"], error["message"]))
        operation.pending.clear()
        operation.end_if_settled(world.now)
    upgrade.operations.clear()


def _follow(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade) -> None:
    for instance_id in upgrade.in_flight:
        instance, turn = scale_set.instances.get(instance_id), upgrade.swaps[instance_id]
        if instance is None:  # scaled in
            del upgrade.swaps[instance_id]
            continue
        turn.standing = standing_now(turn, instance, upgrade.version or "", world.now)
        if upgrade.deferred and turn.standing is Standing.FAILED and instance.os_disk == turn.disk:
            del upgrade.swaps[instance_id]  # it kept its disk, so it waits for an approval again
            instance.rendered = None
        elif turn.standing in {Standing.UPGRADING, Standing.ROLLING_BACK} and not instance.is_busy:
            wake_at(world, scale_set, health_deadline(instance))


def _roll_back(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade) -> bool:
    """Give what failed its previous version back, where the upgrade does that (R11); whether anything began."""
    if not upgrade.rolls_back:
        return False
    for instance_id, turn in upgrade.swaps.items():
        instance = scale_set.instances.get(instance_id)
        if turn.standing is not Standing.FAILED or instance is None or instance.is_busy:
            continue
        try:
            begin_reimage(world, scale_set, [instance], exact_version=turn.previous)
        except ArmError:  # the previous version is gone from the catalogue
            turn.standing = Standing.ROLLBACK_FAILED
        else:
            turn.standing, upgrade.code = Standing.ROLLING_BACK, UpgradeCode.ROLLING_BACK
    return bool(upgrade.in_flight)


def _decide(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade) -> None:
    """Between two batches: stop, be done, wait, or begin the next one; who cancelled hears that it was cancelled."""
    if upgrade.cancelling:
        end_upgrade(world, scale_set, upgrade, UpgradeCode.CANCELLED)
        return
    breach = breach_of_upgraded(scale_set, upgrade) or _failed_rollback(upgrade)
    pending = pending_instances(scale_set, upgrade)
    if breach is None and pending:
        breach = breach_of_set(scale_set, upgrade)
    if breach is not None:
        end_upgrade(world, scale_set, upgrade, UpgradeCode.FAULTED, breach)
    elif not pending:
        end_upgrade(world, scale_set, upgrade, UpgradeCode.COMPLETED)
    elif not _is_pausing(world, scale_set, upgrade) and not _is_giving_way(world, scale_set, upgrade):
        _next_batch(world, scale_set, upgrade, pending)


def _decide_deferred(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade) -> None:
    """A deferred upgrade judges nothing: it waits until nothing is left to approve."""
    if upgrade.cancelling:
        end_upgrade(world, scale_set, upgrade, UpgradeCode.CANCELLED)
    elif not pending_instances(scale_set, upgrade):
        end_upgrade(world, scale_set, upgrade, UpgradeCode.COMPLETED)


def _failed_rollback(upgrade: RollingUpgrade) -> JsonObject | None:
    failed = [i for i, turn in upgrade.swaps.items() if turn.standing is Standing.ROLLBACK_FAILED]
    if not failed:
        return None
    message = (
        f"Rolling Upgrade failed: instance {failed[0]} is unhealthy after being upgraded, and the rollback to "
        f"{upgrade.swaps[failed[0]].previous} failed as well."
    )
    return {"code": "RollingUpgradeInProgressWithFailedUpgradedVMs", "message": message}


def _is_pausing(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade) -> bool:
    if upgrade.swaps and upgrade.not_before is None:
        upgrade.not_before = world.now + effective_policy(scale_set.resource).pause_time_between_batches
    if upgrade.not_before is None or world.now >= upgrade.not_before:
        return False
    wake_at(world, scale_set, upgrade.not_before)
    return True


def _is_giving_way(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade) -> bool:
    """Whether somebody else's swaps are in flight: a batch beside them could span two update domains (R49)."""
    others = in_other_hands(scale_set, upgrade, world.now)
    for instance in others:
        if instance.os_disk_at is not None:
            wake_at(world, scale_set, instance.os_disk_at + HEALTH_WAIT)
    return bool(others)


def _next_batch(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade, pending: list[Instance]) -> None:
    idle = [instance for instance in pending if not is_left_alone(world, scale_set, instance)]
    if not idle:  # the end of a task comes back to here
        upgrade.blocked_since = None
        return
    free = [instance for instance in idle if not instance.is_busy]
    batch = next_batch(scale_set, free, effective_policy(scale_set.resource))
    if not batch:
        _wait_for_budget(world, scale_set, upgrade)
        return
    upgrade.not_before = upgrade.blocked_since = None
    try:
        require_version(world, scale_set, upgrade.version or "latest")
    except ArmError as withdrawn:
        error = {"code": "InternalExecutionError", "message": f"{withdrawn.kind}: {withdrawn.message}"}
        end_upgrade(world, scale_set, upgrade, UpgradeCode.FAULTED, error)
        return
    swap(upgrade, batch)
    begin_reimage(world, scale_set, batch, exact_version=upgrade.version)


def _wait_for_budget(world: World, scale_set: ScaleSet, upgrade: RollingUpgrade) -> None:
    """Nothing fits: the set has as long to recover as an instance has to become healthy."""
    upgrade.blocked_since = upgrade.blocked_since or world.now
    if world.now < upgrade.blocked_since + HEALTH_WAIT:
        wake_at(world, scale_set, upgrade.blocked_since + HEALTH_WAIT)
        return
    instances = scale_set.instances.values()
    unhealthy = sum(not instance.ready for instance in instances)
    percent = effective_policy(scale_set.resource).max_unhealthy_instance_percent
    error = too_many_unhealthy(unhealthy, len(instances), percent, begun=True)
    end_upgrade(world, scale_set, upgrade, UpgradeCode.FAULTED, error)
