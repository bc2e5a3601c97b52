"""What a call's path addresses: the scale set, the instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from arm_emulator.arm_errors import OperationNotAllowedError, ResourceNotFoundError

if TYPE_CHECKING:
    from arm_emulator.compute.instance import Instance
    from arm_emulator.compute.scale_set import ScaleSet
    from arm_emulator.wire.call import ArmCall
    from arm_emulator.world.world import World


def addressed_scale_set(world: World, call: ArmCall) -> ScaleSet:
    """The scale set in the path.

    :raises ResourceNotFoundError: it is not there; likewise for its subscription and resource group.
    """
    at = call.parameters
    return world.scale_set(at["subscriptionId"], at["resourceGroupName"], at["vmScaleSetName"])


def refuse_owned(scale_set: ScaleSet) -> None:
    """Refuse a change of the model or size of what is a Batch pool's machines: both are the pool's.

    :raises OperationNotAllowedError: it is.
    """
    if scale_set.owner:
        raise OperationNotAllowedError(
            f"The VM Scale Set '{scale_set.id.name}' is managed by Azure Batch: change the pool {scale_set.owner} instead."
        )


def addressed_instance(world: World, call: ArmCall) -> tuple[ScaleSet, Instance]:
    """The instance in the path, and its scale set.

    :raises ResourceNotFoundError: it is not there.
    """
    scale_set = addressed_scale_set(world, call)
    instance_id = call.parameters["instanceId"]
    instance = scale_set.find_instance(instance_id)
    if instance is None:
        raise ResourceNotFoundError(
            f"The Resource 'Microsoft.Compute/virtualMachineScaleSets/{scale_set.id.name}/virtualMachines/{instance_id}' "
            f"under resource group '{scale_set.id.resource_group}' was not found.",
        )
    return scale_set, instance
