"""What clients ask of rolling upgrades: start one, cancel one, approve what a deferred one waits for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import OperationNotAllowedError
from arm_emulator.compute.actions import begin_operation, begin_reimage, begin_resource_operation
from arm_emulator.compute.images import asked_version, require_version
from arm_emulator.compute.kept_texts import forget_texts
from arm_emulator.compute.rolling_upgrade import StartedBy, UpgradeCode
from arm_emulator.compute.upgrade_course import begin_upgrade, carry_on, end_upgrade, swap
from arm_emulator.compute.upgrade_verdicts import pending_instances, progress_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.rolling_upgrade import RollingUpgrade
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.operations.operation import Operation
    from arm_emulator.world.world import World


def start_upgrade(world: World, scale_set: ScaleSet, disruption: Disruption) -> Operation:
    """Begin moving all instances to the newest version, as a person's upgrade: it never rolls back (R42, R43, R44).

    :raises OperationNotAllowedError: a rolling upgrade is under way
    :raises PlatformImageNotFoundError: the region has no version of the model's image
    :raises GalleryImageNotFoundError: the same of a gallery's image
    """
    running = scale_set.rolling_upgrade
    if running is not None and running.is_under_way:
        raise OperationNotAllowedError(
            f"A rolling upgrade of Virtual Machine Scale Set '{scale_set.id.name}' is in progress; cancel it or let it end."
        )
    target = require_version(world, scale_set, asked_version(scale_set) or "latest")
    if not disruption.applies_to_resource:
        return begin_resource_operation(world, scale_set, disruption)
    upgrade = begin_upgrade(world, scale_set, target, started_by=StartedBy.USER)
    operation = begin_operation(world, scale_set, pending_instances(scale_set, upgrade))
    upgrade.operations.append(operation.id)
    carry_on(world, scale_set, upgrade)
    return operation


def cancel_upgrade(world: World, scale_set: ScaleSet, disruption: Disruption) -> Operation:
    """Cancel the rolling upgrade that is under way: the batch in flight ends, and nothing follows it.

    :raises OperationNotAllowedError: none is under way
    """
    upgrade = scale_set.rolling_upgrade
    if upgrade is None or not upgrade.is_under_way:
        raise OperationNotAllowedError("There is no ongoing Rolling Upgrade to cancel.")
    if not disruption.applies_to_resource:
        return begin_resource_operation(world, scale_set, disruption)
    upgrade.last_action, upgrade.last_action_at, upgrade.cancelling = "Cancel", world.now, True
    in_flight = [scale_set.instances[i] for i in upgrade.in_flight if i in scale_set.instances]
    operation = begin_operation(world, scale_set, in_flight)
    forget_texts(scale_set)
    if not upgrade.is_run_here:
        upgrade.code, upgrade.ended = UpgradeCode.CANCELLED, world.now
    elif not in_flight:
        end_upgrade(world, scale_set, upgrade, UpgradeCode.CANCELLED)
    else:
        upgrade.operations.append(operation.id)
    return operation


def approve(
    world: World, scale_set: ScaleSet, instances: Sequence[Instance] | None, disruption: Disruption
) -> Operation:
    """Let a deferred upgrade swap exactly these instances (N24); it ends when their swaps have settled.

    :param instances: None for everything that waits
    :raises OperationNotAllowedError: one of them waits for no approval
    """
    upgrade = scale_set.rolling_upgrade
    chosen = instances
    if chosen is None:
        chosen = (
            [] if upgrade is None else [i for i in scale_set.instances.values() if upgrade.awaits_approval(i)]
        )
    idle = [i.instance_id for i in chosen if upgrade is None or not upgrade.awaits_approval(i)]
    if upgrade is None or idle or not chosen:
        which = f"instance {idle[0]} has" if idle else "no instance has"
        raise OperationNotAllowedError(
            f"Approval is not allowed on VM Scale Set '{scale_set.id.name}': {which} a pending OS upgrade.",
            target="instanceIds",
        )
    return _swap(world, scale_set, upgrade, chosen, disruption)


def _swap(
    world: World,
    scale_set: ScaleSet,
    upgrade: RollingUpgrade,
    instances: Sequence[Instance],
    disruption: Disruption,
) -> Operation:
    operation = begin_reimage(
        world, scale_set, instances, exact_version=upgrade.version, disruption=disruption
    )
    swap(upgrade, instances)
    upgrade.progress = progress_of(scale_set, upgrade)
    return operation
