"""Routes of actions: reimage, reimage of all disks, manual upgrade, deletion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import InvalidParameterError, OperationNotAllowedError
from arm_emulator.compute.actions import begin_manual_upgrade, begin_reimage, chosen_instances
from arm_emulator.compute.addressing import addressed_instance, addressed_scale_set, refuse_owned
from arm_emulator.compute.deletion import begin_deletion
from arm_emulator.operations.links import poll_headers
from arm_emulator.wire.api_versions import REIMAGE_TO_EXACT_VERSION, is_at_least
from arm_emulator.wire.call import ArmReply
from arm_emulator.wire.router import INSTANCE, SCALE_SET, Route

if TYPE_CHECKING:
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.operations.operation import Operation
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World


def action_routes() -> tuple[Route, ...]:
    """All of them."""
    return (
        Route("POST", f"{SCALE_SET}/reimage", reimage, touches_instances=True),
        Route("POST", f"{SCALE_SET}/reimageall", reimage_all, touches_instances=True),
        Route("POST", f"{SCALE_SET}/manualupgrade", manual_upgrade, touches_instances=True),
        Route("POST", f"{SCALE_SET}/delete", delete, touches_instances=True),
        Route("POST", f"{INSTANCE}/reimage", reimage_instance, touches_instances=True),
        Route("POST", f"{INSTANCE}/reimageall", reimage_all_of_instance, touches_instances=True),
    )


def reimage(world: World, call: ArmCall) -> ArmReply:
    """New OS disks for the instances that the body names, or for the whole set."""
    scale_set = addressed_scale_set(world, call)
    _refuse_flexible(scale_set, "reimage")
    chosen = chosen_instances(scale_set, call.instance_ids())
    operation = begin_reimage(
        world, scale_set, chosen, exact_version=exact_version(call), disruption=call.disruption
    )
    return _accepted(world, call, operation)


def reimage_all(world: World, call: ArmCall) -> ArmReply:
    """New disks, data disks included, for the instances that the body names, or for the whole set."""
    scale_set = addressed_scale_set(world, call)
    _refuse_flexible(scale_set, "reimageall")
    chosen = chosen_instances(scale_set, call.instance_ids())
    return _accepted(
        world, call, begin_reimage(world, scale_set, chosen, whole=True, disruption=call.disruption)
    )


def manual_upgrade(world: World, call: ArmCall) -> ArmReply:
    """The latest model for the instances that the body has to name."""
    scale_set = addressed_scale_set(world, call)
    ids = call.instance_ids()
    if not ids:
        raise InvalidParameterError(
            "Required parameter 'instanceIds' is missing (null).", target="instanceIds"
        )
    operation = begin_manual_upgrade(
        world, scale_set, chosen_instances(scale_set, ids), disruption=call.disruption
    )
    return _accepted(world, call, operation)


def delete(world: World, call: ArmCall) -> ArmReply:
    """The end of the instances that the body has to name; the capacity falls with them."""
    scale_set = addressed_scale_set(world, call)
    ids = call.instance_ids()
    if not ids:
        raise InvalidParameterError(
            "Required parameter 'instanceIds' is missing (null).", target="instanceIds"
        )
    refuse_owned(scale_set)
    operation = begin_deletion(world, scale_set, chosen_instances(scale_set, ids), disruption=call.disruption)
    return _accepted(world, call, operation)


def reimage_instance(world: World, call: ArmCall) -> ArmReply:
    """A new OS disk for the instance in the path."""
    scale_set, instance = addressed_instance(world, call)
    _refuse_flexible(scale_set, "reimage")
    operation = begin_reimage(
        world, scale_set, [instance], exact_version=exact_version(call), disruption=call.disruption
    )
    return _accepted(world, call, operation)


def reimage_all_of_instance(world: World, call: ArmCall) -> ArmReply:
    """New disks, data disks included, for the instance in the path."""
    scale_set, instance = addressed_instance(world, call)
    _refuse_flexible(scale_set, "reimageall")
    return _accepted(
        world, call, begin_reimage(world, scale_set, [instance], whole=True, disruption=call.disruption)
    )


def exact_version(call: ArmCall) -> str | None:
    """``exactVersion``; an older ``api-version`` does not know it and reimages to the present version, as Azure does."""
    if not is_at_least(call.api_version, REIMAGE_TO_EXACT_VERSION):
        return None
    version = call.json_object().get("exactVersion")
    if version is not None and not isinstance(version, str):
        raise InvalidParameterError("exactVersion is no string.", target="exactVersion")
    return version or None


def _refuse_flexible(scale_set: ScaleSet, action: str) -> None:
    if scale_set.is_flexible:
        raise OperationNotAllowedError(
            f"Operation '{action}' is not allowed on VM Scale Set '{scale_set.id.name}' since its orchestrationMode is "
            "Flexible. Reimage each VM by POST …/providers/Microsoft.Compute/virtualMachines/{vmName}/reimage.",
        )


def _accepted(world: World, call: ArmCall, operation: Operation) -> ArmReply:
    return ArmReply(202, headers=poll_headers(world, call.base_url, operation))
