"""Actions on the instances of a scale set: reimage, reimage of all disks, and ``manualupgrade``.

A call is judged whole before it changes anything: an unknown instance, a busy one or an image version that does not
exist refuses it for all instances.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import ErrorDetail, InvalidParameterError, OperationNotAllowedError
from arm_emulator.batch.interruption import interrupt_instances
from arm_emulator.compute.disruption import UNDISTURBED
from arm_emulator.compute.images import image_words, require_version
from arm_emulator.compute.instance import Change, ChangeKind, Fate
from arm_emulator.compute.life_cycle import begin
from arm_emulator.compute.policy import effective_policy
from arm_emulator.operations.operation import Operation
from arm_emulator.record import Replacement, ReplacementsAccepted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from arm_emulator.compute.disruption import Disruption
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.world.world import World


def chosen_instances(scale_set: ScaleSet, instance_ids: Sequence[str] | None) -> list[Instance]:
    """The instances that a call names; none named, or ``*``, is the whole set.

    :raises InvalidParameterError: one of them is not an instance of the set.
    """
    if not instance_ids or "*" in instance_ids:
        return list(scale_set.instances.values())
    found = {i: scale_set.find_instance(i) for i in instance_ids}
    unknown = [i for i, instance in found.items() if instance is None]
    if unknown:
        raise InvalidParameterError(
            f"The provided instanceId {unknown[0]} is not an active Virtual Machine Scale Set VM instanceId.",
            target="instanceIds",
        )
    chosen = {i.instance_id: i for i in found.values() if i is not None}
    return list(chosen.values())


def begin_reimage(
    world: World,
    scale_set: ScaleSet,
    instances: Sequence[Instance],
    *,
    exact_version: str | None = None,
    whole: bool = False,
    disruption: Disruption = UNDISTURBED,
) -> Operation:
    """Accept the replacement of OS disks.

    :param exact_version: the image version of the new disks; None keeps each instance's own.
    :param whole: the data disks are replaced as well.
    :raises OperationNotAllowedError: an instance has an operation in progress.
    :raises PlatformImageNotFoundError: the catalogue does not have that version.
    :raises GalleryImageNotFoundError: the same of a gallery's image.
    """
    _refuse_busy(scale_set, instances)
    if exact_version is not None:
        exact_version = require_version(world, scale_set, exact_version)
    operation = begin_operation(world, scale_set, instances, disruption=disruption)
    tell_replacements(world, scale_set, instances, exact_version)
    interrupt_instances(world, scale_set, instances)
    kind = ChangeKind.REIMAGE_ALL if whole else ChangeKind.REIMAGE
    for instance in instances:
        change = disrupted_change(kind, operation, disruption, instance)
        change.version = exact_version
        begin(world, scale_set, instance, change)
    return operation


def begin_manual_upgrade(
    world: World,
    scale_set: ScaleSet,
    instances: Sequence[Instance],
    *,
    disruption: Disruption = UNDISTURBED,
) -> Operation:
    """Accept bringing instances to the latest model; those that run it already are left alone.

    :raises OperationNotAllowedError: an instance has an operation in progress.
    """
    _refuse_busy(scale_set, instances)
    behind = [
        i
        for i in instances
        if i.model is not scale_set.model or disruption.fate_of(i.instance_id) is not Fate.APPLY
    ]
    operation = begin_operation(world, scale_set, behind, disruption=disruption)
    for instance in behind:
        begin(world, scale_set, instance, disrupted_change(ChangeKind.MODEL, operation, disruption, instance))
    return operation


def begin_operation(
    world: World,
    scale_set: ScaleSet,
    instances: Iterable[Instance] = (),
    *,
    disruption: Disruption = UNDISTURBED,
    result_path: str | None = None,
) -> Operation:
    """Register an operation that ends when all of the instances are done; without any it has ended already."""
    operation = Operation(
        id=world.new_guid("operation"),
        subscription=scale_set.id.subscription,
        location=scale_set.location,
        resource=scale_set.key,
        started=world.now,
        pending={instance.instance_id for instance in instances},
        stuck=disruption.fate is Fate.STUCK,
        result_path=result_path,
    )
    world.operations[operation.id] = operation
    operation.end_if_settled(world.now)
    return operation


def begin_resource_operation(world: World, scale_set: ScaleSet, disruption: Disruption) -> Operation:
    """Register an operation on the resource that gives nothing back, and ends at once unless a fault has it hang."""
    operation = begin_operation(world, scale_set, disruption=disruption)
    if not disruption.applies_to_resource and disruption.fate is Fate.FAIL:
        operation.failures.append(ErrorDetail(disruption.code, disruption.message))
    return operation


def begin_immediate_operation(
    world: World, scale_set: ScaleSet, *, result_path: str | None, disruption: Disruption = UNDISTURBED
) -> Operation:
    """Register an operation on the resource itself: it takes no time, but it may fail or hang by a fault."""
    operation = begin_operation(world, scale_set, disruption=disruption, result_path=result_path)
    if disruption.fate is Fate.FAIL and disruption.instances is None:
        operation.failures.append(ErrorDetail(disruption.code, disruption.message))
    return operation


def disrupted_change(
    kind: ChangeKind, operation: Operation, disruption: Disruption, instance: Instance
) -> Change:
    """A change of an instance with the fate that a fault gives it."""
    return Change(
        kind=kind,
        operation=operation.id,
        fate=disruption.fate_of(instance.instance_id),
        code=disruption.code,
        message=disruption.message,
    )


def _refuse_busy(scale_set: ScaleSet, instances: Iterable[Instance]) -> None:
    busy = [instance.instance_id for instance in instances if instance.is_busy]
    if busy:
        raise OperationNotAllowedError(
            f"Operation is not allowed on VM Scale Set '{scale_set.id.name}': instance {busy[0]} has an operation in "
            f"progress (in all: {', '.join(busy)}).",
            target="instanceIds",
        )


def tell_replacements(
    world: World, scale_set: ScaleSet, instances: Sequence[Instance], exact_version: str | None
) -> None:
    """Tell the observer of an accepted replacement of OS disks.

    :param exact_version: of the new disks; None where each keeps its own.
    """
    world.observer.observe(
        ReplacementsAccepted(
            at=world.now,
            scale_set=scale_set.told_as,
            image=image_words(scale_set.model.image_reference),
            replacements=tuple(_replacement(instance, exact_version) for instance in instances),
            policy=effective_policy(scale_set.resource),
            service_fabric=scale_set.model.is_service_fabric,
        )
    )


def _replacement(instance: Instance, exact_version: str | None) -> Replacement:
    return Replacement(
        instance=instance.instance_id,
        from_version=instance.exact_version,
        to_version=exact_version or instance.exact_version,
        zone=instance.zone,
        update_domain=instance.update_domain,
        protected=instance.is_protected,
    )
